"""The English shop: JSON-LD with meta tags, a sitemap index, gzip sitemaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pricevane.market.nouns import Listing, Shown
from pricevane.market.sitemaps import robots, sitemap, sitemap_index
from pricevane.market.storefront import Reply, Storefront, same
from pricevane.market.wording import fill, in_script, linked_product, money, stock
from pricevane.model import Availability

PER_SITEMAP = 120


class North(Storefront):
    """Structured data in two layers that agree."""

    def product(self, listing: Listing, shown: Shown, day: int) -> str:
        """Canonical link, og: and product: tags, JSON-LD, and the visible price."""
        sold_out = shown.availability is Availability.OUT_OF_STOCK
        text = {
            "name": listing.name,
            "brand": listing.good.brand,
            "number": listing.number,
            "url": self.base + listing.path,
            "image": f"{self.base}/img/{listing.number}.svg",
            "amount": shown.shown,
            "currency": shown.currency,
            "availability": "out of stock" if sold_out else "in stock",
            "price": money(shown.shown, "en"),
            "stock": stock(shown.availability, "en"),
        }
        was = f" <s>{money(shown.regular, 'en')}</s>" if shown.regular is not None else ""
        head = fill("north_head.html", text, ld=in_script(linked_product(listing, shown, self.base)))
        return self.page(listing.name, fill("north_product.html", text, was=was), head)

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt → sitemap index → packed sitemaps of articles and of other pages."""
        paths = list(self.listings)
        parts = [paths[first : first + PER_SITEMAP] for first in range(0, len(paths), PER_SITEMAP)]
        parts.append(["/", self.about_path, *self.departments])
        maps = {
            f"/sitemaps/{number}.xml.gz": sitemap([self.base + path for path in part], packed=True)
            for number, part in enumerate(parts, start=1)
        }
        fixed = {
            "/robots.txt": robots(["/basket"], f"{self.base}/sitemap_index.xml"),
            "/sitemap_index.xml": sitemap_index(self.base + path for path in maps),
            **maps,
        }
        return {path: partial(same, reply) for path, reply in fixed.items()}
