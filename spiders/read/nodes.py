"""Values of linked data: one or several, texts or nodes, in any spelling, read without trusting their shape."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

Node = dict[str, Any]
MOST = 300
DEEPEST = 12
# Shops write these in other cases too.
_KEYS = (
    "name offers price priceCurrency lowPrice highPrice offerCount priceSpecification priceType priceValidUntil"
    " validFrom validThrough validForMemberTier referenceQuantity eligibleQuantity unitCode unitText value"
    " minValue maxValue currency valueAddedTaxIncluded billingDuration billingIncrement priceComponentType"
    " availability availabilityEnds inventoryLevel itemCondition seller offeredBy itemOffered shippingDetails"
    " shippingRate shippingDestination addressCountry doesNotShip sku mpn gtin gtin8 gtin12 gtin13 gtin14 ean isbn"
    " productID brand manufacturer image category url hasVariant additionalProperty size color material pattern"
    " weight inProductGroupWithID isVariantOf"
)
_KNOWN = frozenset(_KEYS.split())
_SPELLED = {key.lower(): key for key in _KNOWN}


def many(value: object) -> list[Any]:
    """A value as a list: schema.org allows one or several everywhere."""
    return value[:MOST] if isinstance(value, list) else [] if value is None else [value]


def nodes(value: object) -> list[Node]:
    """Only the nodes among one or several values."""
    return [one for one in many(value) if isinstance(one, dict)]


def said(value: object, *keys: str) -> str:
    """The first text of a value: itself, one of its elements, or what the first of `keys` names in a node."""
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape(value) if value.strip() else ""
    for one in many(value):
        texts = (
            [text for key in (*keys, "@value") for text in many(one.get(key))[:1]] if isinstance(one, dict) else [one]
        )
        for text in texts:
            if isinstance(text, str) and text.strip():
                return unescape(text)
    return ""


def amount_said(value: object) -> str:
    """The text of an amount, also where a converter of XML or a node for money wraps it."""
    return said(value, "value", "price", "amount", "$", "#text")


def exact(text: str) -> Decimal | None:
    """A plain machine number, or None."""
    try:
        found = Decimal(text.strip()) if len(text) <= 40 else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def is_equal(one: str, other: str) -> bool:
    """Whether two amounts as text are one: `10` and `10.00`."""
    return one == other or (exact(one) is not None and exact(one) == exact(other))


def name_of(value: object) -> str:
    """The local part of a type or an enumeration member: `ListPrice` of `https://schema.org/ListPrice`."""
    return said(value, "@id").rsplit("/", 1)[-1].rsplit("#", 1)[-1].rsplit(":", 1)[-1]


def spelled(node: Node) -> Node:
    """The node with the vocabulary's own spelling of the keys it knows, in all that hangs below it.

    References may lead in circles: each node is written once.
    """
    return _spelled(node, DEEPEST, {})  # type: ignore[no-any-return]


def _spelled(value: Any, depth: int, written: dict[int, Node]) -> Any:
    if not depth or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [_spelled(one, depth - 1, written) for one in value[:MOST]]
    if id(value) not in written:
        found = written[id(value)] = {}
        key: str
        for key, inner in value.items():
            known = key if key in _KNOWN else _SPELLED.get(key.lower(), key)
            if known == key or known not in value:
                found[known] = _spelled(inner, depth - 1, written)
    return written[id(value)]
