"""Layer: JSON-LD in script elements, as written by hands and templates that do not check it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import accumulate, islice
from typing import Any

from spiders.read.choose import LIST_TYPES, Found, Role, is_product, read
from spiders.read.document import Document
from spiders.read.reading import Reading
from spiders.read.schemaorg import Node, name_of, nodes

LAYER = "jsonld"
MOST_NODES = 20_000
MOST_PRODUCTS = 2000
# Read, a script takes ten times its length of memory.
LONGEST = 2_000_000
_OPENINGS = ("<!--", "//", "/*", "<![CDATA[", "*/", ";")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_BAD_ESCAPE = re.compile(r'\\(?![\\"/bfnrtu])')
_ELSEWHERE = frozenset(
    ["isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "isConsumableFor", "review", "reviews"]
)
_ROLES: dict[str, Role] = {
    "mainEntity": "main",
    "itemListElement": "listed",
    "makesOffer": "listed",
    "hasOfferCatalog": "listed",
}


def readings(page: Document) -> list[Reading]:
    """The readings of the page's own product from all scripts together."""
    return readings_of([script.text() for script in page.scripts], page)


def readings_of(scripts: Sequence[str], page: Document) -> list[Reading]:
    """The same from the scripts' texts, for a page that was not parsed; those past LONGEST in all are left out."""
    held = accumulate(map(len, scripts))
    trees = [load(script) for script, length in zip(scripts, held, strict=True) if length <= LONGEST]
    link(trees)
    return read(list(islice(products(trees), MOST_PRODUCTS)), LAYER, page)


def _no_number(constant: str) -> str:
    return constant


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_number, strict=False)


def load(text: str) -> Any:
    """The JSON of a script with numbers kept as text; None where it cannot be mended, or is longer than LONGEST."""
    if len(text) > LONGEST:
        return None
    text = text.strip().lstrip("\ufeff")
    for mend in (str, _unwrap, _mend):
        text = mend(text)
        try:
            return _DECODER.raw_decode(text)[0]
        except (ValueError, RecursionError):
            continue
    return None


def _unwrap(text: str) -> str:
    for mark in _OPENINGS * 2:
        text = text.removeprefix(mark).lstrip()
    return unescape(text) if "&quot;" in text else text


def _mend(text: str) -> str:
    return _TRAILING_COMMA.sub("", _BAD_ESCAPE.sub(r"\\\\", text))


def walk(value: Any) -> Iterator[tuple[Node, Role]]:
    """Every node with its role, outer before inner; what hangs below a product is its own business."""
    stack: list[tuple[Any, Role]] = [(value, "")]
    for _ in range(MOST_NODES):
        if not stack:
            return
        one, role = stack.pop()
        if isinstance(one, list):
            stack += [(inner, role) for inner in reversed(one)]
        elif isinstance(one, dict):
            yield one, role
            listed: Role = "listed" if role == "listed" or name_of(one.get("@type")) in LIST_TYPES else ""
            below = [] if is_product(one) else [pair for pair in one.items() if pair[0] not in _ELSEWHERE]
            stack += [(inner, listed or _ROLES.get(key, "")) for key, inner in reversed(below)]


def products(trees: list[Any]) -> Iterator[Found]:
    """Product nodes, and offers that name what they offer."""
    for node, role in walk(trees):
        if is_product(node):
            yield Found(node, role)
        elif "Offer" in name_of(node.get("@type")):
            yield from (Found({**sold, "offers": node}, role) for sold in nodes(node.get("itemOffered"))[:1])


def link(trees: list[Any]) -> None:
    """Put nodes in the place of references to their @id, for offers, brands and variants named elsewhere."""
    every = [node for node, _ in walk(trees)]
    by_id = {node["@id"]: node for node in every if isinstance(node.get("@id"), str) and len(node) > 1}
    for node in every:
        for key in ("offers", "brand", "hasVariant", "priceSpecification", "mainEntity", "seller"):
            if key in node:
                node[key] = [by_id.get(one.get("@id"), one) if _is_reference(one) else one for one in _list(node[key])]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("@id"), str) and len(value) <= 2
