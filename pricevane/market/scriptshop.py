"""The shop of empty pages: a script fetches the article as JSON and builds the page in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

from pricevane.market.nouns import Listing, Shown
from pricevane.market.sitemaps import robots, sitemap
from pricevane.market.storefront import JSON, Reply, Storefront, same
from pricevane.market.wording import PAGES, fill, linked_product, money, stock

SCRIPT = "text/javascript; charset=utf-8"


class Scriptshop(Storefront):
    """Readable only by a browser; its script also asks for a page that robots.txt refuses."""

    department_path = "/department/{slug}"

    def product(self, listing: Listing, shown: Shown, day: int) -> str:
        """A shell without name or price."""
        return self.page("Article", fill("scriptshop_product.html", {"number": listing.number}))

    def tiles(self, listings: list[Listing], day: int) -> str:
        """Links by article number, without names or prices."""
        return "".join(f'<li><a href="{listing.path}">{listing.number}</a></li>\n' for listing in listings)

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt, sitemap, the script, its articles, and the private page."""
        paths = ["/", self.about_path, *self.departments, *self.listings]
        fixed = {
            "/robots.txt": robots(["/private/"], f"{self.base}/sitemap.xml"),
            "/sitemap.xml": sitemap(self.base + path for path in paths),
            "/app.js": Reply((PAGES / "app.js").read_bytes(), SCRIPT),
            "/private/track.json": Reply(b"{}", JSON),
        }
        articles = {
            f"/api/products/{listing.number}.json": partial(self._article, listing)
            for listing in self.listings.values()
        }
        return articles | {path: partial(same, reply) for path, reply in fixed.items()}

    def _article(self, listing: Listing, day: int) -> Reply:
        shown = self.shown[day][listing.path]
        article = {
            "name": listing.name,
            "price": money(shown.shown, "en"),
            "was": "" if shown.regular is None else money(shown.regular, "en"),
            "stock": stock(shown.availability, "en"),
            "image": f"/img/{listing.number}.svg",
            "ld": linked_product(listing, shown, self.base),
        }
        return Reply(json.dumps(article, ensure_ascii=False).encode(), JSON)
