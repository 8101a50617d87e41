"""Crowds that the parser needs quadratic time for: attributes of one element, options of one list."""

from __future__ import annotations

import re

MOST_ATTRIBUTES = 400
# The sum of the squares of how many options each list has: a few tenths of a second.
MOST_PAIRS = 50_000_000
_FEW_OPTIONS = 5000
_ATTRIBUTE = rb"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
# Consumes a page up to the first element with more attributes; possessive, so that it takes linear time.
_UNCROWDED = re.compile(
    rb"(?:[^<]++|<(?![a-zA-Z])|<[a-zA-Z][^\s/>]*+(?:%b){0,%d}+[\s/]*+(?:>|\Z))*+" % (_ATTRIBUTE, MOST_ATTRIBUTES)
)
_NO_MARKUP = re.compile(rb"<(script|style)\b.*?(?:</\1|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_LIST_END = re.compile(rb"</select", re.IGNORECASE)
_OPTION = re.compile(rb"<option", re.IGNORECASE)


def crowded(body: bytes) -> str:
    """What there is too much of on a page, or an empty string."""
    if _has_many_attributes(body) and _has_many_attributes(_NO_MARKUP.sub(b"", body)):
        return f"an element has more than {MOST_ATTRIBUTES} attributes"
    if len(_OPTION.findall(body)) > _FEW_OPTIONS:
        pairs = sum(len(_OPTION.findall(part)) ** 2 for part in _LIST_END.split(body))
        if pairs > MOST_PAIRS:
            return f"a list has more than {int(MOST_PAIRS**0.5)} options"
    return ""


def _has_many_attributes(body: bytes) -> bool:
    found = _UNCROWDED.match(body)
    return found is not None and found.end() < len(body)
