"""Shops that publish their catalogue as Shopify, WooCommerce and Magento do; none has a sitemap."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from urllib.parse import parse_qs

from pricevane.market.north import North
from pricevane.market.nouns import Listing, Shown
from pricevane.market.sitemaps import robots
from pricevane.market.storefront import JSON, Reply, same
from pricevane.market.wording import fill, in_script, linked_product, money, stock
from pricevane.model import Availability

# Of so many articles one comes in two sizes, the large one dearer by SURCHARGE.
SIZED_EVERY = 4
SIZES = ("Small", "Large")
SURCHARGE = Decimal("5.00")


class FeedShop(North):
    """A shop with a feed of `page_size` articles a page at `feed_path`; `sign` stands on each page."""

    sign = ""
    feed_path = ""
    page_size = 0

    def page(self, title: str, body: str, head: str = "") -> str:
        """The layout with the platform's sign."""
        return super().page(title, body, head + self.sign)

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt alone."""
        return {"/robots.txt": partial(same, robots(["/basket"]))}

    def feed(self, some: list[Listing], day: int) -> object:
        """One page of the feed as JSON values."""
        raise NotImplementedError

    def reply(self, target: str, day: int) -> Reply:
        """The feed's pages, empty after the last, and all else."""
        path, _, query = target.partition("?")
        if path != self.feed_path:
            return super().reply(target, day)
        first = (self.number(query) - 1) * self.page_size
        feed = self.feed(list(self.listings.values())[first : first + self.page_size], day)
        return Reply(json.dumps(feed).encode(), JSON)

    def number(self, query: str) -> int:
        """Which page of the feed is asked for."""
        return int(parse_qs(query).get("page", ["1"])[0])


class Shopify(FeedShop):
    """Variants are told apart by `?variant=`; the feed names no currency."""

    sign = '<script src="//cdn.shopify.com/s/files/theme.js"></script>'
    feed_path = "/products.json"
    page_size = 20
    # What the feed says is lower than what the pages say by this much: nothing in an honest shop.
    rebate = Decimal(0)

    def sizes(self, listing: Listing, shown: Shown) -> list[tuple[int, str, Decimal]]:
        """Number, name and price of each variant."""
        if listing.number % SIZED_EVERY:
            return [(listing.number * 10, "Default Title", shown.shown)]
        steps = (Decimal(0), SURCHARGE)
        return [
            (listing.number * 10 + place, size, shown.shown + step)
            for place, (size, step) in enumerate(zip(SIZES, steps, strict=True))
        ]

    def product(self, listing: Listing, shown: Shown, day: int) -> str:
        """An offer for each variant in JSON-LD, the first one's price to be seen."""
        linked = linked_product(listing, shown, self.base)
        one = linked["offers"]
        linked["offers"] = [
            {**one, "url": f"{one['url']}?variant={number}", "price": str(price), "sku": str(number)}
            for number, _, price in self.sizes(listing, shown)
        ]
        text = {"name": listing.name, "brand": listing.good.brand, "price": money(shown.shown, "en")}
        text |= {"image": f"/img/{listing.number}.svg", "stock": stock(shown.availability, "en")}
        was = f" <s>{money(shown.regular, 'en')}</s>" if shown.regular is not None else ""
        head = f'<link rel="canonical" href="{self.base}{listing.path}">\n'
        head += f'<script type="application/ld+json">{in_script(linked)}</script>\n'
        return self.page(listing.name, fill("north_product.html", text, was=was), head)

    def feed(self, some: list[Listing], day: int) -> object:
        """As /products.json has it: prices as texts, no currency."""
        return {"products": [self._entry(listing, self.shown[day][listing.path]) for listing in some]}

    def _entry(self, listing: Listing, shown: Shown) -> dict[str, object]:
        return {
            "id": listing.number,
            "title": listing.name,
            "handle": listing.path.rpartition("/")[2],
            "vendor": listing.good.brand,
            "product_type": listing.good.category,
            "options": [{"name": "Size", "position": 1}],
            "images": [{"src": f"{self.base}/img/{listing.number}.svg"}],
            "variants": [
                {
                    "id": number,
                    "title": size,
                    "option1": size,
                    "sku": str(number),
                    "available": shown.availability is not Availability.OUT_OF_STOCK,
                    "price": str(price - self.rebate),
                    "compare_at_price": None if shown.regular is None else str(shown.regular),
                }
                for number, size, price in self.sizes(listing, shown)
            ],
        }


class LyingShopify(Shopify):
    """Its feed leaves out a surcharge that every page asks."""

    rebate = Decimal("1.00")


class WooCommerce(FeedShop):
    """Prices in minor units, stock as the page tells it."""

    sign = '<meta name="generator" content="WooCommerce 9.4.1">'
    feed_path = "/wp-json/wc/store/v1/products"
    page_size = 15

    def feed(self, some: list[Listing], day: int) -> object:
        """As the Store API has it."""
        return [self._entry(listing, self.shown[day][listing.path]) for listing in some]

    def _entry(self, listing: Listing, shown: Shown) -> dict[str, object]:
        regular = shown.shown if shown.regular is None else shown.regular
        return {
            "id": listing.number,
            "name": listing.name,
            "type": "simple",
            "permalink": self.base + listing.path,
            "sku": str(listing.number),
            "on_sale": shown.regular is not None,
            "prices": {
                "price": str(int(shown.shown * 100)),
                "regular_price": str(int(regular * 100)),
                "price_range": None,
                "currency_code": shown.currency,
                "currency_minor_unit": 2,
            },
            "images": [{"src": f"{self.base}/img/{listing.number}.svg"}],
            "categories": [{"name": listing.good.category}],
            "is_in_stock": shown.availability is not Availability.OUT_OF_STOCK,
            "is_on_backorder": False,
            "low_stock_remaining": 3 if shown.availability is Availability.LOW_STOCK else None,
        }


class Magento(FeedShop):
    """GraphQL by GET: prices as numbers, and an error behind the last page."""

    sign = '<script type="text/x-magento-init">{"*": {"Magento_Ui/js/core/app": {}}}</script>'
    feed_path = "/graphql"
    page_size = 25

    def number(self, query: str) -> int:
        """As the query says."""
        found = re.search(r"currentPage:(\d+)", parse_qs(query)["query"][0])
        return int(found[1]) if found else 1

    def feed(self, some: list[Listing], day: int) -> object:
        """As the products query answers."""
        if not some:
            message = "currentPage value 9 specified is greater than the 8 page(s) available."
            return {"errors": [{"message": message}], "data": {"products": None}}
        return {"data": {"products": {"items": [self._entry(one, self.shown[day][one.path]) for one in some]}}}

    def _entry(self, listing: Listing, shown: Shown) -> dict[str, object]:
        regular = shown.shown if shown.regular is None else shown.regular
        final = {"value": float(shown.shown), "currency": shown.currency}
        return {
            "__typename": "SimpleProduct",
            "sku": str(listing.number),
            "name": listing.name,
            "url_key": listing.path.removeprefix("/"),
            "url_suffix": "",
            "stock_status": "OUT_OF_STOCK" if shown.availability is Availability.OUT_OF_STOCK else "IN_STOCK",
            "small_image": {"url": f"{self.base}/img/{listing.number}.svg"},
            "price_range": {
                "minimum_price": {"final_price": final, "regular_price": {"value": float(regular)}},
                "maximum_price": {"final_price": final},
            },
        }
