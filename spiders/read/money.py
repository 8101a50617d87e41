"""Price texts of any shop and script to an exact amount, its currency and the kind of price."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from itertools import pairwise

from price_parser.parser import extract_currency_symbol

from pricevane.model import EXPONENTS, PriceKind
from spiders.read.currency import iso, marked
from spiders.read.kinds_of_price import is_free, is_no_price, is_plain, kind_of, kind_said
from spiders.read.numerals import Habit, habit, joined, number
from spiders.read.text import RAW_LENGTH, plain

LARGEST = Decimal(10) ** 12
# Floats that shops print (19.989999771) lie this near to the price they mean.
FLOAT_NOISE = Decimal("0.0005")
LONGEST_TEXT = 20 * RAW_LENGTH
_AROUND = 60
_DIGIT, _DIGITS = re.compile(r"\d"), re.compile(r"[0-9]+")
_ONES = str.maketrans("023456789", "111111111")
_OTHER_NUMBERS = re.compile(f"[{re.escape(''.join(c for c in map(chr, range(0x80, 0x20000)) if c.isnumeric()))}]")
EXACT = Context(prec=RAW_LENGTH)
# Raised digits are cents after a whole number and else a footnote's; compatibility form would glue both on.
_RAISED_CENTS = re.compile(r"(?<=[\d.,€$£])(?<![.,]\d\d)(?<![.,]\d\d[€$£])(?<![.,]\d\d [€$£])[⁰¹²³⁴-⁹]{2}(?![⁰¹²³⁴-⁹])")
_RAISED = re.compile(r"[⁰¹²³⁴-⁹₀-₉①-⒛⓪⓿❶-➓]")
_FRACTION = re.compile(r"[¼-¾⅐-⅞⁄]")
_RAISED_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
# Cents after a symbol in the middle (12€99), and cents that lost their separator (€ 12 99).
_CENTS = re.compile(r"(?<=\d)(?<![.,]\d\d) ?¤ ?(?=\d\d(?!\d|[.,]\d| ?[§%\w]))")
_LOST = re.compile(r"(\D*¤\s?)?(\d{1,3}(?:[., ]\d{3})*|\d+)[.,]? (\d\d)(?(1)\D*|\s?¤\W*)")
_MIDDLE = re.compile(r"(?<=\d)¤(?=\d)")
_TO = re.compile(
    r"[\s¤]{0,2}(?:[-–—~〜～]|\b(?:to|bis|à|a|tot|til|till|do|hasta|fino a|and|und|et|y|e|en|до|至)\b)[\s¤]{0,2}"
)
_RUN = re.compile(r"\d[\d.,٫]*(?: \d{3}(?!\d)[\d.,٫]*)*|(?<![\w.,])[.,]{1,2}\d[\d.,]*")
# A right-to-left override turns digits round for the eye: 19,90 is seen as 09,91.
_TURNED = "\u202e"
_LETTER = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_] $")
_SPACED = re.compile(r"[\d.,] ?-$")
_MACHINE = re.compile(r"\d{1,12}(?:\.\d{1,20})?")


@dataclass(frozen=True, slots=True)
class Amount:
    """What a price text says: major units, ISO currency or "", the text itself, the symbol as it stood there."""

    amount: Decimal
    currency: str
    raw: str
    kind: PriceKind = PriceKind.STANDARD
    symbol: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it has no cents."""
        return self.amount == self.amount.to_integral_value()


@dataclass(frozen=True, slots=True)
class _Said:
    """One number of a text, and whether it stands beside the symbol."""

    start: int
    end: int
    amount: Decimal
    kind: PriceKind
    beside: bool


def parse_price(
    text: str, *, language: str = "", currency: str = "", decimal: str = "", others: Sequence[Decimal] = ()
) -> Amount | None:
    """The price that a text shown to shoppers names, or None where it names none for certain.

    `language` is the page's (`de`, `de-AT`), `currency` the shop's ISO code or a text beside the price,
    `decimal` the shop's decimal separator, `others` the page's other prices: hints that the text overrules.
    Several different prices make a FROM price of the first; one for a measure or a month beside another price
    is left out, alone it is a UNIT or INSTALMENT price. Delivery, discounts and percentages are no price.
    """
    if not others and len(text) <= RAW_LENGTH:
        digits = "" if _OTHER_NUMBERS.search(text) else "".join(_DIGITS.findall(text))
        alike = _of_shape(text.translate(_ONES), language, currency, decimal) if digits[:1] > "0" else None
        if alike and len(alike.amount.as_tuple().digits) == len(digits):
            amount = Decimal(digits).scaleb(int(alike.amount.as_tuple().exponent), EXACT)
            return Amount(amount, alike.currency, " ".join(text.split()), alike.kind, alike.symbol)
    return _parsed(text, language, currency, decimal, others)


@lru_cache(maxsize=8192)
def _of_shape(shape: str, language: str, currency: str, decimal: str) -> Amount | None:
    """The amount of a text whose digits are all ones: what any other digits in their places mean as well.

    Only where all of them make one number, which the caller sees: of several the values decide, too.
    """
    return _parsed(shape, language, currency, decimal, ())


def _parsed(text: str, language: str, currency: str, decimal: str, others: Sequence[Decimal]) -> Amount | None:
    if len(text) > LONGEST_TEXT and len(text := text.strip()) > LONGEST_TEXT:
        return None
    raw = " ".join(text.split())
    has_digit = bool(_DIGIT.search(raw))
    if len(raw) > RAW_LENGTH or not (has_digit or is_free(raw)) or _FRACTION.search(raw) or _TURNED in raw:
        return None
    code, symbol, shown = marked(_folded(raw), language, iso(currency, language) if currency else "")
    as_found = (extract_currency_symbol(raw, currency or None) or symbol).strip()
    if not has_digit:
        return Amount(Decimal(0), code, raw, PriceKind.FREE, as_found)
    if len(decimal) == 1 and decimal not in ".,٫":
        shown, times = _MIDDLE.subn(".", shown)
        decimal = "." if times else ""
    known = habit(code, language, decimal, others)
    found = _priced(_with_cents(shown) if known.exponent else shown, known)
    if not found or not found[0].amount < LARGEST:
        return None
    return Amount(found[0].amount, code, raw, _kind(found, shown), as_found)


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


def _folded(raw: str) -> str:
    if raw.isascii():
        return joined(plain(raw))
    return joined(plain(_RAISED.sub("", _RAISED_CENTS.sub(_lowered, raw))))


def _lowered(cents: re.Match[str]) -> str:
    separator = "." if cents.string[cents.start() - 1].isdigit() else ""
    return separator + cents.group().translate(_RAISED_DIGITS)


def _with_cents(shown: str) -> str:
    if shown.count("¤") != 1:
        return shown
    lost = _LOST.fullmatch(shown)
    if lost:
        return f"{shown[: lost.end(2)]}.{shown[lost.start(3) :]}"
    return _CENTS.sub(".", shown)


def _kind(found: list[_Said], shown: str) -> PriceKind:
    if found[0].kind is not PriceKind.STANDARD or is_plain(shown):
        several = len({one.amount for one in found}) > 1
        return PriceKind.FROM if several and found[0].kind is PriceKind.STANDARD else found[0].kind
    said = kind_said(shown)
    return PriceKind.FROM if said is PriceKind.STANDARD and len({one.amount for one in found}) > 1 else said


def _priced(shown: str, known: Habit) -> list[_Said]:
    """The numbers that can be prices: those beside the symbol with the ends of their range, or else all.

    Unit prices and rates count only where there is nothing else.
    """
    found = list(_said(shown, known))
    beside = [one.beside for one in found]
    if any(_is_torn(left, right, shown) for left, right in pairwise(found)):
        return []
    for i, (left, right) in enumerate(pairwise(found)):
        if _TO.fullmatch(shown, left.end, right.start):
            beside[i] = beside[i + 1] = beside[i] or beside[i + 1]
    near = [one for one, is_near in zip(found, beside, strict=True) if is_near or not any(beside)]
    return [one for one in near if one.kind not in (PriceKind.UNIT, PriceKind.INSTALMENT)] or near


def _is_torn(left: _Said, right: _Said, shown: str) -> bool:
    """Whether two numbers may be one that lost its separator: € 1 29,00."""
    together = shown[left.end : right.start] == " " and left.beside and not right.beside
    return together and left.amount.as_tuple().exponent == 0


def _said(shown: str, known: Habit) -> Iterator[_Said]:
    """The numbers of a text but for percentages, negatives, measures and parts of words."""
    simple = is_plain(shown)
    for run in _RUN.finditer(shown):
        before, after = shown[max(0, run.start() - _AROUND) : run.start()], shown[run.end() : run.end() + _AROUND]
        in_word = _LETTER.match(before[-1:]) or _LETTER.match(after[:1])
        if "%" in (after.lstrip()[:1], before[-1:]) or _is_negative(before.rstrip("¤ ")):
            continue
        beside = before.rstrip()[-1:] == "¤" or after.lstrip("-–—. ,")[:1] == "¤"
        if " " in run.group() and _WORD.search(before) and known.group.strip():
            continue
        if (in_word and not beside) or (not simple and is_no_price(before, after)):
            continue
        amount = number(run.group(), known)
        if amount is not None:
            kind = PriceKind.STANDARD if simple else kind_of(before, after)
            yield _Said(run.start(), run.end(), amount, kind, beside)


def _is_negative(before: str) -> bool:
    return before.endswith("-") and not _SPACED.search(before)
