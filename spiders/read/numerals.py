"""Numbers as the world writes them, with any separators, to exact amounts, or None where two readings fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision

from pricevane.model import EXPONENTS
from spiders.read.currency import locale

_APOSTROPHE = re.compile(r"(?<=\d)['’‘ʼ`´](?=\d{3})|(?<=\d)٬(?=\d{2,3}(?!\d))")
_APART = re.compile(r"(?<=\d) (?=[.,]\d\d(?!\d))")
_SEPARATORS = str.maketrans("،⹁−٬", ",,-,")
_GROUPED = re.compile(r"\d+|\d{1,3}([., ])\d{3}(?:\1\d{3})*|\d{1,2}(?:,\d\d)+,\d{3}")
_DECIMALS = re.compile(r"(.*)([.,٫])(\d+)")
_DOUBLED = re.compile(r"^[.,](?=[.,])")
_EVEN = re.compile(r"[1-9]\d{0,2}")
# Two prices of one page are seldom further apart than this.
_FAR = 12


@dataclass(frozen=True, slots=True)
class Habit:
    """What is known of the writer: the currency's decimals, the locale's separators, the page's other prices.

    `hint` is the decimal separator where the shop's is known.
    """

    exponent: int = 2
    decimal: str = ""
    group: str = ""
    hint: str = ""
    others: Sequence[Decimal] = ()


def habit(code: str, language: str, hint: str = "", others: Sequence[Decimal] = ()) -> Habit:
    """The habit of a page: CLDR's separators of its locale, or of the currency's home where decimals need them."""
    return Habit(exponent_of(code), *_separators(code, language), hint, others)


@lru_cache(maxsize=1024)
def _separators(code: str, language: str) -> tuple[str, str]:
    """The signs for decimals and groups, "" where nothing is known."""
    found = locale(language) or (locale(f"ar_{code[:2]}") if exponent_of(code) == 3 else None)
    symbols = found.number_symbols["latn"] if found else {}
    return str(symbols.get("decimal", "")), str(symbols.get("group", ""))


@lru_cache(maxsize=256)
def exponent_of(code: str) -> int:
    """The decimals that shops write, fewer than ISO 4217's where coins are gone (CLDR's supplemental data)."""
    return min(EXPONENTS.get(code, 2), int(get_currency_precision(code))) if code else 2


def joined(text: str) -> str:
    """The text with one sign for each sort of separator, and without those that only group."""
    return _APART.sub("", _APOSTROPHE.sub("", text).translate(_SEPARATORS))


def number(run: str, known: Habit) -> Decimal | None:
    """A number written with any separators, or None where its groups make no sense or it can be read both ways."""
    found = _number(run, known)
    return _number(run.lstrip(".,"), known) if found is None and run[0] in ".," else found


def _number(run: str, known: Habit) -> Decimal | None:
    if known.hint and known.hint in run:
        whole, _, decimals = run.rpartition(known.hint)
        return _joined(whole, re.sub(r"\D", "", decimals))
    run = _DOUBLED.sub("", run.rstrip(".,"))
    parts = _DECIMALS.fullmatch(run)
    if parts is None:
        return _whole(run)
    whole, separator, decimals = parts.groups()
    if separator in whole or known.hint:
        return _whole(run.replace("٫", "."))
    if len(decimals) == 3 and _EVEN.fullmatch(whole):
        is_decimal = _is_decimal(separator, _joined(whole, decimals), known)
        return None if is_decimal is None else _joined(whole, decimals if is_decimal else "", decimals)
    return _joined(whole, decimals) if not whole or _GROUPED.fullmatch(whole) else None


def _whole(run: str) -> Decimal | None:
    return Decimal(re.sub(r"\D", "", run)) if _GROUPED.fullmatch(run) else None


def _joined(whole: str, decimals: str, more: str = "") -> Decimal:
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{digits or 0}.{decimals}" if decimals else f"{digits}{more}")


def _is_decimal(separator: str, small: Decimal, known: Habit) -> bool | None:
    """Whether the separator of `1.299` starts decimals: by the other prices, the currency, the locale."""
    near = [_is_near(amount, known.others) for amount in (small, small * 1000)]
    if near[0] != near[1]:
        return near[0]
    if separator == "٫":
        return None if known.exponent == 2 else known.exponent == 3
    if known.exponent != 3 or separator == known.group:
        return False
    return True if separator == known.decimal else None


def _is_near(amount: Decimal, others: Sequence[Decimal]) -> bool:
    return any(amount < _FAR * other and other < _FAR * amount for other in others)
