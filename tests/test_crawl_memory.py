"""The crawl's memory: when it trusts a place, how it repairs one after a redesign, and what it never does silently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pricevane.market import World
from pricevane.model import Money
from spiders.memory import LARGEST_JSON, MOST_TYPES, Memory, page_type
from spiders.page_memory import AGREED_FOR_FAST, FULL_READ_EVERY, MOST_SAMPLE_TAGS
from tests.learned_shops import (
    SHOPS,
    Page,
    Redesign,
    block_of,
    hashed_classes,
    new_frames,
    pages,
    related_block,
    said,
    swapped,
    without_structured_data,
)


@pytest.fixture(scope="module")
def world() -> World:
    """The default world."""
    return World(days=10)


def crawl(memory: Memory, some: Sequence[Page], *redesigns: Redesign, agreed: bool = False) -> list[Page]:
    """Read pages by learned places, as the reader would; the pages whose price came out right, none may be wrong.

    With `agreed` other layers know the price as well.
    """
    right = []
    for page in some:
        kind, document = page_type(page.url), page.document(*redesigns)
        read = said(document, memory.places_for(kind))
        assert read in {None, page.price}, page.url
        known = page.offer() if agreed or read is not None else None
        memory.note(kind, document, known, agreed, agreed or None)
        right += [page] * (read is not None)
    return right


def next_crawl(memory: Memory) -> Memory:
    """What the next crawl starts with, after a way through the database."""
    return Memory(json.loads(json.dumps(memory.as_json())))


def taught(some: Sequence[Page]) -> Memory:
    """A memory after a whole crawl on which layers agreed."""
    memory = Memory({})
    crawl(memory, some, agreed=True)
    return next_crawl(memory)


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        ("http://a.b/p/123-foo.html", "/p/{n}-{s}.html"),
        ("http://a.b/p/99-bar-baz.html", "/p/{n}-{s}.html"),
        ("http://a.b/products/red-shoe-1000", "/products/{s}-{n}"),
        ("http://a.b/fr/p/7", "/fr/p/{n}"),
        ("http://a.b/de/c/shoes/red-shoe", "/de/c/{s}/{s}"),
        ("http://a.b/shop.php?id=7&c=2", "/{s}.php?c&id"),
        ("http://a.b/", "/"),
    ],
)
def test_page_types_are_shapes_of_addresses(url: str, shape: str) -> None:
    assert page_type(url) == shape


def test_all_pages_of_a_shop_are_of_one_type(world: World) -> None:
    assert [len({page_type(page.url) for page in pages(shop, world)}) for shop in SHOPS] == [1, 1, 1]


def test_the_fast_path_opens_after_twenty_pages_that_it_read_right_and_one_closes_it(world: World) -> None:
    some = pages("north", world)
    memory, kind = Memory({}), page_type(some[0].url)
    crawl(memory, some[: AGREED_FOR_FAST - 1], agreed=True)
    assert not memory.is_fast(kind)
    crawl(memory, some[AGREED_FOR_FAST - 1 : AGREED_FOR_FAST], agreed=True)
    assert memory.is_fast(kind)
    assert next_crawl(memory).is_fast(kind)
    memory.note(kind, some[30].document(), some[30].offer(), agreed=False)
    assert not memory.is_fast(kind)


def test_one_page_in_fifty_is_read_in_full(world: World) -> None:
    some = pages("north", world)
    memory, kind = taught(some), page_type(some[0].url)
    skimmed = 0
    while memory.is_fast(kind):
        memory.skimmed(kind, some[skimmed].url, some[skimmed].price)
        skimmed += 1
    assert skimmed == FULL_READ_EVERY - 1
    crawl(memory, some[:1], agreed=True)
    assert memory.is_fast(kind)


@pytest.mark.parametrize("shop", list(SHOPS))
def test_places_stand_in_on_the_next_crawl_when_structured_data_is_gone(world: World, shop: str) -> None:
    memory = taught(pages(shop, world))
    later = pages(shop, world, 1)
    assert crawl(memory, later, without_structured_data) == later
    assert memory.repairs == []


@pytest.mark.parametrize("shop", list(SHOPS))
@pytest.mark.parametrize("agreed", [True, False])
def test_a_redesign_is_learned_anew_from_last_good_prices_and_reported(world: World, shop: str, agreed: bool) -> None:
    memory, later = taught(pages(shop, world)), pages(shop, world, 1)
    lost = [new_frames, hashed_classes, *([] if agreed else [without_structured_data])]
    right = crawl(memory, later, *lost, agreed=agreed)
    assert len(right) >= 0.8 * len(later)
    [diff] = memory.repairs
    assert diff.startswith("--- /")
    assert "\n-price: " in diff
    assert "\n+price: " in diff
    assert "held out, wrong on none" in diff
    assert "is the known" in diff
    assert memory.doubt(page_type(later[0].url)) == ""
    assert crawl(next_crawl(memory), later, *lost) == later


@pytest.mark.parametrize("shop", list(SHOPS))
def test_a_redesign_that_swaps_prices_or_shows_others_brings_no_wrong_price(world: World, shop: str) -> None:
    first, later = pages(shop, world), pages(shop, world, 1)
    for redesign in ([swapped(shop)], [related_block(block_of(first[0]))]):
        crawl(taught(first), later, without_structured_data, *redesign, new_frames, hashed_classes)


@pytest.mark.parametrize("shop", list(SHOPS))
def test_when_all_prices_change_with_the_redesign_nothing_is_learned_and_it_is_said(world: World, shop: str) -> None:
    first = pages(shop, world)
    memory, kind = taught(first), page_type(first[0].url)
    moved = [
        replace(page, url=other.url, html=page.html.replace(page.url, other.url))
        for page, other in zip(first, [*first[7:], *first[:7]], strict=True)
    ]
    assert crawl(memory, moved, without_structured_data, new_frames, hashed_classes) == []
    [text] = memory.repairs
    assert "nothing was learned" in text
    assert memory.doubt(kind)
    assert memory.places_for(kind) == ()
    assert next_crawl(memory).doubt(kind)


def test_a_sale_that_comes_with_the_redesign_does_not_teach_the_old_price(world: World) -> None:
    first = pages("plainshop", world)
    plain = [page for page in first if not page.regular]
    memory = taught(first)

    def sale(page: Page) -> Page:
        now = page.price - Decimal("1.50")
        old = page.html.replace('<span class="current">', '<span class="old">', 1)
        new = f'</span> <span class="current">{str(now).replace(".", ",")} €</span> <small>inkl'
        return replace(page, html=old.replace("</span> <small>inkl", new, 1), price=now, regular=page.price)

    assert crawl(memory, [sale(page) for page in plain], hashed_classes) == []
    assert memory.doubt(page_type(plain[0].url))


def test_a_place_that_is_wrong_where_layers_agree_is_trusted_no_longer(world: World) -> None:
    some = pages("north", world)
    memory, kind = taught(some), page_type(some[0].url)
    for page in some[:3]:
        offer = replace(page.offer(), price=Money(page.price + 1, "EUR"))
        memory.note(kind, page.document(), offer, agreed=True)
    assert memory.places_for(kind) == ()
    assert not memory.is_fast(kind)


def test_pages_of_countless_elements_are_not_kept_to_learn_from(world: World) -> None:
    memory, crowd = Memory({}), f"</h1>{'<br>' * MOST_SAMPLE_TAGS}"
    crawl(memory, pages("north", world)[:30], lambda html: html.replace("</h1>", crowd, 1), agreed=True)
    assert memory.places_for(page_type(pages("north", world)[0].url)) == ()


def test_hostile_page_types_cannot_grow_what_is_learned(world: World) -> None:
    some = pages("north", world)
    memory, kind = taught(some), page_type(some[0].url)
    for number in range(300):
        folders = "".join(chr(97 + number // 26**power % 26) for power in range(3))
        page, url = some[number % len(some)], f"http://shop.example/{folders}/x?{'y' * 900}"
        memory.note(page_type(url), page.document(), page.offer(), agreed=True)
    kept = memory.as_json()
    assert len(kept["page_types"]) == MOST_TYPES
    assert kind in kept["page_types"]
    assert len(json.dumps(kept)) <= LARGEST_JSON


def test_many_full_page_types_stay_within_their_size(world: World) -> None:
    some, memory = pages("north", world)[:45], Memory({})
    for number in range(MOST_TYPES):
        for page in some:
            memory.note(f"/{'é' * 100}{number}", page.document(), page.offer(), agreed=True)
    assert len(json.dumps(memory.as_json())) <= LARGEST_JSON


@pytest.mark.parametrize(
    "learned",
    [
        {},
        {"page_types": []},
        {"page_types": {"/p": 7}},
        {"page_types": {"/p": {"places": [{"field": "price", "css": "a:has(b)", "attribute": ""}], "right": "many"}}},
        {"page_types": {"/p": {"prices": {"000000000000": "1e999999999", "x": 1}, "pages": -5, "recent": {"a": 1}}}},
    ],
)
def test_what_no_crawl_could_have_learned_is_ignored(learned: dict[str, Any]) -> None:
    memory = Memory(learned)
    assert (memory.is_fast("/p"), memory.places_for("/p"), memory.repairs) == (False, (), [])
    json.dumps(memory.as_json())
