"""The nodes of a page that show a known value: small texts, and attributes that shops keep prices in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.places.place import (
    AVAILABILITY,
    LONGEST_TEXT,
    MONEY,
    OWN_TEXT,
    PRICE,
    Value,
    is_struck,
    meaning,
    raw_of,
    text_within,
)

MOST_TEXTS = 400
MOST_NODES = 60_000
MOST_SIGHTINGS = 8
CLIMB = 3
_SILENT = frozenset(["script", "style", "noscript", "template", "textarea", "option", "title"])
_DIGIT = re.compile(r"\d")
_ATTRIBUTES = (
    "content",
    "data-price",
    "data-product-price",
    "data-price-amount",
    "data-current-price",
    "data-amount",
    "data-value",
)
_HOLDERS = ", ".join(f"[{name}]" for name in _ATTRIBUTES)


def sightings(page: Document, field: str, wanted: Value) -> list[tuple[LexborNode, str]]:
    """(node, attribute) of everything that shows `wanted`, in reading order; text before attributes."""
    found: dict[tuple[int, str], tuple[LexborNode, str]] = {}
    for node, attribute in _shows(page, field, wanted):
        if not (field == PRICE and is_struck(node)):
            found.setdefault((node.mem_id, attribute), (node, attribute))
        if len(found) >= MOST_SIGHTINGS:
            break
    return list(found.values())


def _shows(page: Document, field: str, wanted: Value) -> Iterator[tuple[LexborNode, str]]:
    for node in _texts(page, field):
        if seen := _climb(node, page, field, wanted):
            yield seen
    body = page.tree.body
    for node in body.css(_HOLDERS)[:MOST_TEXTS] if body and field in MONEY else ():
        for attribute in _ATTRIBUTES:
            raw = node.attributes.get(attribute) or ""
            if raw and meaning(field, raw, page, attribute) == wanted:
                yield node, attribute


def _texts(page: Document, field: str) -> Iterator[LexborNode]:
    """Elements with a small text of their own that could be of the field."""
    body, left = page.tree.body, MOST_TEXTS
    for number, node in enumerate(body.traverse(include_text=True) if body else ()):
        if number > MOST_NODES or not left:
            return
        if not node.is_text_node or node.is_empty_text_node or node.parent is None:
            continue
        text = node.text_content or ""
        small = len(text) <= (LONGEST_TEXT if field in MONEY or field == AVAILABILITY else 4 * LONGEST_TEXT)
        if small and node.parent.tag not in _SILENT and (field not in MONEY or _DIGIT.search(text)):
            left -= 1
            yield node.parent


def _climb(node: LexborNode, page: Document, field: str, wanted: Value) -> tuple[LexborNode, str] | None:
    """The smallest element around a text that shows the value, or the one whose own text does."""
    if meaning(field, raw_of(node), page) == wanted:
        return node, ""
    if meaning(field, raw_of(node, OWN_TEXT), page) == wanted:
        return node, OWN_TEXT
    above = node.parent
    for _ in range(CLIMB if field in MONEY else 0):
        if above is None or above.tag in {"body", "html"} or not (raw := text_within(above, LONGEST_TEXT // 2)):
            return None
        if meaning(field, raw, page) == wanted:
            return above, ""
        above = above.parent
    return None
