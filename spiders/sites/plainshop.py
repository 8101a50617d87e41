"""Plainshop: a German shop without structured data."""

from typing import ClassVar

from spiders.shop import ShopSpider


class PlainshopSpider(ShopSpider):
    name = "plainshop"
    marker = 'meta[name="generator"][content="Plainshop"]'
    selectors: ClassVar = {
        "price": ".product-price .current",
        "regular_price": ".product-price .old",
        "name": "h1.product-title",
        "brand": ".spec-brand",
        "gtin": ".spec-ean",
        "mpn": ".spec-mpn",
        "availability": ".stock-status",
    }
