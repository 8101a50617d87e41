"""Keep a page's claims beside the price within bounds; a doubtful one is dropped, never the offer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricevane.model import LostDigits, Money, Offer, Quantity

# Control and direction marks, zero-width characters, and half characters that no database takes.
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
CURRENCY = re.compile("[A-Z]{3}")
UNITS = frozenset(("g", "kg", "ml", "cl", "l", "m", "m2", "m3", "piece", "wash"))
GREATEST = Decimal(10**9)
FINEST = Decimal("0.000001")
MOST_STOCK = 10**7
LONGEST_PROMOTION = 300
LONGEST_CURRENCY = 20
MOST_ATTRIBUTES = 30
LONGEST_NAME = 60
LONGEST_VALUE = 200
FARTHEST = timedelta(days=3653)


def one_line(text: str, length: int | None = None) -> str:
    """Text without control characters, zero-width and direction marks; runs of spaces become one; cut at `length`."""
    if length is not None:
        text = text[: 20 * length]
    # Nothing that is printable is unsafe, and asking that is much faster.
    safe = text if text.isprintable() else UNSAFE.sub(" ", text)
    return " ".join(safe.split())[:length].rstrip()


def terms(offer: Offer, price: Money | None) -> dict[str, Any]:
    """An offer's fields beside its price, with only such values as can be stored exactly and in its currency."""
    unit_price, unit_base = _unit_price(offer.unit_price, offer.unit_base, price)
    return {
        "currency_raw": one_line(offer.currency_raw, LONGEST_CURRENCY),
        "unit_price": unit_price,
        "unit_base": unit_base,
        "pack": _quantity(offer.pack),
        "shipping": _shipping(offer.shipping, price),
        "stock": offer.stock if offer.stock is not None and 0 <= offer.stock <= MOST_STOCK else None,
        "promotion": one_line(offer.promotion, LONGEST_PROMOTION),
        "promotion_ends_on": _near(offer.promotion_ends_on, offer.at),
        "attributes": _attributes(offer.attributes),
    }


def coded(money: Money | None) -> Money | None:
    """The amount with a currency in capitals, or with none if it is no code."""
    if money is None:
        return None
    code = money.currency.strip().upper()
    return Money(money.amount, code if CURRENCY.fullmatch(code) else "")


def _exact(amount: Decimal) -> Decimal | None:
    """An amount above zero and below 10^9 with at most six decimals, in its shortest form."""
    if not amount.is_finite() or not 0 < amount < GREATEST:
        return None
    rounded = amount.quantize(FINEST)
    return rounded.normalize() if rounded == amount else None


def _quantity(quantity: Quantity | None) -> Quantity | None:
    if quantity is None or quantity.unit not in UNITS:
        return None
    amount = _exact(quantity.amount)
    return Quantity(amount, quantity.unit) if amount else None


def _unit_price(
    money: Money | None, base: Quantity | None, price: Money | None
) -> tuple[Money, Quantity] | tuple[None, None]:
    """Both or none."""
    money, kept = coded(money), _quantity(base)
    if money is None or kept is None or price is None or money.currency != price.currency:
        return None, None
    amount = _exact(money.amount)
    return (Money(amount, money.currency), kept) if amount else (None, None)


def _shipping(money: Money | None, price: Money | None) -> Money | None:
    """Zero is free shipping."""
    money = coded(money)
    if money is None or price is None or money.currency != price.currency:
        return None
    if not money.amount.is_finite() or not 0 <= money.amount < GREATEST:
        return None
    try:
        return Money.from_minor(money.minor, money.currency)
    except LostDigits:
        return None


def _near(day: date | None, at: datetime) -> date | None:
    return day if day and abs(day - at.date()) <= FARTHEST else None


def _attributes(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    tidy = {one_line(name, LONGEST_NAME): one_line(value, LONGEST_VALUE) for name, value in pairs}
    return tuple((name, value) for name, value in tidy.items() if name and value)[:MOST_ATTRIBUTES]
