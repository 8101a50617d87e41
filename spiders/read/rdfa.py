"""Layer: RDFa Lite and GoodRelations, turned into the nodes that JSON-LD would have had."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from selectolax.lexbor import LexborNode

from spiders.read.choose import Found, Role, is_product, read
from spiders.read.document import Document
from spiders.read.reading import Reading
from spiders.read.schemaorg import Node
from spiders.read.tree import each

LAYER = "rdfa"
MOST = 3000
MAX_CLIMB = 60
TEXT_BUDGET = 2_000_000
_ADDRESSES = ("content", "href", "src", "resource", "datetime", "value")
_ROLES: dict[str, Role] = {
    "mainEntity": "main",
    "mainEntityOfPage": "main",
    "itemListElement": "listed",
    "item": "listed",
}
# GoodRelations' names → schema.org's.
_TYPES = {
    "ProductOrServiceModel": "ProductModel",
    "SomeItems": "Product",
    "ProductOrService": "Product",
    "ProductOrServicesSomeInstancesPlaceholder": "Product",
    "Individual": "IndividualProduct",
    "Offering": "Offer",
    "UnitPriceSpecification": "PriceSpecification",
}
_NAMES = {
    "hasCurrencyValue": "price",
    "hasMinCurrencyValue": "lowPrice",
    "hasMaxCurrencyValue": "highPrice",
    "hasCurrency": "priceCurrency",
    "hasPriceSpecification": "priceSpecification",
    "includes": "itemOffered",
    "hasEAN_UCC-13": "gtin13",
    "hasGTIN-14": "gtin14",
    "hasStockKeepingUnit": "sku",
    "hasMPN": "mpn",
    "hasManufacturer": "manufacturer",
    "hasBrand": "brand",
    "label": "name",
}


def readings(page: Document) -> list[Reading]:
    """The readings of the page's own product among the typed elements."""
    scopes = page.typed[:MOST]
    nodes = {scope.mem_id: _node(scope) for scope in scopes}
    if not any("product" in str(node["@type"]).lower() or "Offer" in node["@type"] for node in nodes.values()):
        return []
    _fill(nodes, list(islice(each(page.tree, "[property], [typeof]"), MOST)))
    return read(_found(scopes, nodes), LAYER, page)


def _found(scopes: Sequence[LexborNode], nodes: dict[int, Node]) -> list[Found]:
    """Products of their own, and offers that hold what they offer, as GoodRelations has it."""
    found: list[Found] = []
    for scope in scopes:
        node, name = nodes[scope.mem_id], _name(scope)
        role = _ROLES.get(name, "")
        sold = next((one for one in node.get("itemOffered", ()) if isinstance(one, dict)), None)
        if "Offer" in node["@type"] and sold and name != "offers":
            found.append(Found({**sold, "name": sold.get("name") or node.get("name"), "offers": node}, role))
        elif name in {"", *_ROLES} and is_product(node):
            found.append(Found(node, role))
    return found


def _fill(nodes: dict[int, Node], elements: list[LexborNode]) -> None:
    """Give every node its properties; past a budget of text the page can only mean harm."""
    budget = TEXT_BUDGET
    for element in elements:
        owner, inner = nodes.get(_owner(element)), nodes.get(element.mem_id)
        name = _name(element)
        if owner is None or budget < 0 or not name:
            continue
        value = inner or _value(element)
        budget -= len(value)
        owner.setdefault(name, []).append(value)


def _node(scope: LexborNode) -> Node:
    types = [_local(one) for one in (scope.attributes.get("typeof") or "").split()]
    identity = scope.attributes.get("resource") or scope.attributes.get("about")
    return {"@type": [_TYPES.get(one, one) for one in types], **({"@id": identity} if identity else {})}


def _name(element: LexborNode) -> str:
    """The property that an element gives, or that the link around it does, without its prefix."""
    attributes, linked = element.attributes, ""
    if "typeof" in attributes:
        around = element.parent.attributes if element.parent else {}
        linked = attributes.get("rel") or ("" if "typeof" in around else around.get("rel")) or ""
    words = (attributes.get("property") or linked).split()
    name = _local(words[0]) if words else ""
    return _NAMES.get(name, name)


def _local(word: str) -> str:
    return word.rsplit("/", 1)[-1].rsplit("#", 1)[-1].rsplit(":", 1)[-1]


def _owner(element: LexborNode) -> int:
    parent = element.parent
    for _ in range(MAX_CLIMB):
        if parent is None or "typeof" in parent.attributes:
            break
        parent = parent.parent
    return parent.mem_id if parent else 0


def _value(element: LexborNode) -> str:
    attributes = element.attributes
    for name in _ADDRESSES:
        if found := attributes.get(name):
            return found
    return element.text(separator=" ")
