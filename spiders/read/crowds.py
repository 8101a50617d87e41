"""Crowds that the parser needs quadratic time for: attributes of one element, options of one list."""

from __future__ import annotations

import re

MOST_ATTRIBUTES = 400
# The sum of the squares of how many options each list has: a few tenths of a second.
MOST_PAIRS = 50_000_000
_FEW_OPTIONS = 5000
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


def crowded(body: bytes, tags: int) -> str:
    """What there is too much of on a page with so many `<`, or ""; ordinary pages are not looked at closely."""
    if _may_be_crowded(body) and _has_many_attributes(body) and _has_many_attributes(_NO_MARKUP.sub(b"", body)):
        return f"an element has more than {MOST_ATTRIBUTES} attributes"
    if tags > _FEW_OPTIONS and len(_OPTION.findall(body)) > _FEW_OPTIONS:
        pairs = sum(len(_OPTION.findall(part)) ** 2 for part in _LIST_END.split(body))
        if pairs > MOST_PAIRS:
            return f"a list has more than {int(MOST_PAIRS**0.5)} options"
    return ""


def _may_be_crowded(body: bytes) -> bool:
    """Whether an element may be long enough to hurt: by its values, or by a stretch without an end of a tag."""
    if body.count(b"=") > _FEW_VALUES:
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
