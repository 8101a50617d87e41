"""Layer: microdata, turned into the nodes that JSON-LD would have had."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from spiders.read.choose import Found, Role, is_product, read
from spiders.read.document import Document
from spiders.read.reading import Reading
from spiders.read.schemaorg import STRUCK, Node
from spiders.read.tree import STRUCK_TAGS, each

LAYER = "microdata"
MOST = 3000
MAX_CLIMB = 60
TEXT_BUDGET = 2_000_000
LONGEST_PRICE = 40
_ROLES: dict[str, Role] = {
    "mainEntity": "main",
    "mainEntityOfPage": "main",
    "itemListElement": "listed",
    "item": "listed",
}
_ADDRESSES = {"a": "href", "link": "href", "img": "src", "time": "datetime", "data": "value", "object": "data"}


def readings(page: Document) -> list[Reading]:
    """The readings of the page's own product among the item scopes."""
    scopes = page.scopes[:MOST]
    if not any("product" in (scope.attributes.get("itemtype") or "").lower() for scope in scopes):
        return []
    nodes = {scope.mem_id: _node(scope) for scope in scopes}
    elements = list(each(page.tree, "[itemprop], del, s, strike"))
    _fill(nodes, [one for one in elements if "itemprop" in one.attributes][:MOST])
    _strike(nodes, [one for one in elements if one.tag in STRUCK_TAGS][:MOST])
    found = [
        Found(nodes[scope.mem_id], _ROLES.get(prop, ""))
        for scope in scopes
        if (prop := scope.attributes.get("itemprop") or "") in {"", *_ROLES} and is_product(nodes[scope.mem_id])
    ]
    return read(found, LAYER, page)


def _fill(nodes: dict[int, Node], elements: list[LexborNode]) -> None:
    """Give every scope its properties; past a budget of text the page can only mean harm."""
    budget = TEXT_BUDGET
    for element in elements:
        owner, inner = nodes.get(_owner(element)), nodes.get(element.mem_id)
        if owner is None or budget < 0:
            continue
        value = inner or _value(element)
        budget -= len(value)
        for name in (element.attributes.get("itemprop") or "").split():
            owner.setdefault(name, []).append(value)


def _strike(nodes: dict[int, Node], elements: list[LexborNode]) -> None:
    """The one price that an offer shows struck through, which microdata has no name for; of several, none."""
    for element in elements:
        owner = nodes.get(_owner(element))
        if owner is not None and len(text := element.text(strip=True)) <= LONGEST_PRICE:
            owner[STRUCK] = "" if owner.get(STRUCK, text) != text else text


def _node(scope: LexborNode) -> Node:
    types = (scope.attributes.get("itemtype") or "").split()
    identity = scope.attributes.get("itemid")
    return {"@type": types, **({"@id": identity} if identity else {})}


def _owner(element: LexborNode) -> int:
    parent = element.parent
    for _ in range(MAX_CLIMB):
        if parent is None or "itemscope" in parent.attributes:
            break
        parent = parent.parent
    return parent.mem_id if parent else 0


def _value(element: LexborNode) -> str:
    attributes = element.attributes
    if content := attributes.get("content"):
        return content
    if element.tag in _ADDRESSES and (found := attributes.get(_ADDRESSES[element.tag])):
        return found
    return element.text(separator=" ")
