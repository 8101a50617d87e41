"""Whether an amount is written anywhere on a page: plain text and patterns, knowing no shop and no reader."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import unquote

UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*>")
SPACE = re.compile(r"\s{2,}|[^\S ]")
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
PART = re.compile(r"[.,'’]")
MONEY = frozenset(["EUR", "USD", "GBP", "PLN", "BRL", "CAD", "zł", "kr", "Kč", "Ft", "lei", "Rs"])
WORD_BEFORE = re.compile(r"[^\W\d]+$")
WORD_AFTER = re.compile(r"[^\W\d]+")


def shows(body: bytes, amount: Decimal) -> bool:
    """Whether the amount stands in the page's text, attributes or scripts, also split by tags or in hundredths."""
    raw = _plain(body.decode("utf-8", "replace"))
    seen = UNSEEN.sub(" ", body.decode("utf-8", "replace"))
    views = (raw, _plain(TAG.sub("", seen)), _plain(TAG.sub(" ", seen)))
    return any(amount in _amounts(view, amount) for view in views)


def _plain(text: str) -> str:
    """Entities, percent signs and \\u escapes resolved, all digits as 0 to 9, one kind of space."""
    text = ESCAPE.sub(lambda found: chr(int(found[1], 16)), unquote(html.unescape(text)))
    text = re.sub(r"\\[nrt]", " ", text)
    foreign = {ord(char): str(unicodedata.decimal(char)) for char in set(text) if char.isdecimal() and char > "9"}
    return SPACE.sub(" ", text.translate(foreign) if foreign else text)


def _amounts(text: str, wanted: Decimal) -> Iterator[Decimal]:
    """What those numbers of a text may mean that have the digits of `wanted`, or of its hundredths."""
    digits = _significant(f"{wanted:f}")
    last = None
    for found in NUMBER.finditer(text):
        if _significant(found[0]) == digits:
            yield from _meanings(text, found, wanted)
        if last and _continues(text, last, found) and _significant(last[0] + found[0]) == digits:
            yield from _of_parts([*PART.split(last[0]), *PART.split(found[0])])
        last = found


def _continues(text: str, last: re.Match[str], found: re.Match[str]) -> bool:
    """Whether a space between two numbers may be one of thousands, or stand for the decimal point."""
    if last.end() + 1 != found.start() or text[last.end()] != " ":
        return False
    return len(PART.split(found[0])[0]) == 3 or (len(found[0]) == 2 and last[0].isdecimal())


def _significant(number: str) -> str:
    return PART.sub("", number).strip("0")


def _meanings(text: str, found: re.Match[str], wanted: Decimal) -> Iterator[Decimal]:
    parts = PART.split(found[0])
    if len(parts) > 1:
        yield from _of_parts(parts)
    elif not _attached(text, found):
        yield Decimal(parts[0])
        if Decimal(parts[0]) == wanted * 100:
            yield wanted


def _of_parts(parts: list[str]) -> Iterator[Decimal]:
    """The parts of a number as thousands, and with the last one as decimals."""
    whole, last = "".join(parts[:-1]), parts[-1]
    yield Decimal(f"{whole}.{last}")
    if all(len(part) == 3 for part in parts[1:]):
        yield Decimal(whole + last)


def _attached(text: str, found: re.Match[str]) -> bool:
    """Whether a whole number is part of a word, an address, a size or a percentage."""
    before, after = text[max(0, found.start() - 8) : found.start()], text[found.end() : found.end() + 8]
    words = [word[0] for word in (WORD_BEFORE.search(before), WORD_AFTER.match(after)) if word]
    return before[-1:] in {"#", "/", "-", "."} or after[:1] in {"%", "-"} or not MONEY.issuperset(words)
