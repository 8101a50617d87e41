"""Crowds that the parser needs quadratic time for: elements within elements, attributes of one, options of one list."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

# Ordinary pages nest below 300.
MAX_DEPTH = 3000
# The parser's memory grows by 250 bytes a tag: 40 MB for so many. The longest lists of real shops have a third of them.
MOST_TAGS = 150_000
# Fewer tags than these nest in no time, and make no long list.
_FEW_NESTED, _FEW_LISTED = 15_000, 7_000
# Each takes 240 bytes; of those of one element the parser compares all with all.
MOST_VALUES, MOST_ATTRIBUTES = 250_000, 400
# The sum of the squares of how many options each list has: a few tenths of a second.
MOST_PAIRS = 50_000_000
# Fewer attributes than this cost no more than the rest of a page.
_FEW_VALUES = 20_000
LONGEST_TAG = 20_000
_ATTRIBUTE = rb"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
# Consumes a page up to the first element with more attributes; possessive, so that it takes linear time.
_UNCROWDED = re.compile(
    rb"(?:[^<]++|<(?![a-zA-Z])|<[a-zA-Z][^\s/>]*+(?:%b){0,%d}+[\s/]*+(?:>|\Z))*+" % (_ATTRIBUTE, MOST_ATTRIBUTES)
)
_NO_MARKUP = re.compile(rb"<(script|style)\b.*?(?:</\1|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_LIST_END = re.compile(rb"</select", re.IGNORECASE)
_OPTION = re.compile(rb"<option", re.IGNORECASE)
# Elements that never hold others, or whose next sibling closes them.
_UNNESTED = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|td|th|tr|option|dt|dd|path|use"
_NESTING = re.compile(rf"<(/?)(?!(?:{_UNNESTED})\b)[a-z]".encode(), re.IGNORECASE)
_QUOTED = re.compile(rb"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_OPENING, _APART, _SPACED = re.compile(rb"<[a-zA-Z][^>]*+"), (b" ", b"\n", b"\t", b"/"), bytes.maketrans(b"/", b" ")
# What upper case lacks in ASCII.
CASE = np.uint8(0x20)
_Bytes = npt.NDArray[np.uint8]


def refusal(body: bytes) -> str:
    """Of what a page has more than any real one, so that it is not to be parsed, or "".

    Ordinary pages are only counted through, which is done in bulk: it is part of the cost of every page.
    """
    signs = np.frombuffer(body, np.uint8)
    tags = _count(signs, b"<")
    if tags > MOST_TAGS:
        return f"more than {MOST_TAGS} tags"
    if tags > _FEW_LISTED:
        initials = signs[np.flatnonzero(signs[:-1] == ord("<")) + 1]
        if tags > _FEW_NESTED and _piles_up(initials) and _is_deep(body):
            return f"elements nest deeper than {MAX_DEPTH}"
        if _count(initials | CASE, b"o") > _FEW_LISTED and _has_long_list(body):
            return f"a list has more than {int(MOST_PAIRS**0.5)} options"
    if len(body) > 2 * MOST_VALUES and sum(_count(signs, sign) for sign in _APART) > MOST_VALUES:
        values = sum(len(_QUOTED.sub(b"", tag).translate(_SPACED).split()) - 1 for tag in _OPENING.findall(body))
        if values > MOST_VALUES:
            return f"more than {MOST_VALUES} attributes"
    if _may_be_crowded(body, signs) and _has_many_attributes(body) and _has_many_attributes(_NO_MARKUP.sub(b"", body)):
        return f"an element has more than {MOST_ATTRIBUTES} attributes"
    return ""


def _count(signs: _Bytes, sign: bytes) -> int:
    return int(np.count_nonzero(signs == ord(sign)))


def _piles_up(initials: _Bytes) -> bool:
    """Whether anywhere so many more tags are opened than closed, by what follows each `<`."""
    balance = np.cumsum(np.where(initials == ord("/"), -1, 1))
    return bool((balance - np.minimum.accumulate(balance)).max(initial=0) >= MAX_DEPTH)


def _is_deep(body: bytes) -> bool:
    depth = 0
    for closing in _NESTING.findall(body):
        depth = max(depth - 1, 0) if closing else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def _has_long_list(body: bytes) -> bool:
    return sum(len(_OPTION.findall(part)) ** 2 for part in _LIST_END.split(body)) > MOST_PAIRS


def _may_be_crowded(body: bytes, signs: _Bytes) -> bool:
    """Whether an element may be long enough to hurt: by its values, or by a stretch without an end of a tag."""
    if _count(signs, b"=") > _FEW_VALUES:
        return True
    at = 0
    while at + LONGEST_TAG < len(body):
        end = body.rfind(b">", at + 1, at + LONGEST_TAG)
        if end < 0 and (end := _text_end(body, at)) < 0:
            return True
        at = end
    return False


def _text_end(body: bytes, at: int) -> int:
    """Where the script or the style that holds a place ends, or -1 where none does."""
    for opening, closing in ((b"<script", b"</script"), (b"<style", b"</style")):
        start = body.rfind(opening, 0, at + 1)
        if start >= 0 and body.rfind(closing, start, at + 1) < 0:
            return body.find(closing, at + 1)
    return -1


def _has_many_attributes(body: bytes) -> bool:
    found = _UNCROWDED.match(body)
    return found is not None and found.end() < len(body)
