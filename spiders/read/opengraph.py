"""Layer: OpenGraph and product meta elements in the head."""

from __future__ import annotations

from typing import Any

from spiders.read.document import Document
from spiders.read.reading import Reading

LAYER = "opengraph"
# Field → names of meta elements, the surer first.
NAMES = {
    "price": ("product:sale_price:amount", "product:price:amount", "og:price:amount"),
    "currency": ("product:sale_price:currency", "product:price:currency", "og:price:currency"),
    "regular_price": ("product:original_price:amount", "og:price:standard_amount"),
    "name": ("og:title",),
    "brand": ("product:brand", "og:brand"),
    "gtin": ("product:gtin", "product:ean", "product:upc", "product:isbn", "og:upc", "og:ean"),
    "mpn": ("product:mfr_part_no",),
    "sku": ("product:retailer_item_id", "product:retailer_part_no"),
    "availability": ("product:availability", "og:availability"),
    "condition": ("product:condition",),
    "image": ("og:image:secure_url", "og:image"),
    "category": ("product:category",),
}


def readings(page: Document) -> list[Reading]:
    """At most one reading, and only where the head names a price."""
    metas: dict[str, list[str]] = {}
    for node in page.metas:
        name = node.attributes.get("property") or node.attributes.get("name")
        if name and (content := node.attributes.get("content")):
            metas.setdefault(name.lower(), []).append(content)
    found = {field: next((n for n in names if n in metas), "") for field, names in NAMES.items()}
    if not found["price"]:
        return []
    fields: dict[str, Any] = {field: metas[name][0] for field, name in found.items() if name}
    if found["price"] == "product:sale_price:amount" and "product:price:amount" in metas:
        fields["regular_price"] = metas["product:price:amount"][0]
    prices = set(metas[found["price"]])
    doubts = (f"several prices: {', '.join(sorted(prices)[:5])}",) if len(prices) > 1 else ()
    return [Reading(LAYER, f"{LAYER}:{found['price']}", **fields, doubts=doubts)]
