"""A recipe is learned only from calls that may be asked again, and reads only what it was shown to read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pricevane.model import Availability, Evidence, Money, Offer, Status
from spiders.read.document import PageHints
from spiders.replay.calls import Call, chosen_headers
from spiders.replay.learning import learn, replayed, said_by
from spiders.replay.recipe import Recipe, Sample, key_of
from spiders.replay.sources import Shell

CASES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "recipes/cases.json").read_text("utf-8"))
AT, HINTS = datetime(2026, 3, 2, tzinfo=UTC), PageHints(currency="EUR", language="en")
# Number, slug, code, name, price, whether it is there, pieces.
GOODS = [
    (4711, "oak-chair", "K90210", "Oak Chair", "49.90", True, 7),
    (4712, "brass-desk-lamp", "K00345", "Brass Desk Lamp", "129.00", False, 0),
    (5013, "kettle", "K77001", "Kettle", "19.95", True, 31),
    (6100, "blue-vase-2", "K12121", "Blue Vase 2", "7.05", True, 2),
    (6215, "stool", "K55555", "Stool", "88.80", False, 0),
]
PLAIN = re.compile(r'"\{(\w+):(int|float|bool)\}"')


def filled(text: str, good: tuple[Any, ...]) -> str:
    """A text of a case with a good's values."""
    number, slug, code, name, price, is_there, count = good
    values = {"n": number, "slug": slug, "code": code, "name": name, "price": price, "count": count}
    values |= {"cents": int(Decimal(price) * 100), "stock": json.dumps(is_there)}
    values |= {"words": "In stock" if is_there else "Sold out"}
    text = PLAIN.sub(lambda found: str(values[found[1]]), text)
    return re.sub(r"\{(n|slug|code|name|price|words)\}", lambda found: str(values[found[1]]), text)


def sample(case: dict[str, Any], good: tuple[Any, ...], **changes: Any) -> Sample:
    """A good's page as the browser showed it."""
    url = filled(case["address"], good)
    shell, asked = Shell(url, filled(case["html"], good)), case["call"]
    calls = []
    if asked:
        said = asked.get("post", "")
        post = filled(said if isinstance(said, str) else json.dumps(said), good)
        answer = filled(json.dumps(case["answer"]), good).encode()
        calls = [
            Call("GET", f"{url}/tracking", b'{"price": 1}'),
            Call(asked["method"], filled(asked["url"], good), answer, post),
        ]
    offer = Offer(
        url=url,
        key=key_of(url),
        at=AT,
        evidence=Evidence("", "", ("dom", "jsonld"), ""),
        name=good[3],
        sku=good[2],
        price=Money(Decimal(good[4]), "EUR"),
        availability=Availability.IN_STOCK if good[5] else Availability.OUT_OF_STOCK,
    )
    return Sample(shell, replace(offer, **changes), said_by(shell, calls))


@pytest.mark.parametrize("name", CASES)
def test_a_recipe_says_what_to_ask_and_where_everything_stands_or_there_is_none(name: str) -> None:
    case = CASES[name]
    recipe = learn([sample(case, good) for good in GOODS[:3]], "en")
    words = recipe.words if recipe else None
    assert words == case["learns"] or (words and words[:-1] == case["learns"] and words[-1].startswith("sku"))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["learns"]])
def test_a_recipe_reads_pages_that_it_was_not_learned_from_also_after_it_was_kept(name: str) -> None:
    case = CASES[name]
    recipe = learn([sample(case, good) for good in GOODS[:3]], "en")
    assert recipe
    kept = Recipe.from_json(json.loads(json.dumps(recipe.as_json())))
    assert kept == recipe
    for one in (sample(case, good) for good in GOODS[3:]):
        read = replayed(kept, one, AT, HINTS)
        assert read
        assert one.offer
        assert (read.key, read.price, read.availability, read.name) == (
            *(one.offer.key, one.offer.price, one.offer.availability, one.offer.name),
        )
        assert read.evidence.layers == ("replay",)


def simple() -> tuple[dict[str, Any], list[Sample]]:
    case = CASES["cents by number from the address"]
    return case, [sample(case, good) for good in GOODS[:3]]


@pytest.mark.parametrize(
    "change",
    [
        {"status": Status.DOUBTFUL},
        {"price": None},
        {"key": "/another"},
    ],
)
def test_nothing_is_learned_from_what_the_browser_did_not_read_clearly(change: dict[str, Any]) -> None:
    case, samples = simple()
    assert learn([*samples[:2], sample(case, GOODS[2], **change)], "en") is None


def test_nothing_is_learned_where_all_prices_are_the_same() -> None:
    case, _ = simple()
    assert learn([sample(case, (*good[:4], "9.90", *good[5:])) for good in GOODS], "en") is None


BROKEN = {
    "the price is gone": {"product": {"title": "Stool", "pricing": {"currency": "EUR"}, "in_stock": True}},
    "the price is a word": {
        "product": {"title": "Stool", "pricing": {"cents": "n/a", "currency": "EUR"}, "in_stock": True}
    },
    "the price has decimals now": {
        "product": {"title": "Stool", "pricing": {"cents": 88.8, "currency": "EUR"}, "in_stock": True}
    },
    "the price is zero": {"product": {"title": "Stool", "pricing": {"cents": 0, "currency": "EUR"}, "in_stock": True}},
    "another currency": {
        "product": {"title": "Stool", "pricing": {"cents": 8880, "currency": "USD"}, "in_stock": True}
    },
    "the name is gone": {"product": {"pricing": {"cents": 8880, "currency": "EUR"}, "in_stock": True}},
    "stock is another thing": {
        "product": {"title": "Stool", "pricing": {"cents": 8880, "currency": "EUR"}, "in_stock": "perhaps"}
    },
    "a list": [],
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_lacks_what_the_recipe_promises_is_not_read(name: str) -> None:
    _, samples = simple()
    recipe = learn(samples, "en")
    assert recipe
    assert recipe.read(json.dumps(BROKEN[name]).encode(), samples[0].shell.url, AT, HINTS) is None


HUGE = b'{"product": {"pricing": {"cents": 1e999999999}}}'


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, HUGE, b"null"])
def test_a_hostile_answer_is_no_offer(body: bytes) -> None:
    _, samples = simple()
    recipe = learn(samples, "en")
    assert recipe
    assert recipe.read(body, samples[0].shell.url, AT, HINTS) is None


def test_what_is_sold_out_may_have_no_price() -> None:
    _, samples = simple()
    recipe = learn(samples, "en")
    assert recipe
    answer = {"product": {"title": "Stool", "pricing": {"cents": None, "currency": "EUR"}, "in_stock": False}}
    read = recipe.read(json.dumps(answer).encode(), samples[0].shell.url, AT, HINTS)
    assert read
    assert (read.price, read.availability) == (None, Availability.OUT_OF_STOCK)


def test_logins_and_tokens_are_never_sent_again() -> None:
    said = {
        "Cookie": "session=1",
        "Authorization": "Bearer x",
        "X-CSRF-Token": "x",
        "X-Auth": "x",
        "X-Session-Id": "x",
        "User-Agent": "x",
        "X-Requested-With": "XMLHttpRequest",
        "Accept": "application/json",
    }
    assert chosen_headers(said) == {"x-requested-with": "XMLHttpRequest", "accept": "application/json"}


def test_a_kept_recipe_that_was_tampered_with_is_none() -> None:
    recipe = learn(simple()[1], "en")
    assert recipe
    kept = recipe.as_json()
    tampered: list[Any] = [{}, {**kept, "call": None}, {**kept, "price": {"path": 3}}, [], None]
    for broken in tampered:
        assert Recipe.from_json(broken) is None
