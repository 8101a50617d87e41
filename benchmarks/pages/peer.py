"""What another reader makes of a page: extruct's JSON-LD, microdata and Open Graph, its price by price-parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import extruct
from price_parser import Price
from w3lib.encoding import html_to_unicode

from benchmarks.pages.cases import Answer
from benchmarks.pages.fields import IN_STOCK, OUT_OF_STOCK, values

SYNTAXES = ["json-ld", "microdata", "opengraph"]
PRICES = ("price", "lowPrice", "highPrice")
META_PRICES = ("product:price:amount", "og:price:amount", "product:sale_price:amount")
OFFERED: Mapping[str, str] = {"currency": "priceCurrency", "availability": "availability"}
NAMED: Mapping[str, tuple[str, ...]] = {
    "sku": ("sku", "productID"),
    "brand": ("brand", "manufacturer"),
    "gtin": ("gtin", "gtin13", "gtin14", "gtin12", "gtin8", "ean", "isbn"),
    "mpn": ("mpn",),
}
META: Mapping[str, tuple[str, ...]] = {
    "currency": ("product:price:currency", "og:price:currency"),
    "availability": ("product:availability", "og:availability"),
    "sku": ("product:retailer_item_id",),
    "brand": ("product:brand", "og:brand"),
    "gtin": ("product:ean", "product:gtin", "product:upc", "product:isbn"),
    "mpn": ("product:mfr_part_no",),
}
AVAILABLE: Mapping[str, str] = {
    **dict.fromkeys(("instock", "instoreonly", "onlineonly", "limitedavailability"), IN_STOCK),
    **dict.fromkeys(("preorder", "presale", "backorder", "madetoorder", "availablefororder"), IN_STOCK),
    **dict.fromkeys(("outofstock", "oos", "soldout", "discontinued", "reserved"), OUT_OF_STOCK),
}


def peer_price(body: bytes) -> Decimal | None:
    """The first price above zero that a Product on the page names, JSON-LD first; None without one."""
    price = peer_answer(body).values.get("price")
    return price if isinstance(price, Decimal) else None


def peer_answer(body: bytes) -> Answer:
    """The first value of each field that a Product on the page names, JSON-LD first; `url` is the priced one's."""
    text = html_to_unicode(None, body)[1]
    found = extruct.extract(text, base_url="http://localhost/", syntaxes=SYNTAXES, uniform=True, errors="ignore")
    first: dict[str, Any] = {}
    for syntax in SYNTAXES:
        for node in _nodes(found.get(syntax, [])):
            for name, value in _values(node):
                if name == "price" and "price" not in first:
                    first["url"] = _text(node.get("url"))
                first.setdefault(name, value)
    return Answer(values({name: value for name, value in first.items() if name != "url"}), first.get("url", ""))


def _values(node: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The fields that a Product, its offers or Open Graph tags name, where they say something."""
    for name, raw in _named(node):
        if name == "price":
            price = Price.fromstring(str(raw)).amount
            if price:
                yield name, price
        elif name == "availability":
            state = AVAILABLE.get(re.sub(r"[\W_]", "", _text(raw).rpartition("/")[2].casefold()))
            if state:
                yield name, state
        elif _text(raw):
            yield name, _text(raw)


def _named(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if _is_product(node.get("@type")):
        offers = [part for part in _nodes(node.get("offers", [])) if part is not node]
        yield from (("price", offer[name]) for offer in offers for name in PRICES if offer.get(name))
        yield from ((name, offer.get(theirs)) for offer in offers for name, theirs in OFFERED.items())
        yield from ((name, node.get(one)) for name, theirs in NAMED.items() for one in theirs)
    yield from (("price", node[name]) for name in META_PRICES if node.get(name))
    yield from ((name, node.get(one)) for name, theirs in META.items() for one in theirs)


def _text(value: Any) -> str:
    """A value as text: the first of several, the name of a thing."""
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    if isinstance(value, dict):
        return _text(value.get("name"))
    return str(value).strip() if isinstance(value, str | int) else ""


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in what extruct returns, outermost first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _is_product(kind: Any) -> bool:
    """Whether a type or one of several is schema.org's Product, in any case, as shops write it."""
    kinds = kind if isinstance(kind, list) else [kind]
    return "product" in {str(one).rpartition("/")[2].casefold() for one in kinds}
