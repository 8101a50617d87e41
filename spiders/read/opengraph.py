"""Layer: OpenGraph, product and Twitter card meta elements in the head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spiders.read.document import Document
from spiders.read.nodes import is_equal
from spiders.read.reading import Reading

LAYER = "opengraph"
SALE = ("product:sale_price:amount", "product:sale_price")
# Field → names of meta elements, the surer first.
NAMES = {
    "price": (*SALE, "product:price:amount", "product:price", "og:price:amount", "og:price"),
    "currency": ("product:sale_price:currency", "product:price:currency", "og:price:currency"),
    "regular_price": ("product:original_price:amount", "product:original_price", "og:price:standard_amount"),
    "name": ("og:title",),
    "brand": ("product:brand", "og:brand"),
    "gtin": ("product:gtin", "product:ean", "product:upc", "product:isbn", "og:upc", "og:ean"),
    "mpn": ("product:mfr_part_no",),
    "sku": ("product:retailer_item_id", "product:retailer_part_no"),
    "availability": ("product:availability", "og:availability"),
    "condition": ("product:condition", "og:condition"),
    "image": ("og:image:secure_url", "og:image"),
    "category": ("product:category",),
    "shipping": ("product:shipping_cost:amount",),
    "promotion_ends": ("product:sale_price_dates:end",),
}
ATTRIBUTES = {
    "product:color": "colour",
    "product:size": "size",
    "product:material": "material",
    "product:pattern": "pattern",
}
_BEFORE_SALE = ("product:price:amount", "product:price")
# What the first lines of a Twitter product card call the price.
_LABELS = frozenset(["price", "preis", "prix", "precio", "prezzo", "prijs", "preço", "cena", "pris", "hinta", "цена"])


def readings(page: Document) -> list[Reading]:
    """At most one reading, and only where the head names a price."""
    metas: dict[str, list[str]] = {}
    for node in page.metas:
        name = node.attributes.get("property") or node.attributes.get("name")
        if name and (content := node.attributes.get("content")):
            metas.setdefault(name.lower(), []).append(content)
    found = {field: next((n for n in names if n in metas), "") for field, names in NAMES.items()}
    found["price"] = found["price"] or _of_card(metas)
    if not found["price"]:
        return []
    fields: dict[str, Any] = {field: metas[name][0] for field, name in found.items() if name}
    before = next((name for name in _BEFORE_SALE if name in metas), "") if found["price"] in SALE else ""
    if before:
        fields["regular_price"] = metas[before][0]
    fields["attributes"] = tuple((name, metas[meta][0]) for meta, name in ATTRIBUTES.items() if meta in metas)
    return [Reading(LAYER, f"{LAYER}:{found['price']}", **fields, doubts=_doubts(metas, found["price"], before))]


def _of_card(metas: Mapping[str, list[str]]) -> str:
    """The card's line that its label calls the price."""
    for line in ("1", "2"):
        label = metas.get(f"twitter:label{line}", [""])[0].strip().rstrip(":").lower()
        if label in _LABELS and f"twitter:data{line}" in metas:
            return f"twitter:data{line}"
    return ""


def _doubts(metas: Mapping[str, list[str]], name: str, before: str) -> tuple[str, ...]:
    """Several prices, or a sale that has dates: whether it runs, the head alone cannot say."""
    prices = sorted(set(metas[name]))
    if len(prices) > 1:
        return (f"several prices: {', '.join(prices[:5])}",)
    dated = any(f"product:sale_price_dates:{end}" in metas for end in ("start", "end"))
    if before and dated and not is_equal(prices[0], metas[before][0]):
        return (f"the price is {metas[before][0]!r}, its sale price {prices[0]!r} holds for a time only",)
    return ()
