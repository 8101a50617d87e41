"""Fields of an offer read from parsed JSON, each at its place, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pricevane.model import Availability, Money, Offer
from spiders.read import states
from spiders.read.money import Amount, machine_price, thousands_or_decimals
from spiders.read.offer import money
from spiders.read.text import clean, gtin
from spiders.replay.calls import Path, Scalar, at, shown

TEXTS = ("name", "brand", "gtin", "mpn", "sku")
# Of an exact number; written out, a larger one would fill the memory.
_MOST_DIGITS = 15
_SOLD_OUT = re.compile(r"sold|out.?of|unavail", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A field's path, and how its value is read.

    `how` is text, words or count for availability, and for money the decimals that an integer leaves out:
    "0" for major units or a shown price, "2" for cents.
    """

    path: Path
    how: str = "text"

    def __str__(self) -> str:
        """For people: `product.price (last 2 digits are decimals)`."""
        scaled = f" (its last {self.how} digits are decimals)" if self.how.isdecimal() and self.how != "0" else ""
        return shown(self.path) + scaled

    @classmethod
    def from_json(cls, said: Any) -> Place:
        """The inverse of `dataclasses.asdict`; raises ValueError, KeyError or TypeError for what is none."""
        path = tuple(step if isinstance(step, int) else str(step) for step in said["path"])
        return cls(path, str(said["how"]))


def money_at(content: Any, place: Place, currency: str, language: str) -> Money | None:
    """The amount at a place in that currency; None for another currency or what can be read two ways."""
    value = at(content, place.path)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS):
        return None
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if place.how != "0":
        found = Decimal(text).scaleb(-int(place.how)) if re.fullmatch(r"\d{1,15}", text) else None
        return money(Amount(found, currency, text)) if found is not None else None
    if isinstance(value, str) and thousands_or_decimals(value, currency):
        return None
    amount = machine_price(text, language=language, currency=currency)
    if amount is None or amount.currency not in {"", currency}:
        return None
    return money(replace(amount, currency=currency))


def availability_at(content: Any, place: Place) -> Availability:
    """What the value at a place says of stock; UNKNOWN where it says nothing that is understood."""
    return _state(at(content, place.path), place)


def _state(value: Scalar, place: Place) -> Availability:
    if place.how == "words":
        return states.availability(clean(value)) if isinstance(value, str) else Availability.UNKNOWN
    if value is None or isinstance(value, str) or (isinstance(value, bool) != (place.how == "flag")):
        return Availability.UNKNOWN
    is_there = (value > 0) != bool(place.how == "flag" and _SOLD_OUT.search(str(place.path[-1])))
    return Availability.IN_STOCK if is_there else Availability.OUT_OF_STOCK


def text_at(content: Any, path: Path, name: str) -> str:
    """A text field's value in the form that offers have it."""
    value = at(content, path)
    text = clean(value) if isinstance(value, str) else str(value) if _is_number(value) else ""
    return gtin(text) if name == "gtin" else text


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def regular_in(content: Any, offer: Offer, place: Place, language: str) -> Money | None:
    """The amount at a place, if it is above the offer's price."""
    price = offer.price
    found = money_at(content, place, price.currency, language) if price else None
    return found if found and price and found.amount > price.amount else None
