"""Learned places: found where prices are known, right on pages that were not seen, silent where it is unclear."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from pricevane.market import World
from spiders.read.document import Document, PageHints
from spiders.read.places import Learned, Place, Sample, learn, readings
from spiders.read.places.names import GENERATED, WORDS, steadiness
from tests.learned_shops import (
    SHOPS,
    Page,
    block_of,
    hashed_classes,
    new_frames,
    pages,
    related_block,
    said,
    swapped,
    without_structured_data,
)

LEARNED_FROM = 20
ODD_NAMES = ["md:w-1/2", "1col", 'a"b', "x\\y", "a]b", "--p", "价格", "é", "a'b", ">p", "p,q", "*", "#x", ":has(p)"]


@pytest.fixture(scope="module")
def world() -> World:
    """The default world with three weeks, so that promotions come and go."""
    return World(days=21)


def learned_of(some: list[Page]) -> Learned:
    """What the first pages teach."""
    learned = learn([page.sample() for page in some[:LEARNED_FROM]])
    assert learned
    return learned


def made_up(name: str, price: Decimal, after: str = "", attribute: str = "class") -> Sample:
    """A page with one price in an element of the name."""
    quoted = name.replace("&", "&amp;").replace('"', "&quot;")
    body = f'<body><h1>A</h1><div><span {attribute}="{quoted}">{price} €</span>{after}</div></body>'
    return Sample(Document.parse(body, "http://shop.example/a", PageHints("IE", "EUR", "en")), {"price": price})


def prices(count: int) -> list[Decimal]:
    """Different prices with cents."""
    return [Decimal(f"{10 + number}.95") for number in range(count)]


@pytest.mark.parametrize("shop", list(SHOPS))
def test_places_learned_on_twenty_pages_read_all_others_right_on_every_day(world: World, shop: str) -> None:
    learned = learned_of(pages(shop, world))
    assert {place.field for place in learned.places} >= {"price", "availability", "name"}
    for day in (0, 10, 20):
        for page in pages(shop, world, day):
            [reading] = readings(page.document(), learned.places)
            assert said(page.document(), learned.places) == page.price
            assert (reading.layer, reading.name) == ("place", page.name)


@pytest.mark.parametrize("shop", list(SHOPS))
def test_the_struck_through_price_is_learned_where_pages_have_one(world: World, shop: str) -> None:
    days = [page for day in range(21) for page in pages(shop, world, day)]
    promoted = [page for page in days if page.regular]
    mixed = [*promoted[:6], *[page for page in days if not page.regular][:6], *promoted[6:12]]
    learned = learn([page.sample() for page in mixed])
    assert learned
    assert {place.field for place in learned.places} >= {"price", "regular_price"}
    for page in promoted[12:]:
        [reading] = readings(page.document(), learned.places)
        assert reading.regular_price
        assert said(page.document(), learned.places) == page.price


@pytest.mark.parametrize("shop", list(SHOPS))
def test_the_place_stands_in_when_structured_data_disappears(world: World, shop: str) -> None:
    some = pages(shop, world)
    learned = learned_of(some)
    for page in some[LEARNED_FROM:]:
        assert said(page.document(without_structured_data), learned.places) == page.price


@pytest.mark.parametrize("shop", list(SHOPS))
def test_no_redesign_makes_a_learned_place_read_a_wrong_price(world: World, shop: str) -> None:
    some = [page for day in (0, 10, 20) for page in pages(shop, world, day)]
    learned, block = learned_of(some), block_of(some[0])
    redesigns = [
        (hashed_classes,),
        (new_frames,),
        (swapped(shop),),
        (swapped(shop), hashed_classes),
        (related_block(block),),
        (related_block(block), hashed_classes),
        (without_structured_data, swapped(shop), related_block(block)),
    ]
    for redesign in redesigns:
        read = [(said(page.document(*redesign), learned.places), page.price) for page in some[LEARNED_FROM:]]
        assert [pair for pair in read if pair[0] not in {None, pair[1]}] == []


def test_exchanged_class_names_of_current_and_old_price_are_noticed(world: World) -> None:
    days = [page for day in range(21) for page in pages("plainshop", world, day)]
    promoted = [page for page in days if page.regular]
    learned = learn([page.sample() for page in [*promoted[:8], *days[:8]]])
    assert learned

    def exchanged(html: str) -> str:
        return html.replace('"old"', '"x"').replace('"current"', '"old"').replace('"x"', '"current"')

    for page in promoted[8:]:
        [reading] = readings(page.document(exchanged), learned.places)
        assert reading.price == ""
        assert reading.doubts


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_class_names_become_selectors_that_survive_json(name: str) -> None:
    learned = learn([made_up(name, price) for price in prices(9)])
    assert learned
    again = [Place.from_json(json.loads(json.dumps(place.as_json()))) for place in learned.places]
    assert tuple(again) == learned.places
    assert said(made_up(name, Decimal("77.25")).page, learned.places) == Decimal("77.25")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_data_attributes_and_ids_break_no_selector(name: str) -> None:
    for attribute in ("id", "data-testid", "itemprop"):
        learned = learn([made_up(name, price, attribute=attribute) for price in prices(9)])
        assert learned
        assert said(made_up(name, Decimal("77.25"), attribute=attribute).page, learned.places) == Decimal("77.25")


def test_nothing_is_learned_from_few_pages_or_from_one_price_everywhere() -> None:
    assert learn([made_up("price", price) for price in prices(4)]) is None
    assert learn([made_up("price", Decimal("9.95")) for _ in range(12)]) is None


def test_nothing_is_learned_where_one_held_out_page_says_otherwise() -> None:
    samples = [made_up("price", price) for price in prices(12)]
    assert learn(samples)
    assert learn([*samples[:-1], replace(samples[-1], wanted={"price": Decimal("5.55")})]) is None


def test_a_lower_price_that_never_stood_there_before_leaves_the_price_empty() -> None:
    learned = learn([made_up("price", price) for price in prices(9)])
    assert learned
    page = made_up("price", Decimal("50.00"), after='<em class="now">39.00 €</em>').page
    [reading] = readings(page, learned.places)
    assert (reading.price, bool(reading.doubts)) == ("", True)


def test_several_matches_that_differ_say_nothing() -> None:
    learned = learn([made_up("price", price) for price in prices(9)])
    assert learned
    page = made_up("price", Decimal("50.00"), after='<span class="price">60.00 €</span>').page
    assert readings(page, learned.places) == []


@pytest.mark.parametrize(
    ("names", "steady"),
    [
        ("css-1q2w3e sc-bdVaJa _3f7Kx Price_price__3f7Kx", GENERATED),
        ("product-price current prix stock-status", WORDS),
    ],
)
def test_generated_class_names_are_told_from_chosen_ones(names: str, steady: float) -> None:
    assert [steadiness(name) for name in names.split()] == [steady] * 4


def test_chosen_names_are_preferred_to_generated_ones() -> None:
    learned = learn([made_up("css-1q2w3e product-price", price) for price in prices(9)])
    assert learned
    assert "css-" not in learned.places[0].css
    assert "product-price" in learned.places[0].css


@pytest.mark.parametrize(
    "said_of_it",
    [
        None,
        [],
        {},
        {"field": "price", "css": "a:has(b)", "attribute": ""},
        {"field": "price", "css": "[", "attribute": ""},
        {"field": "price", "css": ".a, *", "attribute": ""},
        {"field": "price", "css": ".a" * 500, "attribute": ""},
        {"field": "price", "css": ".a", "attribute": "onclick"},
        {"field": "gtin", "css": ".a", "attribute": ""},
        {"field": ["price"], "css": ".a", "attribute": ""},
        {"field": "price", "css": 7, "attribute": ""},
    ],
)
def test_a_place_from_a_database_is_taken_only_as_it_was_given(said_of_it: object) -> None:
    assert Place.from_json(said_of_it) is None


def test_huge_and_deep_pages_are_read_and_learned_from_in_bounded_time() -> None:
    tiles = '<div class="tile"><span class="price">9.95 €</span></div>' * 35_000
    huge = [made_up("price", price, after=f'<i class="x">{tiles}</i>') for price in prices(5)]
    assert len(huge[0].page.tree.html or "") > 1_900_000
    deep = [made_up("price", price, after="<b>" * 2500 + "9.95 €") for price in prices(9)]
    began = time.process_time()
    learn(huge)
    learn(deep)
    assert readings(huge[0].page, [Place("price", ".price")]) == []
    assert time.process_time() - began < 5
