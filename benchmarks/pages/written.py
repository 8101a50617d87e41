"""Whether an amount is written anywhere on a page: plain text and patterns, knowing no shop and no reader."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from urllib.parse import unquote

UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*>")
SPACE = re.compile(r"\s+")
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
NUMBER = re.compile(r"\d+(?:[.,'’]\d+)*")
PART = re.compile(r"[.,'’]")
MONEY = "EUR|USD|GBP|PLN|BRL|CAD|zł|kr|Kč|Ft|lei|Rs"
ATTACHED_BEFORE = re.compile(rf"(?<!^)[#/-]$|(?:(?!(?:{MONEY})$)[^\W\d_]|_|\.)$")
ATTACHED_AFTER = re.compile(rf"(?!{MONEY})[^\W\d]|[%-]")


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
    return SPACE.sub(" ", text.translate(foreign))


def _amounts(text: str, wanted: Decimal) -> Iterator[Decimal]:
    """What the numbers of a text may mean, `wanted` for its hundredths."""
    last = None
    for found in NUMBER.finditer(text):
        yield from _meanings(text, found, wanted)
        if last and text[last.end() : found.start()] == " " and len(PART.split(found[0])[0]) in (2, 3):
            yield from _of_parts([*PART.split(last[0]), *PART.split(found[0])])
        last = found


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
    before, after = text[max(0, found.start() - 4) : found.start()], text[found.end() : found.end() + 4]
    return bool(ATTACHED_BEFORE.search(before) or ATTACHED_AFTER.match(after))
