"""The French shop: microdata, prices like `1 299,00 €`, a plain sitemap that robots.txt does not name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from html import escape

from pricevane.market.nouns import Listing, Shown
from pricevane.market.sitemaps import robots, sitemap
from pricevane.market.storefront import Reply, Storefront, same
from pricevane.market.wording import fill, money, schema, stock

TEXT_ONLY_EVERY = 4


class Boutique(Storefront):
    """Every fourth article says its price only as text."""

    department_path = "/fr/c/{slug}"
    about_path = "/fr/a-propos"
    next_word = "Suivant"

    def product(self, listing: Listing, shown: Shown, day: int) -> str:
        """Microdata around the visible price."""
        text = {
            "name": listing.name,
            "brand": listing.good.brand,
            "number": listing.number,
            "url": self.base + listing.path,
            "image": f"/img/{listing.number}.svg",
            "currency": shown.currency,
            "availability": schema(shown.availability),
            "price": money(shown.shown, "fr"),
            "stock": stock(shown.availability, "fr"),
        }
        codes = {"gtin13": listing.gtin, "mpn": listing.mpn}
        body = fill(
            "boutique_product.html",
            text,
            codes="".join(f'<meta itemprop="{n}" content="{escape(code)}">\n' for n, code in codes.items() if code),
            content="" if listing.number % TEXT_ONLY_EVERY == 0 else f' content="{shown.shown}"',
            was=f"<del>{money(shown.regular, 'fr')}</del> " if shown.regular is not None else "",
        )
        return self.page(listing.name, body)

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt and one sitemap of articles and other pages."""
        paths = ["/", self.about_path, *self.departments, *self.listings]
        fixed = {
            "/robots.txt": robots(["/fr/panier"]),
            "/sitemap.xml": sitemap(self.base + path for path in paths),
        }
        return {path: partial(same, reply) for path, reply in fixed.items()}
