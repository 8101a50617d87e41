"""What currency a shop uses, when no layer of its page says so: its settings, its scripts, its country."""

from __future__ import annotations

import re

from spiders.read.currency import CURRENT
from spiders.read.document import Document

_NAMED = re.compile(rb"urrency(?:_?[cC]ode|I[sS][oO])?\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']([A-Z]{3})\\?[\"']")
_OTHER_DOLLARS = re.compile(rb"\b(?:(?:CAD|AUD|NZD|SGD|HKD|MXN|ARS|CLP|COP|TWD)\b|(?:CA|AU|NZ|HK|NT|MX|C|A|S)\$)")
# Finds where these may stand in a fifth of the time.
_MAYBE_DOLLARS = re.compile(rb"[ACHMNST](?:[A-Z]{2}\b|[A-Z]?\$)")
# Country domains that are not the country's code, or that shops anywhere use.
_ALIASES = {"UK": "GB"}
_ANYWHERE = frozenset(["IO", "CO", "TV", "ME", "AI", "CC", "WS", "FM", "TO", "LY", "GG", "SH", "AC", "VC", "LA"])


def shop_currency(page: Document) -> str:
    """The operator's setting, else the one currency that the page's scripts name, else its country's, or ""."""
    if page.hints.currency:
        return page.hints.currency
    named: set[bytes] = set(_NAMED.findall(page.body))
    if len(named) == 1:
        return named.pop().decode()
    if named:
        return ""
    return tender(page.hints.region or country(page.url)) or _american(page)


def _american(page: Document) -> str:
    """USD for an English page under .com that nowhere mentions another dollar."""
    english = page.language.replace("-", "_") in {"en", "en_US"} and not page.hints.region
    if not english or not page.url.split("/")[2].split(":")[0].endswith(".com") or b"$" not in page.body:
        return ""
    mentioned = any(_OTHER_DOLLARS.match(page.body, maybe.start()) for maybe in _MAYBE_DOLLARS.finditer(page.body))
    return "" if mentioned else "USD"


def country(url: str) -> str:
    """The ISO 3166 code of an address's country domain, or ""."""
    host = url.split("/")[2].split(":", maxsplit=1)[0] if url.count("/") > 1 else ""
    top = host.rpartition(".")[2].upper()
    code = _ALIASES.get(top, top)
    return code if code in CURRENT and code not in _ANYWHERE else ""


def tender(territory: str) -> str:
    """The one currency in use in a territory, or ""."""
    codes = CURRENT.get(territory, ())
    return next(iter(codes)) if len(codes) == 1 else ""
