"""Every saved page under tests/pages gives the offers that the JSON beside it names."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from math import floor
from pathlib import Path
from typing import Any

import pytest

from pricevane.model import Money, Offer, Quantity
from spiders.read.page import PageHints, read_page

PAGES = Path(__file__).parent / "pages"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def shown(offer: Offer, field: str) -> Any:
    """A field of an offer or of its evidence as JSON can hold it; of a confidence the tenths that it reaches."""
    if field in {"layers", "raw", "path"}:
        value: Any = getattr(offer.evidence, field)
    else:
        value = getattr(offer, field)
    if field == "confidence":
        return floor(value * 10) / 10
    if isinstance(value, tuple):
        return [list(one) if isinstance(one, tuple) else one for one in value]
    return str(value) if isinstance(value, Money | Quantity | date) else value


@pytest.mark.parametrize("path", sorted(PAGES.glob("*/*.html")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_saved_page_gives_the_offers_beside_it(path: Path) -> None:
    case = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    hints = PageHints(**case.get("hints", {}))
    found = read_page(path.read_bytes(), case["url"], AT, hints, case.get("selectors"))
    wanted = case["offers"]
    assert [{field: shown(one, field) for field in want} for one, want in zip(found, wanted, strict=False)] == wanted
    assert len(found) == len(wanted)


def test_every_saved_page_has_its_answers_and_every_answer_its_page() -> None:
    assert {p.with_suffix("") for p in PAGES.glob("*/*.html")} == {p.with_suffix("") for p in PAGES.glob("*/*.json")}
    assert len(list(PAGES.glob("*/*.html"))) > 100


@pytest.mark.parametrize("path", sorted(PAGES.glob("json-shop/*.html")), ids=lambda path: path.stem)
def test_no_good_offer_lacks_a_comparable_price_unless_it_is_sold_out(path: Path) -> None:
    for offer in read_page(path.read_bytes(), "https://json-shop.example/p/1", AT, PageHints()):
        if offer.status == "good" and offer.availability not in {"out_of_stock", "discontinued"}:
            assert offer.price is not None
            assert offer.price.amount > 0
            assert offer.kind in {"standard", "sale"}
        assert offer.regular_price is None or (offer.price and offer.regular_price.amount > offer.price.amount)
        assert (offer.status == "doubtful") == bool(offer.doubts)
