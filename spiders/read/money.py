"""Price texts of any shop and script to an exact amount, its currency and the kind of price."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from price_parser import Price

from pricevane.model import EXPONENTS, PriceKind
from spiders.read.currency import currency_of, iso, locale
from spiders.read.text import RAW_LENGTH, plain

LARGEST = Decimal(10) ** 12
# Floats that shops print (19.989999771) lie this near to the price they mean.
FLOAT_NOISE = Decimal("0.0005")
LONGEST_TEXT = 20 * RAW_LENGTH
_KINDS = {
    PriceKind.INSTALMENT: r"(?:/|per|pro|par|al|a|por)\s?(?:month|mo|monat|mois|mes[e]?|maand|mnd)\b|monthly|monatlich"
    r"|mtl\b|mensuel|mensual|mensili|\bp\.m\.|instal?ments?|ratenzahlung|\bcuotas?\b|\brate di\b|\b\d+\s?x\s(?=\D*\d)",
    PriceKind.MEMBER: r"\bmembers?\b|\bmitglied|\bmembres?\b|\bsoci[o]?s?\b|\bleden|\bclub\b|\bprime\b|\bclubcard\b",
    PriceKind.COUPON: r"\bcoupon|\bvoucher|gutschein|\bcode\b|\bcup[oó]n|\bkortingscode|\bbuono sconto",
    PriceKind.FROM: r"(?:/|=|\bper|\bpro|\bpar|\bal|\bpor)\s?(?:100?\s?)?(?:k?g|m?l|lb|oz|kilo|lit(?:er|re|ro))\b"
    r"|\bfrom\b|\bab\b|(?:à|a) partir d[ea]|\bdès\b|\bdesde\b|(?:a partire )?\bda\b|\bvanaf\b|\bfrån\b"
    r"|\bfra\b|\bod\b|\bstarting\b|\bas low as\b|\bup to\b|\bbis\b|\bjusqu|\bfino a\b|\btot\b|\bhasta\b",
}
_KIND = {kind: re.compile(words, re.IGNORECASE) for kind, words in _KINDS.items()}
_FREE = re.compile(r"\b(?:free|gratis|kostenlos|gratuite?|gratuit[oa]|offert|ingyenes|zdarma|umsonst)\b", re.IGNORECASE)
_APOSTROPHE = re.compile(r"(?<=\d)['’‘ʼ`´](?=\d{3})")
# Cents after a symbol in the middle (12€99), and raised cents that lost their separator (€ 12 99).
_CENTS = re.compile(r"(?<=\d) ?[€$£] ?(?=\d\d(?!\d|[.,]\d| ?[€$£%\w]))")
_RAISED = re.compile(r"(\D*)(\d{1,3}(?:[., ]\d{3})*|\d+)[.,]? (\d\d)(\D*)")
_TO = re.compile(r"\W{0,3}(?:[-–—~]|\b(?:to|bis|à|a|tot|til|till|do|hasta|fino a|and|und|et|y|e|en)\b)\W{0,3}")
_SEPARATORS = str.maketrans("٫٬،⹁−", ".,,,-")
_RUN = re.compile(r"\d[\d.,]*(?: \d{3}(?!\d)[\d.,]*)*|(?<![\d.,])[.,]\d+(?![.,]?\d)")
_GROUPED = re.compile(r"\d+|\d{1,3}([., ])\d{3}(?:\1\d{3})*|\d{1,3}(?:,\d\d)+,\d{3}")
_DECIMALS = re.compile(r"(.*)([.,])(\d+)")
_LETTER = re.compile("[A-Za-z]")
_STRAY = re.compile(r"[.,][.,]$")
_MACHINE = re.compile(r"\d{1,12}(?:\.\d{1,20})?")


@dataclass(frozen=True, slots=True)
class Amount:
    """What a price text says: major units, ISO currency or "", the text itself, the symbol as it stood there."""

    amount: Decimal
    currency: str
    raw: str
    kind: PriceKind = PriceKind.STANDARD
    symbol: str = ""


def parse_price(text: str, *, language: str = "", currency: str = "") -> Amount | None:
    """The price that a text shown to shoppers names, or None where it names none for certain.

    `language` is the page's (`de`, `de-AT`), `currency` the shop's ISO code: both are hints that the text
    overrules. Several different prices, or one for a kilogram or litre, make a FROM price of the first.
    """
    raw = " ".join(text[:LONGEST_TEXT].split())
    if len(raw) > RAW_LENGTH:
        return None
    as_found = Price.fromstring(raw, currency).currency or ""
    shown = _APOSTROPHE.sub("", plain(raw).translate(_SEPARATORS))
    code, symbol = currency_of(shown, language, iso(currency, language))
    amounts = _amounts(_with_cents(shown, symbol), symbol, EXPONENTS.get(code, 2), _group(language))
    if not amounts:
        if any(c.isdigit() for c in shown) or not _FREE.search(shown):
            return None
        return Amount(Decimal(0), code, raw, PriceKind.FREE, as_found)
    if not 0 <= amounts[0] < LARGEST:
        return None
    kind = next((kind for kind, words in _KIND.items() if words.search(shown)), PriceKind.STANDARD)
    if kind is PriceKind.STANDARD and len(set(amounts)) > 1:
        kind = PriceKind.FROM
    return Amount(amounts[0], code, raw, kind, as_found)


def machine_price(text: str, *, language: str = "", currency: str = "") -> Amount | None:
    """The price of a field meant for machines (`1299.00`); what is not in that form is read as shown text."""
    raw = text.strip()
    code = iso(currency, language)
    if not _MACHINE.fullmatch(raw) or thousands_or_decimals(raw, code):
        return parse_price(raw, language=language, currency=code)
    exact = Decimal(raw)
    rounded = round(exact, EXPONENTS.get(code, 2))
    return Amount(rounded if abs(rounded - exact) < FLOAT_NOISE else exact, code, raw)


def thousands_or_decimals(raw: str, currency: str) -> bool:
    """Whether a number like `1.290` can be read both ways."""
    return bool(re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", raw.strip())) and EXPONENTS.get(currency, 2) != 3


def _with_cents(shown: str, symbol: str) -> str:
    raised = _RAISED.fullmatch(shown) if symbol else None
    if raised and (raised[1].rstrip().endswith(symbol) or (raised[1] + raised[4]).strip() == symbol):
        return f"{raised[1]}{raised[2]}.{raised[3]}{raised[4]}"
    return _CENTS.sub(".", shown)


def _group(language: str) -> str:
    found = locale(language)
    return str(found.number_symbols["latn"].get("group", "")) if found else ""


def _amounts(shown: str, symbol: str, exponent: int, group: str) -> list[Decimal]:
    """The numbers that can be prices: those beside the symbol with the ends of their range, or else all."""
    found = [
        (run, amount) for run in _RUN.finditer(shown) if (amount := _price(run, symbol, exponent, group)) is not None
    ]
    beside = [bool(symbol) and _is_beside(run, symbol) for run, _ in found]
    for i, ((left, _), (right, _)) in enumerate(pairwise(found)):
        if _TO.fullmatch(shown[left.end() : right.start()].replace(symbol, "")):
            beside[i] = beside[i + 1] = beside[i] or beside[i + 1]
    return [amount for (_, amount), near in zip(found, beside, strict=True) if near or not any(beside)]


def _is_beside(run: re.Match[str], symbol: str) -> bool:
    before, after = run.string[: run.start()].rstrip(), run.string[run.end() :].lstrip("-–—. ")
    return before.endswith(symbol) or after.startswith(symbol)


def _price(run: re.Match[str], symbol: str, exponent: int, group: str) -> Decimal | None:
    """The number of a run of digits, unless it is a percentage, a negative or part of a word."""
    before, after = run.string[: run.start()], run.string[run.end() :]
    in_word = bool(_LETTER.fullmatch(before[-1:]) or _LETTER.fullmatch(after[:1]))
    if after.lstrip().startswith("%") or _is_negative(before.removesuffix(symbol)) or _STRAY.search(before):
        return None
    return None if in_word and not (symbol and _is_beside(run, symbol)) else number(run.group(), exponent, group)


def _is_negative(before: str) -> bool:
    return before.endswith("-") and not re.search(r"[\d.,] ?-$", before)


def number(run: str, exponent: int = 2, group: str = "") -> Decimal | None:
    """A number written with any separators, or None where its groups make no sense.

    `exponent` is the currency's decimals, `group` the locale's thousands separator: they decide `1.299`.
    """
    run = run.rstrip(".,")
    parts = _DECIMALS.fullmatch(run)
    if not parts or not _is_decimal(parts[1], parts[2], parts[3], exponent, group):
        return Decimal(re.sub(r"\D", "", run)) if _GROUPED.fullmatch(run) else None
    whole, _, decimals = parts.groups()
    if (whole and not _GROUPED.fullmatch(whole)) or parts[2] in whole:
        return None
    return Decimal(f"{re.sub(r'[^0-9]', '', whole) or 0}.{decimals}")


def _is_decimal(whole: str, separator: str, decimals: str, exponent: int, group: str) -> bool:
    if separator in whole:
        return False
    if len(decimals) != 3 or not whole.isdigit() or len(whole) > 3 or whole == "0":
        return True
    return exponent == 3 and separator != group
