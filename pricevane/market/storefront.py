"""What every shop's web site has in common: home, departments with pages, articles, pictures, and 404s."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from html import escape
from urllib.parse import parse_qs

from pricevane.market.catalogue import ASSORTMENT
from pricevane.market.nouns import Listing, Shop, Shown
from pricevane.market.rivals import slug
from pricevane.market.wording import fill, money
from pricevane.market.world import World

HTML, TEXT, XML, JSON = (
    f"{kind}; charset=utf-8" for kind in ("text/html", "text/plain", "application/xml", "application/json")
)
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with; the ETag is a hash of the body."""

    body: bytes
    kind: str = HTML
    status: int = 200

    @property
    def etag(self) -> str:
        """A strong validator of this body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


class Storefront(ABC):
    """One shop's site at one address; subclasses say how its pages look."""

    department_path = "/c/{slug}"
    about_path = "/about"
    per_page = 24
    next_word = "Next"

    def __init__(self, world: World, shop: Shop, base: str) -> None:
        """`base` is the site's address without a closing slash."""
        self.shop, self.base = shop, base
        self.listings = {listing.path: listing for listing in world.listings if listing.shop == shop}
        self.departments: defaultdict[str, list[Listing]] = defaultdict(list)
        for listing in self.listings.values():
            self.departments[self.department_path.format(slug=slug(listing.good.category))].append(listing)
        self.shown: list[dict[str, Shown]] = [
            {shown.path: shown for shown in world.truth(day) if shown.shop == shop.name} for day in range(world.days)
        ]

    @abstractmethod
    def product(self, listing: Listing, shown: Shown, day: int) -> str:
        """The whole page of one listing."""

    @abstractmethod
    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """Path → what the shop serves there on a day, beside its pages."""

    def reply(self, target: str, day: int) -> Reply:
        """The answer to a request for `target` (path and query) on a day."""
        path, _, query = target.partition("?")
        if path in self.listings:
            return self._html(self.product(self.listings[path], self.shown[day][path], day))
        if path in self.departments:
            return self._department(path, query, day)
        if path in self._files:
            return self._files[path](day)
        return self._html(self.page("404", "<h1>404</h1>\n"), status=404)

    def page(self, title: str, body: str, head: str = "") -> str:
        """The shop's layout around `body`."""
        links = " ".join(_link(path, self._title(path)) for path in self.departments)
        return fill(f"{self.shop.name}.html", {"title": title}, head=head, body=body, departments=links)

    def tiles(self, listings: list[Listing], day: int) -> str:
        """Links to listings with the price each page shows that day."""
        prices = (money(self.shown[day][listing.path].shown, self.shop.language) for listing in listings)
        return "".join(
            f'<li>{_link(listing.path, listing.name)} <span class="teaser-price">{price}</span></li>\n'
            for listing, price in zip(listings, prices, strict=True)
        )

    @cached_property
    def _files(self) -> dict[str, Callable[[int], Reply]]:
        home = self._html(self.page(self.shop.competitor, f"<h1>{escape(self.shop.competitor)}</h1>\n"))
        about = self._html(self.page(self.shop.competitor, f"<p>{escape(self.shop.competitor)}</p>\n"))
        pictures = {f"/img/{listing.number}.svg": Reply(PICTURE, "image/svg+xml") for listing in self.listings.values()}
        fixed = {"/": home, self.about_path: about, **pictures}
        return {path: partial(same, reply) for path, reply in fixed.items()} | dict(self.files())

    def _department(self, path: str, query: str, day: int) -> Reply:
        wanted = parse_qs(query).get("page", ["1"])[0]
        number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 5 else 0
        listings = self.departments[path]
        some = listings[(number - 1) * self.per_page : number * self.per_page] if number else []
        if not some:
            return self._html(self.page("404", "<h1>404</h1>\n"), status=404)
        more = number * self.per_page < len(listings)
        onward = f'<a class="next" rel="next" href="{path}?page={number + 1}">{self.next_word}</a>\n' if more else ""
        title = self._title(path)
        return self._html(self.page(title, f"<h1>{escape(title)}</h1>\n<ul>\n{self.tiles(some, day)}</ul>\n{onward}"))

    def _title(self, path: str) -> str:
        name = self.departments[path][0].good.category
        words = next(category for category in ASSORTMENT["categories"] if category["name"] == name)
        return str(words.get(self.shop.language, name))

    @staticmethod
    def _html(text: str, status: int = 200) -> Reply:
        return Reply(text.encode(), HTML, status)


def same(reply: Reply, _day: int) -> Reply:
    """The same answer on every day."""
    return reply


def _link(path: str, text: str) -> str:
    return f'<a href="{path}">{escape(text)}</a>'
