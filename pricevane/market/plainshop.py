"""The German shop: no structured data, no sitemap, and other articles' prices beside the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from html import escape

from pricevane.market.nouns import Listing, Shown
from pricevane.market.sitemaps import robots
from pricevane.market.storefront import Reply, Storefront, same
from pricevane.market.wording import fill, money, stock

RELATED = 3


class Plainshop(Storefront):
    """Found only through its departments, read only by class names."""

    department_path = "/kategorie/{slug}"
    about_path = "/impressum"
    per_page = 9
    next_word = "Weiter"

    def product(self, listing: Listing, shown: Shown, day: int) -> str:
        """Visible text in stable classes."""
        text = {
            "name": listing.name,
            "brand": listing.good.brand,
            "number": listing.number,
            "image": f"/img/{listing.number}.svg",
            "price": money(shown.shown, "de"),
            "stock": stock(shown.availability, "de"),
        }
        codes = {"EAN": ("spec-ean", listing.gtin), "Hersteller-Nr.": ("spec-mpn", listing.mpn)}
        body = fill(
            "plainshop_product.html",
            text,
            codes="".join(
                f'<tr><th>{label}</th><td class="{name}">{escape(code)}</td></tr>\n'
                for label, (name, code) in codes.items()
                if code
            ),
            was=f'<span class="old">{money(shown.regular, "de")}</span> ' if shown.regular is not None else "",
            related=f"<ul>\n{self.tiles(self._related(listing), day)}</ul>\n",
        )
        return self.page(listing.name, body)

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt alone."""
        return {"/robots.txt": partial(same, robots(["/warenkorb"]))}

    def _related(self, listing: Listing) -> list[Listing]:
        neighbours = next(shelf for shelf in self.departments.values() if listing in shelf)
        place = neighbours.index(listing)
        return [other for other in (neighbours * 2)[place + 1 : place + 1 + RELATED] if other is not listing]
