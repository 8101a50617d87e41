"""What a schema.org Product says, whichever syntax brought it here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from spiders.read.asked import STRUCK, asked, is_for_several
from spiders.read.document import Document
from spiders.read.nodes import MOST, Node, amount_said, many, name_of, nodes, said, spelled
from spiders.read.quantity import quantities, quantity
from spiders.read.reading import Reading
from spiders.read.text import gtin
from spiders.read.variants import alike, apart

__all__ = ["STRUCK", "Node", "many", "name_of", "nodes", "readings", "said"]
GTINS = ("gtin14", "gtin13", "gtin12", "gtin8", "gtin", "ean", "isbn")
# Property → the name of a variant's attribute.
_ATTRIBUTES = {"color": "colour", "size": "size", "material": "material", "pattern": "pattern"}
_SHARED = frozenset(["brand", "image", "category", "name", "material", "pattern"])
_OF_GROUP = ("isVariantOf", "inProductGroupWithID")


def readings(product: Node, layer: str, page: Document) -> list[Reading]:
    """One reading for a product, or one for each of its variants."""
    product = spelled(product)
    variants = nodes(product.get("hasVariant"))
    if not variants:
        return _settled(product, f"{layer}:Product", layer, page)
    shared = {key: value for key, value in product.items() if key in _SHARED}
    found: list[Reading] = []
    for i, variant in enumerate(variants):
        path = f"{layer}:ProductGroup.hasVariant[{i}]"
        own = _settled({**shared, "isVariantOf": "", **variant}, path, layer, page, MOST // len(variants))
        found += [replace(one, url=one.url or said(variant.get("url"))) for one in own]
    return apart(found, page) or alike(found, page)


def _settled(product: Node, path: str, layer: str, page: Document, most: int = MOST) -> list[Reading]:
    """The offers of one product: what several offers at one price say of their own is not the product's."""
    offers = _offers(product, path, layer, page, most)
    settled = alike(offers, page)
    if len(settled) == len(offers) or len(settled) != 1:
        return settled
    about = _about(product, page)
    return [replace(settled[0], **{field: about[field] for field in ("sku", "gtin", "mpn")})]


def _offers(product: Node, path: str, layer: str, page: Document, most: int) -> list[Reading]:
    about = _about(product, page)
    found = list(islice(_flat(product.get("offers"), f"{path}.offers"), most))
    found = [one for one in found if not is_for_several(one[1])] or found
    if not found:
        return [Reading(layer, path, **about)]
    return [Reading(layer, where, **_merged(about, asked(offer, page), _own(offer))) for where, offer in found]


def _merged(about: dict[str, Any], terms: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What an offer says goes before its product's word; a pack it doesn't name is the product's."""
    return {**about, **terms, **own, "pack": terms.get("pack") or about["pack"]}


def _flat(value: object, path: str) -> Iterator[tuple[str, Node]]:
    offers = nodes(value)
    for i, offer in enumerate(offers):
        where = path if len(offers) == 1 else f"{path}[{i}]"
        nested = [
            one for one in nodes(offer.get("offers")) if amount_said(one.get("price")) or "priceSpecification" in one
        ]
        if nested:
            yield from ((f"{where}.offers[{j}]", one) for j, one in enumerate(nested))
        else:
            yield where, offer


def _gtin(*sources: Node) -> str:
    """The first valid one; a productID counts only where it says what it is (`ean:4006381333931`)."""
    texts = [said(source[key]) for source in sources for key in GTINS if key in source]
    texts += [text for source in sources if ":" in (text := said(source.get("productID")))]
    return next((found for text in texts if (found := gtin(text.rsplit(":", 1)[-1]))), "")


def _about(product: Node, page: Document) -> dict[str, Any]:
    return {
        "name": said(product.get("name")),
        "brand": said(product.get("brand"), "name") or said(product.get("manufacturer"), "name"),
        "gtin": _gtin(product),
        "mpn": said(product.get("mpn")),
        "sku": said(product.get("sku")) or said(product.get("productID")),
        "image": said(product.get("image"), "url", "contentUrl", "@id"),
        "category": said(product.get("category"), "name"),
        "condition": name_of(product.get("itemCondition")),
        "attributes": tuple(_attributes(product)),
        "pack": _pack(product, page),
    }


def _attributes(product: Node) -> Iterator[tuple[str, str]]:
    """What tells a variant from its siblings; other properties only of a product that says it is a variant."""
    for key, name in _ATTRIBUTES.items():
        if text := said(product.get(key), "name"):
            yield name, text
    if any(key in product for key in _OF_GROUP):
        for one in nodes(product.get("additionalProperty")):
            if (name := said(one.get("name"))) and (text := said(one.get("value"))):
                yield name, text


def _pack(product: Node, page: Document) -> str:
    """The size where it is a quantity; the weight, which may be the parcel's, where the name says the same."""
    size, weight = _measure(product.get("size")), _measure(product.get("weight"))
    if quantity(size, page.language):
        return size
    known = quantity(weight, page.language)
    return weight if known and known in quantities(said(product.get("name")), page.language) else ""


def _measure(value: object) -> str:
    for one in nodes(value):
        return f"{said(one.get('value'))} {said(one.get('unitText')) or said(one.get('unitCode'))}".strip()
    return said(value)


def _own(offer: Node) -> dict[str, Any]:
    """What an offer says of its own; empty answers leave the product's standing."""
    sold = next(iter(nodes(offer.get("itemOffered"))), {})
    fields = {
        "gtin": _gtin(offer, sold),
        "mpn": said(offer.get("mpn")) or said(sold.get("mpn")),
        "sku": said(offer.get("sku")) or said(sold.get("sku")),
        "url": said(offer.get("url")),
        "availability": said(offer.get("availability"), "@id"),
        "condition": name_of(offer.get("itemCondition")),
        "seller": said(offer.get("seller"), "name") or said(offer.get("offeredBy"), "name"),
    }
    return {key: value for key, value in fields.items() if value}
