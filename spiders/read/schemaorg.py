"""What a schema.org Product says, whichever syntax brought it here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import islice
from typing import Any

from pricevane.model import PriceKind
from spiders.read.document import Document
from spiders.read.reading import Reading
from spiders.read.text import gtin
from spiders.read.variants import alike, apart

Node = dict[str, Any]
GTINS = ("gtin14", "gtin13", "gtin12", "gtin8", "gtin", "ean", "isbn")
# Not of the vocabulary: what a layer saw struck through beside an offer.
STRUCK = " struck through"
LIST_PRICES = frozenset(["ListPrice", "StrikethroughPrice", "RegularPrice", "MSRP", "SRP"])
PIECES = frozenset(["", "C62", "EA", "H87", "PCE", "PC", "ST"])
MOST = 300


def many(value: object) -> list[Any]:
    """A value as a list: schema.org allows one or several everywhere."""
    return value[:MOST] if isinstance(value, list) else [] if value is None else [value]


def nodes(value: object) -> list[Node]:
    """Only the nodes among one or several values."""
    return [one for one in many(value) if isinstance(one, dict)]


def said(value: object, *keys: str) -> str:
    """The first text of a value: itself, one of its elements, or what the first of `keys` names in a node."""
    for one in many(value):
        texts = (
            [text for key in (*keys, "@value") for text in many(one.get(key))[:1]] if isinstance(one, dict) else [one]
        )
        for text in texts:
            if isinstance(text, str) and text.strip():
                return unescape(text)
    return ""


def name_of(value: object) -> str:
    """The local part of a type or an enumeration member: `ListPrice` of `https://schema.org/ListPrice`."""
    return said(value, "@id").rsplit("/", 1)[-1].rsplit("#", 1)[-1].rsplit(":", 1)[-1]


def readings(product: Node, layer: str, page: Document) -> list[Reading]:
    """One reading for a product, or one for each of its variants."""
    variants = nodes(product.get("hasVariant"))
    if not variants:
        return _settled(product, f"{layer}:Product", layer, page)
    shared = {key: value for key, value in product.items() if key in {"brand", "image", "category", "name"}}
    found: list[Reading] = []
    for i, variant in enumerate(variants):
        path = f"{layer}:ProductGroup.hasVariant[{i}]"
        own = _settled({**shared, **variant}, path, layer, page, MOST // len(variants))
        found += [replace(one, url=one.url or said(variant.get("url"))) for one in own]
    return apart(found, page) or alike(found, page)


def _settled(product: Node, path: str, layer: str, page: Document, most: int = MOST) -> list[Reading]:
    """The offers of one product: what several offers at one price say of their own is not the product's."""
    offers = _offers(product, path, layer, most)
    settled = alike(offers, page)
    if len(settled) == len(offers) or len(settled) != 1:
        return settled
    about = _about(product)
    return [replace(settled[0], **{field: about[field] for field in ("sku", "gtin", "mpn")})]


def _offers(product: Node, path: str, layer: str, most: int) -> list[Reading]:
    about = _about(product)
    found = list(islice(_flat(product.get("offers"), f"{path}.offers"), most))
    if not found:
        return [Reading(layer, path, **about)]
    return [Reading(layer, where, **{**about, **_terms(offer), **_own(offer)}) for where, offer in found]


def _flat(value: object, path: str) -> Iterator[tuple[str, Node]]:
    offers = nodes(value)
    for i, offer in enumerate(offers):
        where = path if len(offers) == 1 else f"{path}[{i}]"
        nested = [one for one in nodes(offer.get("offers")) if _terms(one).get("price")]
        if nested:
            yield from ((f"{where}.offers[{j}]", one) for j, one in enumerate(nested))
        else:
            yield where, offer


def _gtin(*sources: Node) -> str:
    """The first valid one; a productID counts only where it says what it is (`ean:4006381333931`)."""
    texts = [said(source.get(key)) for source in sources for key in GTINS]
    texts += [text for source in sources if ":" in (text := said(source.get("productID")))]
    return next((found for text in texts if (found := gtin(text.rsplit(":", 1)[-1]))), "")


def _about(product: Node) -> dict[str, Any]:
    return {
        "name": said(product.get("name")),
        "brand": said(product.get("brand"), "name") or said(product.get("manufacturer"), "name"),
        "gtin": _gtin(product),
        "mpn": said(product.get("mpn")),
        "sku": said(product.get("sku")) or said(product.get("productID")),
        "image": said(product.get("image"), "url", "contentUrl", "@id"),
        "category": said(product.get("category"), "name"),
        "condition": name_of(product.get("itemCondition")),
    }


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


def _terms(offer: Node) -> dict[str, Any]:
    """Price, regular price, currency, kind and tax of one offer."""
    specs = [spec for spec in nodes(offer.get("priceSpecification")) if not _is_unit_or_fee(spec)]
    listed = [spec for spec in specs if name_of(spec.get("priceType")) in LIST_PRICES]
    asked = [spec for spec in specs if spec not in listed and "validForMemberTier" not in spec]
    chosen = next((one for one in (offer, *asked, *specs) if said(one.get("price"))), offer)
    price, kind = said(chosen.get("price")), _kind(chosen, listed)
    low, high = said(offer.get("lowPrice")), said(offer.get("highPrice"))
    if not price and low:
        price, kind = low, PriceKind.STANDARD if low == high or said(offer.get("offerCount")) == "1" else PriceKind.FROM
    others = [text for spec in asked if (text := said(spec.get("price"))) and text != price]
    doubted = bool(others) and chosen is offer
    return {
        "price": price,
        "kind": kind,
        "currency": said(chosen.get("priceCurrency")) or said(offer.get("priceCurrency")),
        "regular_price": next((text for spec in listed if (text := said(spec.get("price")))), said(offer.get(STRUCK))),
        "tax_included": _tax(chosen, offer, *specs),
        "doubts": (f"offers.price is {price!r}, but its priceSpecification {others[0]!r}",) if doubted else (),
    }


def _kind(spec: Node, listed: list[Node]) -> PriceKind:
    if "validForMemberTier" in spec:
        return PriceKind.MEMBER
    if "billingDuration" in spec or "billingIncrement" in spec:
        return PriceKind.INSTALMENT
    return PriceKind.FROM if spec in listed else PriceKind.STANDARD


def _is_unit_or_fee(spec: Node) -> bool:
    reference = next(iter(nodes(spec.get("referenceQuantity"))), {})
    unit = said(reference.get("unitCode")) or said(reference.get("unitText"))
    return unit.upper() not in PIECES or "Charge" in name_of(spec.get("@type"))


def _tax(*sources: Node) -> bool | None:
    for source in sources:
        value = source.get("valueAddedTaxIncluded")
        if value is not None:
            return name_of(value).lower() == "true" if isinstance(value, str) else value is True
    return None
