"""What one layer of a page says about one variant, as it was written there."""

from __future__ import annotations

from dataclasses import dataclass

from pricevane.model import PriceKind

LAYERS = ("jsonld", "microdata", "rdfa", "embedded", "opengraph", "dom", "place", "selectors")


@dataclass(frozen=True, slots=True)
class Reading:
    """Strings as found, not yet believed; `path` says where the price stood.

    `layer` is one of LAYERS. `unit` is the base of `unit_price` ("kg", "100 g"). `variant` tells apart the variants of
    one product (an sku, a GTIN or an address), and is empty where the page sells one thing.
    """

    layer: str
    path: str
    price: str = ""
    regular_price: str = ""
    currency: str = ""
    kind: PriceKind = PriceKind.STANDARD
    tax_included: bool | None = None
    name: str = ""
    brand: str = ""
    gtin: str = ""
    mpn: str = ""
    sku: str = ""
    image: str = ""
    category: str = ""
    availability: str = ""
    condition: str = ""
    seller: str = ""
    url: str = ""
    variant: str = ""
    unit_price: str = ""
    unit: str = ""
    pack: str = ""
    shipping: str = ""
    stock: str = ""
    promotion: str = ""
    promotion_ends: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    doubts: tuple[str, ...] = ()
