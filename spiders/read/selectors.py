"""Layer: CSS selectors that a site file names, for shops without structured data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from selectolax.lexbor import LexborNode, SelectolaxError

from spiders.read.document import Document
from spiders.read.reading import Reading

LAYER = "selectors"
FIELDS = frozenset(
    ["price", "regular_price", "currency", "name", "brand", "gtin", "mpn", "sku", "availability", "image", "category"]
)
_ATTRIBUTE = re.compile(r"^(.*)::attr\(([\w-]+)\)$")


class BadSelector(ValueError):
    """A site file names a field or a selector that cannot be."""


def readings(page: Document, selectors: Mapping[str, str]) -> list[Reading]:
    """At most one reading; `CSS::attr(name)` takes an attribute. Raises BadSelector."""
    if unknown := set(selectors) - FIELDS:
        raise BadSelector(f"no such field: {', '.join(sorted(unknown))}; use {', '.join(sorted(FIELDS))}")
    found: dict[str, Any] = {field: _value(page, css) for field, css in selectors.items()}
    if not any(found.values()):
        return []
    return [Reading(LAYER, f"{LAYER}:{selectors.get('price', '')}", **found)]


def _value(page: Document, css: str) -> str:
    match = _ATTRIBUTE.match(css)
    query, attribute = match.groups() if match else (css, "")
    try:
        node = page.tree.css_first(query)
    except SelectolaxError as error:
        raise BadSelector(f"{css!r} is not a CSS selector: {error}") from error
    if node is None:
        return ""
    return (node.attributes.get(attribute) or "") if attribute else shown(node)


def shown(node: LexborNode) -> str:
    """What an element stands for: its content attribute, its picture, or its text."""
    attributes = node.attributes
    if node.tag == "meta":
        return attributes.get("content") or ""
    if node.tag == "img":
        return attributes.get("src") or ""
    return node.text(separator=" ")
