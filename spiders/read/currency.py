"""Which ISO 4217 currency a symbol means, given the page's locale and what the shop is known to use."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from spiders.read.text import plain

TENDER = frozenset(
    code
    for rows in get_global("territory_currencies").values()
    for code, _, end, is_tender in rows
    if end is None and is_tender
)
_CODE = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(sorted(TENDER))})(?![^\W\d_])")
# Symbols that mean one currency on any shop's page.
_ONE = {
    "EUR": "€ euro Euro EURO eur",
    "GBP": "GB£ £ ￡",
    "USD": "US$ $US USD$ U.S.$",
    "CAD": "CA$ C$ $CA CAD$ CDN$",
    "AUD": "A$ AU$ $AU AUD$",
    "NZD": "NZ$ $NZ",
    "HKD": "HK$",
    "SGD": "S$ SG$",
    "TWD": "NT$",
    "MXN": "MX$ Mex$",
    "BRL": "R$",
    "ARS": "AR$",
    "CLP": "CL$ CLP$",
    "COP": "CO$ COP$",
    "UYU": "$U",
    "DOP": "RD$",
    "JMD": "J$",
    "CHF": "SFr. sFr. Fr. SFr",
    "PLN": "zł Zł ZŁ zl",
    "CZK": "Kč kč Kc",
    "HUF": "Ft ft",
    "RON": "lei Lei LEI RON",
    "BGN": "лв. лв lv.",
    "RUB": "₽ руб. руб р.",
    "UAH": "₴ грн. грн",
    "RSD": "дин. дин din. RSD",
    "TRY": "₺ TL",
    "INR": "₹",
    "ILS": "₪",
    "KRW": "₩ 원",
    "VND": "₫",
    "THB": "฿",
    "PHP": "₱",
    "IDR": "Rp Rp.",
    "MYR": "RM",
    "JPY": "JP¥ 円",
    "CNY": "CN¥ 元 RMB",
    "NGN": "₦",
    "GHS": "₵ GH₵",
    "KZT": "₸",
    "GEL": "₾",
    "AZN": "₼",
    "CRC": "₡",
    "PYG": "₲",
    "PEN": "S/. S/",
    "ISK": "Íkr",
    "DKK": "Dkr DKr",
    "NOK": "Nkr NKr",
    "SEK": "Skr SKr",
    "AED": "Dhs Dh AED",
    "KWD": "KD",
    "BHD": "BD",
}
_MEANING = {plain(symbol): code for code, symbols in _ONE.items() for symbol in symbols.split()}
# Symbols that many currencies share: only the shop's own currency or the page's locale can tell.
_SHARED = {
    "$": "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP UYU DOP JMD TTD BBD BZD BND FJD NAD BSD BMD KYD XCD",
    "£": "GBP EGP LBP GIP FKP SHP SYP",
    "kr": "SEK NOK DKK ISK",
    "kr.": "SEK NOK DKK ISK",
    "Kr": "SEK NOK DKK ISK",
    "KR": "SEK NOK DKK ISK",
    ":-": "SEK",
    "¥": "JPY CNY",
    "Rs": "INR PKR LKR NPR MUR",
    "Rs.": "INR PKR LKR NPR MUR",
    "R": "ZAR",
    "L": "HNL MDL ALL",
    "B/.": "PAB",
    "Bs": "BOB VES",
    "Bs.": "BOB VES",
    "Q": "GTQ",
    "F": "CHF XPF",
}
_SHARED_BY = {symbol: frozenset(codes.split()) for symbol, codes in _SHARED.items()}


def _bounded(symbol: str) -> str:
    """A pattern for a symbol that is not part of a word."""
    before = r"(?<![^\W\d_])" if symbol[:1].isalpha() else ""
    after = r"(?![^\W\d_])" if symbol[-1:].isalpha() else ""
    return before + re.escape(symbol) + after


def _any_of(symbols: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(_bounded(symbol) for symbol in sorted(symbols, key=len, reverse=True)) or "(?!)")


_SYMBOL = _any_of([*_MEANING, *_SHARED_BY])


@lru_cache(maxsize=256)
def locale(language: str) -> Locale | None:
    """The locale that a page's language names, e.g. `de`, `de-AT`, `zh_Hant_TW`; None if there is none."""
    try:
        return Locale.parse(language.strip().replace("-", "_")) if language.strip() else None
    except (ValueError, UnknownLocaleError):
        return locale(re.split("[-_]", language)[0]) if re.search("[-_]", language) else None


@lru_cache(maxsize=256)
def _local(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """The symbols of a locale and their currencies; a bare dollar sign needs a territory to mean anything."""
    found = locale(language)
    symbols = {plain(symbol): code for code, symbol in found.currency_symbols.items()} if found else {}
    meaning = {s: code for s, code in symbols.items() if code in TENDER and not (s == "$" and not _territory(found))}
    return _any_of(list(meaning)), meaning


def _territory(found: Locale | None) -> str:
    return (found.territory or "") if found else ""


def iso(text: str, language: str = "") -> str:
    """The ISO code that a currency field means, or "": a code in any case, or a symbol."""
    text = text.strip()[:40]
    return text.upper() if text.upper() in TENDER else currency_of(plain(text), language)[0]


def currency_of(text: str, language: str = "", hint: str = "") -> tuple[str, str]:
    """(ISO code or "", symbol as found or "") of a price text in `text.plain` form.

    A code in the text wins, then the longest symbol, understood by the shop's currency (`hint`) and then
    by the locale; a text without any symbol is in the shop's currency, one of two currencies in none.
    """
    pattern, meaning = _local(language)
    codes, general, local = _CODE.findall(text), _SYMBOL.findall(text), pattern.findall(text)
    if len({*codes, *(_MEANING[symbol] for symbol in general if symbol in _MEANING)}) > 1:
        return "", (codes or general)[0]
    if codes:
        return codes[0], codes[0]
    symbol = max([*local, *general], key=len, default="")
    if not symbol or hint in _SHARED_BY.get(symbol, ()):
        return hint, symbol
    return (meaning.get(symbol, "") or _MEANING.get(symbol, "")), symbol
