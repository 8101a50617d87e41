"""What stands beside a price, from a reading's strings to the typed fields of an offer; a broken term is dropped."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricevane.model import LostDigits, Money, Quantity
from spiders.read.currency import currency_of
from spiders.read.document import Document
from spiders.read.money import machine_price, parse_price, thousands_or_decimals
from spiders.read.quantity import base, quantity
from spiders.read.reading import Reading
from spiders.read.text import clean, plain

LONGEST_SYMBOL = 20
MOST_ATTRIBUTES = 30
LONGEST_NAME, LONGEST_VALUE = 60, 200
MOST_STOCK = 10**7
# Templates give every price an end: far ones, and ones that have passed.
FARTHEST = timedelta(days=364)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)")
_FREE = re.compile(
    r"free(?: (?:shipping|delivery|postage))?|(?:versand)?kostenlos(?:er versand|e lieferung)?|versandkostenfrei"
    r"|gratis(?:versand)?|(?:livraison )?gratuite?|envío gratis|(?:spedizione )?gratuita|gratis verzending"
    r"|(?:frete )?grátis|darmowa(?: dostawa)?|(?:doprava )?zdarma|fri(?: ?frakt)?|gratis frakt",
    re.IGNORECASE,
)
_BASE = re.compile(
    r"(?:/|\b(?:per|pro|je|par|por|al|alla|za|à la|à|a|le|pr)\b\.?|\b(?:à )?l')\s?([^/]{1,30})$", re.IGNORECASE
)
_BASE_FIRST = re.compile(r"(?:[^:=\d]{0,20}[:(]\s?)?([^:=]{1,20}?)\s?[=:]\s?(.+)")
_AMOUNT_LAST = re.compile(r"[^:\d]{0,20}:\s?")


def terms(reading: Reading, price: Money | None, regular: Money | None, page: Document, at: datetime) -> dict[str, Any]:
    """The fields of an offer at `price` that stand beside it; money only in the price's own currency."""
    unit_price, unit_base = _unit_price(reading, price, page) or (None, None)
    is_sale = regular is not None or bool(reading.promotion.strip())
    return {
        "unit_price": unit_price,
        "unit_base": unit_base,
        "pack": quantity(reading.pack, page.language),
        "shipping": _shipping(reading.shipping, price, page),
        "promotion": clean(reading.promotion),
        "promotion_ends_on": _ends_on(reading.promotion_ends, at) if is_sale else None,
        "attributes": attributes(reading.attributes),
    }


def pieces(text: str) -> int | None:
    """A count of pieces in stock, as data give it."""
    shown = text.strip().removesuffix(".0")
    return int(shown) if len(shown) < 9 and shown.isascii() and shown.isdigit() and int(shown) <= MOST_STOCK else None


def symbol(reading: Reading, agreeing: tuple[Reading, ...]) -> str:
    """The currency as it was found: the sign beside the shown price, else what the data name."""
    for one in (reading, *agreeing):
        if len(one.price) <= LONGEST_VALUE and (found := currency_of(plain(one.price))[1]):
            return clean(found, LONGEST_SYMBOL)
    return clean(next((one.currency for one in (reading, *agreeing) if one.currency.strip()), ""), LONGEST_SYMBOL)


def attributes(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Names and values made harmless, each name once."""
    tidy: dict[str, str] = {}
    for name, value in pairs[:MOST_ATTRIBUTES]:
        tidy.setdefault(clean(name, LONGEST_NAME), clean(value, LONGEST_VALUE))
    return tuple((name, value) for name, value in tidy.items() if name and value)


def unit_price(text: str, unit: str, page: Document, currency: str = "") -> tuple[Money, Quantity] | None:
    """A price like `2,49 €/100 g` or `1 kg = 4,98 €` with its base, which `unit` names where it is told apart."""
    shown = plain(text).strip(" ()[]") if len(text) <= LONGEST_VALUE else ""
    asked, measure = (shown, unit) if unit.strip() else _parted(shown)
    per = base(measure.strip(" ()[]"), page.language)
    read = machine_price if unit.strip() else parse_price
    amount = read(asked, language=page.language, currency=currency or page.hints.currency) if per else None
    if per is None or amount is None or amount.amount <= 0 or not amount.currency:
        return None
    if thousands_or_decimals(asked.partition(" ")[0], amount.currency):
        return None
    return Money(amount.amount, amount.currency), per


def _parted(shown: str) -> tuple[str, str]:
    """The amount and the base of a price per unit, whichever comes first."""
    if found := _BASE.search(shown):
        return _AMOUNT_LAST.sub("", shown[: found.start()], count=1), found[1]
    if found := _BASE_FIRST.fullmatch(shown):
        return found[2], found[1]
    return "", ""


def _unit_price(reading: Reading, price: Money | None, page: Document) -> tuple[Money, Quantity] | None:
    """None for one in another currency, too."""
    if price is None or not reading.unit_price.strip():
        return None
    found = unit_price(reading.unit_price, reading.unit, page, price.currency)
    return found if found and found[0].currency == price.currency else None


def _shipping(text: str, price: Money | None, page: Document) -> Money | None:
    """The cost of delivery, zero where it is free."""
    shown = clean(text)
    if price is None or not price.currency or not shown:
        return None
    if _FREE.fullmatch(shown):
        return Money(Decimal(0), price.currency)
    amount, _, code = shown.partition(" ")
    found = machine_price(amount, language=page.language, currency=code or price.currency) or parse_price(
        shown, language=page.language, currency=price.currency
    )
    if found is None or found.currency != price.currency or thousands_or_decimals(amount, price.currency):
        return None
    cost = Money(found.amount, found.currency)
    try:
        cost.minor  # noqa: B018 - asks whether the currency can hold it
    except LostDigits:
        return None
    return cost


def _ends_on(text: str, at: datetime) -> date | None:
    """The last day of a promotion that runs now and ends within a year."""
    found = _DAY.match(text.strip())
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
    return day if day and at.date() <= day <= at.date() + FARTHEST else None
