"""The layers' readings of a page weighed against each other: who agrees on a price and who does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from spiders.read.document import Document
from spiders.read.money import Amount
from spiders.read.reading import Reading
from spiders.read.variants import amount_of

ROUNDING = Decimal("0.01")
_SHARED_FIELDS = ("name", "brand", "image", "category", "currency")
_OWN_FIELDS = ("gtin", "mpn", "sku", "availability", "condition", "regular_price", "seller")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One variant's reading, its amount, and the readings of other layers that agree with it or do not."""

    reading: Reading
    amount: Amount | None
    agreeing: tuple[Reading, ...] = ()
    against: tuple[Reading, ...] = ()


def weigh(layers: list[list[Reading]], page: Document) -> list[Verdict]:
    """One verdict for each variant of the leading layer, which is the first one that names a price."""
    layers = [readings for readings in layers if readings]
    if not layers:
        return []
    lead = next((readings for readings in layers if any(one.price for one in readings)), layers[0])
    others = [readings for readings in layers if readings is not lead]
    full = [_filled(one, others, alone=len(lead) == 1) for one in lead]
    amounts = [amount_of(one, page) for one in full]
    return [_verdict(one, amount, amounts, others, page) for one, amount in zip(full, amounts, strict=True)]


def _filled(reading: Reading, others: list[list[Reading]], alone: bool) -> Reading:
    """The reading with what it lacks taken from layers that speak of one thing."""
    singles = [readings[0] for readings in others if len(readings) == 1]
    fields = (*_SHARED_FIELDS, *(_OWN_FIELDS if alone else ()))
    found: dict[str, Any] = {
        field: next((value for one in singles if (value := getattr(one, field))), "")
        for field in fields
        if not getattr(reading, field)
    }
    return replace(reading, **found)


def _verdict(
    reading: Reading, amount: Amount | None, siblings: list[Amount | None], others: list[list[Reading]], page: Document
) -> Verdict:
    agreeing, against = [], []
    for priced in _priced(reading, others, page) if amount else ():
        match = next((one for one, found in priced if amount and same(found, amount)), None)
        if match:
            agreeing.append(match)
        elif not any(sibling and same(found, sibling) for _, found in priced for sibling in siblings):
            against.append(priced[0][0])
    return Verdict(reading, amount, tuple(agreeing), tuple(against))


def _priced(reading: Reading, others: list[list[Reading]], page: Document) -> Iterator[list[tuple[Reading, Amount]]]:
    """The readings with an amount of each other layer that has any; the variant's own where its sku is named."""
    for readings in others:
        own = [one for one in readings if one.sku and one.sku == reading.sku] or readings
        known = [one if one.currency else replace(one, currency=reading.currency) for one in own]
        if priced := [(one, amount) for one in known if (amount := amount_of(one, page))]:
            yield priced


def same(one: Amount, other: Amount) -> bool:
    """Whether two amounts agree: equal, nearer than a hundredth, or one the other rounded to whole units."""
    if one.currency and other.currency and one.currency != other.currency:
        return False
    if abs(one.amount - other.amount) < ROUNDING:
        return True
    whole, exact = sorted((one.amount, other.amount), key=lambda amount: amount != amount.to_integral_value())
    return exact != exact.to_integral_value() and whole == exact.quantize(Decimal(1), ROUND_HALF_UP)
