"""Pages of the simulated shops with their true prices, and the redesigns that befall them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from pricevane.market import World
from pricevane.market.boutique import Boutique
from pricevane.market.north import North
from pricevane.market.plainshop import Plainshop
from pricevane.market.storefront import Storefront
from pricevane.model import Availability, Evidence, Money, Offer
from spiders.read.document import Document, PageHints
from spiders.read.places import Place, Sample, readings
from spiders.read.places.place import Value, meaning

BASE = "http://shop.example"
AT = datetime(2026, 1, 5, tzinfo=UTC)
SHOPS: Mapping[str, type[Storefront]] = {"north": North, "boutique": Boutique, "plainshop": Plainshop}
HINTS = {
    "north": PageHints("IE", "EUR", "en"),
    "boutique": PageHints("FR", "EUR", "fr"),
    "plainshop": PageHints("DE", "EUR", "de"),
}
# The elements of each shop's current price and of what stands before it, for redesigns that swap the two.
PRICES = {
    "north": r"(<strong>[^<]*</strong>)( <s>[^<]*</s>)",
    "boutique": r"(<del>[^<]*</del> )(<span itemprop=\"price\"[^>]*>[^<]*</span>)",
    "plainshop": r"(<span class=\"old\">[^<]*</span> )(<span class=\"current\">[^<]*</span>)",
}
Redesign = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Page:
    """One listing's page on one day and the truth about it."""

    url: str
    html: str
    price: Decimal
    regular: Decimal | None
    availability: Availability
    name: str
    hints: PageHints

    def document(self, *redesigns: Redesign) -> Document:
        """The page parsed, after redesigns."""
        html = self.html
        for redesign in redesigns:
            html = redesign(html)
        return Document.parse(html, self.url, self.hints)

    def sample(self, *redesigns: Redesign) -> Sample:
        """The page with all that is known of it."""
        wanted: dict[str, Value] = {"price": self.price, "regular_price": self.regular or "", "name": self.name}
        return Sample(self.document(*redesigns), wanted | {"availability": self.availability.value})

    def offer(self) -> Offer:
        """What layers that agree would have made of the page."""
        regular = Money(self.regular, "EUR") if self.regular else None
        evidence = Evidence("", "", ("jsonld", "dom"), "")
        return Offer(
            self.url,
            self.url.removeprefix(BASE),
            AT,
            evidence,
            name=self.name,
            price=Money(self.price, "EUR"),
            regular_price=regular,
            availability=self.availability,
        )


def pages(shop: str, world: World, day: int = 0) -> list[Page]:
    """All listings' pages of a shop, as it serves them on a day."""
    front = SHOPS[shop](world, next(one.shop for one in world.listings if one.shop.name == shop), BASE)
    return [
        Page(
            BASE + path,
            front.reply(path, day).body.decode(),
            shown.shown,
            shown.regular,
            shown.availability,
            shown.name,
            HINTS[shop],
        )
        for path, shown in front.shown[day].items()
    ]


def said(document: Document, places: Iterable[Place]) -> Decimal | None:
    """The price that the places read on a page, if they read one."""
    found = [meaning("price", one.price, document) for one in readings(document, list(places))]
    return one if found and isinstance(one := found[0], Decimal) else None


def hashed_classes(html: str) -> str:
    """Every class name replaced by one that a style compiler could have made, the same on all pages."""
    return re.sub(r'class="([^"]*)"', lambda found: f'class="{_hashed(found[1])}"', html)


def _hashed(names: str) -> str:
    return " ".join("css-" + hashlib.sha256(name.encode()).hexdigest()[:6] for name in names.split())


def without_structured_data(html: str) -> str:
    """No JSON-LD, no microdata, no meta tags about the product."""
    html = re.sub(r"<script type=\"application/ld\+json\">.*?</script>", "", html, flags=re.S)
    html = re.sub(r"<(?:meta (?:property|itemprop)|link itemprop)[^>]*>", "", html)
    return re.sub(r' (?:itemprop="[^"]*"|itemscope|itemtype="[^"]*")(?: content="[^"]*")?', "", html)


def new_frames(html: str) -> str:
    """Other elements around the price, so that paths of tags lead nowhere either."""
    html = html.replace("<strong>", "<div><b>").replace("</strong>", "</b></div>")
    html = re.sub(r'<p class="price">(.*?)</p>', r'<section><div class="price">\1</div></section>', html)
    return re.sub(r'<div class="prix"(.*?)</div>', r'<section><div class="betrag"\1</div></section>', html, flags=re.S)


def swapped(shop: str) -> Redesign:
    """The current and the struck-through price change their places."""
    return lambda html: re.sub(PRICES[shop], r"\2\1", html)


def related_block(block: str) -> Redesign:
    """A block with another article's price in the same classes stands before the end of the page's content."""
    return lambda html: html.replace("</body>", f"{block}</body>").replace("<h1", f"{block}<h1", 1)


def block_of(page: Page) -> str:
    """The part of another page that its price stands in, as a block of related products would show it."""
    inner = re.search(
        r"<(?:p|div) class=\"(?:price|prix|product-price)\".*?</(?:p|div)>",
        without_structured_data(page.html),
        re.S,
    )
    assert inner
    return inner.group()
