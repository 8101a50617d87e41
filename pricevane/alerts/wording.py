"""How a digest words money, ages and facts, and how it makes strangers' text and links harmless."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol
from markupsafe import Markup

from pricevane.model import EXPONENTS, Money, Origin

LANGUAGE = "en"
LONGEST_LINK = 1000
# Joiners that Persian and emoji need; every other format character (bidi, zero width, tags) goes.
JOINERS = "\u200c\u200d"
Number = float | int | None


def printable(value: object) -> object:
    """A text on one line, without control, format, surrogate and private characters; other values as they are."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return re.sub(" +", " ", "".join(map(_harmless, value))).strip()


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zl", "Zp"} or (category == "Cc" and character.isspace()):
        return " "
    return "" if category[0] == "C" and character not in JOINERS else character


def link(url: str) -> str:
    """The address if it is http or https, names a host and no user, and is of sane length; else nothing."""
    cleaned = str(printable(url)).replace(" ", "%20")
    try:
        Origin.of(cleaned)
    except ValueError:
        return ""
    return cleaned if len(cleaned) <= LONGEST_LINK and urlsplit(cleaned).username is None else ""


def money(price: Money) -> str:
    """Like €1,299.90, with the currency's own number of decimals; never rounded."""
    decimals = EXPONENTS.get(price.currency, 2)
    gap = "\u00a0" if get_currency_symbol(price.currency, LANGUAGE)[-1:].isalpha() else ""
    pattern = f"¤{gap}#,##0" + ("." + "0" * decimals if decimals else "")
    return format_currency(
        price.amount, price.currency, pattern, LANGUAGE, currency_digits=False, decimal_quantization=False
    )


def signed_pct(before: Money, after: Money) -> str:
    """The change like −9.7% or +3.0%; nothing where the prices cannot be compared."""
    if before.currency != after.currency or not before.amount:
        return ""
    share = after.amount / before.amount - 1
    return ("+" if share > 0 else "") + format_percent(share, "#,##0.0%", LANGUAGE).replace("-", "−")


def age(at: datetime, as_of: datetime) -> str:
    """Like `3 hr ago`, as of an instant."""
    return format_timedelta(max(as_of - at, timedelta()), "minute", 1.5, format="short", locale=LANGUAGE) + " ago"


def moment(at: datetime, time_zone: str) -> str:
    """Like `Tuesday 3 March 2026, 07:00` where the reader is."""
    return format_datetime(at, "EEEE d MMMM y, HH:mm", ZoneInfo(time_zone), LANGUAGE)


def count(number: int, one: str, many: str = "") -> str:
    """Like `1 proposal` or `1,204 proposals`."""
    return f"{format_decimal(number, locale=LANGUAGE)} {one if number == 1 else many or one + 's'}"


def _share(value: float) -> str:
    return format_percent(value, "#,##0.0%", LANGUAGE)


def _whole(value: float) -> str:
    return format_decimal(value, "#,##0", LANGUAGE)


BEFORE_AND_AFTER: tuple[tuple[str, str, Callable[[float], str], str], ...] = (
    ("Margin", "margin_rate", _share, ""),
    ("Price index", "index", _whole, " (rivals are at 100)"),
    ("Rank", "rank", _whole, " (1 is cheapest)"),
)


def facts(effect: Mapping[str, Number]) -> list[tuple[str, str]]:
    """(label, value) of what is known about a change; what is missing or not a number is left out."""
    known = {key: value for key, value in effect.items() if value is not None and math.isfinite(value)}
    found = [
        (label, f"{word(known[before])} → {word(known[after])}{note}")
        for label, key, word, note in BEFORE_AND_AFTER
        if (before := f"{key}_before") in known and (after := f"{key}_after") in known
    ]
    if (volume := known.get("break_even_volume_pct")) is not None:
        found.append(
            ("Same profit with", f"{_share(abs(volume) / 100)} {'more' if volume >= 0 else 'fewer'} units sold")
        )
    if (units := known.get("units_28d")) is not None:
        found.append(("Sold in 28 days", count(round(units), "unit")))
    return found
