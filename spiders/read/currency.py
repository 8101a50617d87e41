"""Which ISO 4217 currency a symbol means, given the page's locale and what the shop is known to use."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from spiders.read.symbols import CAN_MEAN, MEANS
from spiders.read.text import plain

CURRENT: Mapping[str, frozenset[str]] = {
    territory: frozenset(code for code, _, end, is_tender in rows if end is None and is_tender)
    for territory, rows in get_global("territory_currencies").items()
}
TENDER = frozenset().union(*CURRENT.values())


def _forms(symbols: str) -> Iterator[str]:
    """Each symbol in compatibility form, and without its last dot where more than a letter is left."""
    for symbol in map(plain, symbols.split()):
        yield symbol
        if symbol.endswith(".") and len(symbol) > 2:
            yield symbol.removesuffix(".")


_MEANING = {form: code for code, symbols in MEANS.items() for form in _forms(symbols)}
_COULD: defaultdict[str, set[str]] = defaultdict(set)
for _code, _written in (*MEANS.items(), *CAN_MEAN.items()):
    for _form in _forms(_written):
        _COULD[_form].add(_code)
# Codes and abbreviations of nothing but letters, by the currencies that they may mean.
ABBREVIATIONS: Mapping[str, frozenset[str]] = {
    **{form.rstrip("."): frozenset(codes) for form, codes in _COULD.items() if form.replace(".", "").isalpha()},
    **{form.partition(".")[0]: frozenset(codes) for form, codes in _COULD.items() if form.replace(".", "").isalpha()},
    **{code: frozenset([code]) for code in TENDER},
}
_CHUNK = re.compile(r"[^\s\d]+")
_PIECE = re.compile(r"[^\s\[\](){}|*:;,/–—\-~=+<>\"!?¤]+")
# Han and hangul signs need no space before the next word: 1299円から.
_UNSPACED = frozenset("円元원圓圆")
_SIGN = re.compile(r"[$£¥€₠-⃀฿৳៛؋֏]")
# A dollar apart from its country: $ US, US $.
_TORN = re.compile(r"(?<=\$) (?=(?:US|CA|AU|NZ|HK|SG|MX)\b)|(?<=\b(?:US|CA|AU|NZ|HK|SG|NT|MX)) (?=\$)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A symbol in a text: where it stands, and the currency that it means here or ""."""

    start: int
    end: int
    symbol: str
    code: str

    @property
    def is_sure(self) -> bool:
        """Whether it cannot be a word or a letter: an ISO code, or anything with a currency sign."""
        return self.symbol in TENDER or bool(_SIGN.search(self.symbol)) or self.symbol[0] in _UNSPACED


@lru_cache(maxsize=256)
def locale(language: str) -> Locale | None:
    """The locale that a page's language names, e.g. `de`, `de-AT`, `zh_Hant_TW`; None if there is none."""
    try:
        return Locale.parse(language.strip().replace("-", "_")) if language.strip() else None
    except (ValueError, UnknownLocaleError):
        return locale(re.split("[-_]", language)[0]) if re.search("[-_]", language) else None


@lru_cache(maxsize=256)
def _local(language: str) -> dict[str, str]:
    """The symbols of a locale and their currencies; a bare dollar sign needs a territory to mean anything."""
    found = locale(language)
    symbols = (
        {
            plain(symbol).replace("F CFA", "F_CFA").replace(" ", ""): code
            for code, symbol in found.currency_symbols.items()
        }
        if found
        else {}
    )
    bare = "" if found and found.territory else "$"
    return {symbol: code for symbol, code in symbols.items() if symbol and code in TENDER and symbol != bare}


@lru_cache(maxsize=256)
def _tender(language: str) -> frozenset[str]:
    found = locale(language)
    return CURRENT.get(found.territory or "", frozenset()) if found else frozenset()


@lru_cache(maxsize=1024)
def iso(text: str, language: str = "") -> str:
    """The ISO code that a currency field means, or "": a code in any case, or a symbol."""
    text = text.strip()[:40]
    return text.upper() if text.upper() in TENDER else currency_of(plain(text), language)[0]


def currency_of(text: str, language: str = "", hint: str = "") -> tuple[str, str]:
    """(ISO code or "", symbol as found or "") of a price text in `text.plain` form; see `marked`."""
    code, symbol, _ = marked(text, language, hint)
    return code, symbol


def marked(text: str, language: str = "", hint: str = "") -> tuple[str, str, str]:
    """(ISO code or "", symbol as found or "", the text with ¤ for that currency's symbols and § for others').

    Codes and currency signs win over letters that may be words; a symbol is understood by the shop's currency
    (`hint`), then by the locale and its territory. A text without any is in the shop's currency, one of two in none.
    """
    joined = _TORN.sub("", text.replace("F CFA", "F_CFA"))
    marks = list(_marks(joined, language, hint))
    best = [mark for mark in marks if mark.is_sure] or marks
    if not best:
        return hint, "", joined
    first = max(best, key=lambda mark: len(mark.symbol))
    codes = {mark.code for mark in best if not _is_explained(mark, best)}
    code = codes.pop() if len(codes) == 1 else ""
    for mark in reversed(marks):
        sign = "¤" if mark in best and (code or mark.code in {first.code, ""}) else "§"
        joined = f"{joined[: mark.start]}{sign}{joined[mark.end :]}"
    return code, first.symbol.replace("_", " "), joined


def _is_explained(mark: Mark, marks: list[Mark]) -> bool:
    """Whether a longer symbol in the same text says what a bare sign means: $12 CAD."""
    could = _COULD.get(mark.symbol, set())
    return len(mark.symbol) == 1 and any(len(other.symbol) > 1 and other.code in could for other in marks)


def _marks(text: str, language: str, hint: str) -> Iterator[Mark]:
    has_digits = any(c.isdigit() for c in text)
    local = _local(language)
    for chunk in _CHUNK.finditer(text):
        for place, symbol in _symbols(chunk.group(), local):
            start = chunk.start() + place
            end = start + len(symbol)
            if symbol in TENDER:
                yield Mark(start, end, symbol, symbol)
                continue
            mark = Mark(start, end, symbol, _meaning(symbol, language, hint))
            if mark.is_sure or not has_digits or (_touches_number(text, start, end) and (mark.code or len(symbol) > 1)):
                yield mark


def _touches_number(text: str, start: int, end: int) -> bool:
    return text[:start].rstrip(" .,-–—")[-1:].isdigit() or text[end:].lstrip(" .:")[:1].isdigit()


def _symbols(chunk: str, local: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """The places of symbols in a run of characters without digits or spaces."""
    if chunk in local or chunk in _COULD or chunk in TENDER:
        yield 0, chunk
        return
    for piece in _PIECE.finditer(chunk):
        if found := _known(piece.group(), local):
            yield piece.start() + piece.group().index(found), found


def _known(piece: str, local: Mapping[str, str]) -> str:
    for form in (piece, piece.rstrip("."), piece.strip("."), piece[:1] if piece[0] in _UNSPACED else ""):
        if form and (form in local or form in _COULD or form in TENDER):
            return form
    bare = piece.replace("$", "")
    if bare in TENDER:
        return bare
    sign = _SIGN.search(piece)
    return sign.group() if sign and not (bare.isupper() and len(bare) <= 3) else ""


def _meaning(symbol: str, language: str, hint: str) -> str:
    could = _COULD.get(symbol, set())
    if hint in could:
        return hint
    here = could & _tender(language)
    return next(iter(here)) if len(here) == 1 else _local(language).get(symbol, "") or _MEANING.get(symbol, "")
