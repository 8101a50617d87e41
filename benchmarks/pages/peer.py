"""What another reader makes of a page: extruct's JSON-LD, microdata and Open Graph, its price by price-parser."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import extruct
from price_parser import Price
from w3lib.encoding import html_to_unicode

SYNTAXES = ["json-ld", "microdata", "opengraph"]
PRICES = ("price", "lowPrice", "highPrice")
META = ("product:price:amount", "og:price:amount", "product:sale_price:amount")


def peer_price(body: bytes) -> Decimal | None:
    """The first price above zero that a Product on the page names, JSON-LD first; None without one."""
    text = html_to_unicode(None, body)[1]
    found = extruct.extract(text, base_url="http://localhost/", syntaxes=SYNTAXES, uniform=True, errors="ignore")
    for syntax in SYNTAXES:
        for node in _nodes(found.get(syntax, [])):
            for raw in _prices(node):
                price = Price.fromstring(str(raw)).amount
                if price:
                    return price
    return None


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in what extruct returns, outermost first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _prices(node: dict[str, Any]) -> Iterator[Any]:
    """The prices of a Product's offers, or of Open Graph tags."""
    if _is_product(node.get("@type")):
        offers = [part for part in _nodes(node.get("offers", [])) if part is not node]
        yield from (offer[name] for offer in offers for name in PRICES if offer.get(name))
    yield from (node[name] for name in META if node.get(name))


def _is_product(kind: Any) -> bool:
    """Whether a type or one of several is schema.org's Product, in any case, as shops write it."""
    kinds = kind if isinstance(kind, list) else [kind]
    return "product" in {str(one).rpartition("/")[2].casefold() for one in kinds}
