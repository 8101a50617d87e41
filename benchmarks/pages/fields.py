"""The fields that are scored, in the one form in which labels and answers are compared."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache

from babel import Locale
from babel.localedata import locale_identifiers

from benchmarks.pages.protocol import Value
from pricevane.model import Availability

IN_STOCK, OUT_OF_STOCK = "InStock", "OutOfStock"
FIELDS = ("price", "availability", "sku", "brand", "gtin", "mpn", "currency")
# The labels have two classes: what can be ordered, as schema.org's PreOrder and BackOrder can, and what cannot.
STATES: Mapping[Availability, str] = {
    Availability.IN_STOCK: IN_STOCK,
    Availability.LOW_STOCK: IN_STOCK,
    Availability.BACKORDER: IN_STOCK,
    Availability.PREORDER: IN_STOCK,
    Availability.OUT_OF_STOCK: OUT_OF_STOCK,
    Availability.DISCONTINUED: OUT_OF_STOCK,
    Availability.UNKNOWN: "",
}
ISO = re.compile("[A-Z]{3}")


def _price(text: str) -> Value | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _gtin(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return digits.zfill(14) if digits else ""


FORMS: Mapping[str, Callable[[str], Value | None]] = {"price": _price, "brand": str.casefold, "gtin": _gtin}


def form(field: str, value: object) -> Value | None:
    """A value as it is compared: prices as Decimal, brands in one case, GTINs of 14 digits; None for an empty one."""
    text = str(value).strip() if value is not None else ""
    formed = FORMS.get(field, str)(text) if text else None
    return None if formed == "" else formed


def values(found: Mapping[str, object]) -> dict[str, Value]:
    """The fields that have a value, each in the form in which it is compared."""
    formed = {field: form(field, value) for field, value in found.items()}
    return {field: value for field, value in formed.items() if value is not None}


def codes(label: str) -> frozenset[str]:
    """The ISO 4217 codes that a currency as people write it may mean, and the label itself."""
    return frozenset([label.strip()]) if ISO.fullmatch(label.strip()) else _symbols()[_bare(label)] | {label.strip()}


@cache
def _symbols() -> defaultdict[str, frozenset[str]]:
    """Symbol -> codes in any locale of the Unicode CLDR."""
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for identifier in locale_identifiers():
        for code, symbol in Locale.parse(identifier).currency_symbols.items():
            found[_bare(symbol)] |= {code}
    return found


def _bare(symbol: str) -> str:
    """Letters and signs only: without dots, spaces and marks of direction."""
    return "".join(char for char in symbol.casefold() if unicodedata.category(char)[0] in "LS")
