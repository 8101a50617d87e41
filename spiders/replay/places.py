"""Where in an answer each field of an offer stands, learned from answers whose offers are known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pricevane.model import EXPONENTS, Offer
from spiders.replay.calls import Path, Scalar, at
from spiders.replay.fields import Place, availability_at, money_at, regular_in, text_at

_PRICE = re.compile(r"price|amount|value|gross|current|sale|final|cost|preis|prix|precio", re.IGNORECASE)
_STOCK = re.compile(
    r"avail|stock|invent|quantity|qty|orderable|purchas|buyable|salable|sold|lager|bestand|liefer|dispo", re.IGNORECASE
)
_WAS = re.compile(r"was|old|before|regular|list|rrp|uvp|msrp|compare|strike|crossed|original|statt", re.IGNORECASE)
_NEAR = 4
Leaves = dict[Path, Scalar]


@dataclass(frozen=True)
class Known:
    """An answer's content and plain values, and the offer that its page was read as."""

    content: Any
    leaves: Leaves
    offer: Offer


def price_places(known: Sequence[Known], language: str) -> list[Place]:
    """Places that name each page's price, the likeliest first."""
    currency = known[0].offer.price.currency if known[0].offer.price else ""
    scales = dict.fromkeys(("0", str(EXPONENTS.get(currency, 2))))
    tried = [Place(path, how) for path, value in known[0].leaves.items() if _may_be_money(value) for how in scales]
    right = [
        place
        for place in tried
        if all(money_at(one.content, place, currency, language) == one.offer.price for one in known)
    ]
    return sorted(right, key=lambda place: (not _PRICE.search(str(place.path[-1])), len(place.path)))


def _may_be_money(value: Scalar) -> bool:
    return value is not None and not isinstance(value, bool) and any(sign.isdigit() for sign in str(value)[:40])


def regular_place(known: Sequence[Known], price: Place, language: str) -> Place | None:
    """The place of the struck-through price: right wherever there is one, and no higher than the price elsewhere.

    Where no page has one, a place near the price that goes by such a name.
    """
    marked = [one for one in known if one.offer.regular_price]
    if not marked:
        named = [path for path in known[0].leaves if path and _WAS.search(str(path[-1]))]
        tried = [Place(path, price.how) for path in named if _distance(path, price.path) <= _NEAR]
    else:
        tried = [Place(path, price.how) for path, value in marked[0].leaves.items() if _may_be_money(value)]
    tried += [replace(place, how="0") for place in tried if price.how != "0"]
    fitting = [
        place
        for place in tried
        if all(regular_in(one.content, one.offer, place, language) == one.offer.regular_price for one in known)
    ]
    return min(fitting, key=lambda place: _distance(place.path, price.path), default=None)


def stock_place(known: Sequence[Known], price: Place) -> Place | None:
    """The place that says each page's availability, the nearest to the price."""
    fitting = [
        place
        for place in _stock_places(known[0].leaves)
        if all(availability_at(one.content, place) is one.offer.availability for one in known)
    ]
    return min(
        fitting,
        key=lambda place: (not _STOCK.search(str(place.path[-1])), _distance(place.path, price.path)),
        default=None,
    )


def _stock_places(leaves: Leaves) -> Iterator[Place]:
    """Words anywhere; flags and counts only under names that speak of stock, for any thing is true or above zero."""
    for path, value in leaves.items():
        named = bool(path) and _STOCK.search(str(path[-1]))
        if isinstance(value, str) and value.strip():
            yield Place(path, "words")
        elif named and isinstance(value, bool):
            yield Place(path, "flag")
        elif named and isinstance(value, int):
            yield Place(path, "count")


def text_path(known: Sequence[Known], name: str, price: Place) -> Path | None:
    """The path of a text field: right wherever the page tells it, the nearest to the price."""
    telling = [one for one in known if getattr(one.offer, name)]
    if not telling:
        return None

    def is_right(path: Path) -> bool:
        return all(text_at(one.content, path, name) == getattr(one.offer, name) for one in telling)

    fitting = [path for path in telling[0].leaves if is_right(path)]
    return min(fitting, key=lambda path: _distance(path, price.path), default=None)


def currency_path(known: Sequence[Known], price: Place) -> Path | None:
    """The path of the currency's ISO code nearest to the price, or None where the answer does not tell it."""
    codes = [one.offer.price.currency if one.offer.price else "" for one in known]
    fitting = [
        path
        for path, value in known[0].leaves.items()
        if value == codes[0] and all(at(one.content, path) == code for one, code in zip(known, codes, strict=True))
    ]
    return min(fitting, key=lambda path: _distance(path, price.path), default=None)


def _distance(path: Path, other: Path) -> int:
    """How many steps lead from one value to the other."""
    shared = next(
        (place for place, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other))
    )
    return len(path) + len(other) - 2 * shared
