"""Shops that are hard to find one's way in: lists only, the same in three languages, and a shop of traps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from html import escape
from itertools import count
from urllib.parse import parse_qs

from pricevane.market.north import North
from pricevane.market.nouns import Listing
from pricevane.market.sitemaps import SPACE, robots, sitemap
from pricevane.market.storefront import XML, Reply, same
from pricevane.market.wording import money, stock

LANGUAGES = ("en", "de", "fr")
LINK = re.compile(r'(href="/)([^"]*)"')


class TileShop(North):
    """No sitemap; its lists show each article's price and stock."""

    per_page = 12

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt alone."""
        return {"/robots.txt": partial(same, robots(["/basket"]))}

    def tiles(self, listings: list[Listing], day: int) -> str:
        """A card with name, price and stock."""
        return "".join(self._card(listing, day) for listing in listings)

    def _card(self, listing: Listing, day: int) -> str:
        shown = self.shown[day][listing.path]
        was = f"<s>{money(shown.regular, 'en')}</s> " if shown.regular is not None else ""
        return (
            f'<li class="card"><a href="{listing.path}"><h3>{escape(listing.name)}</h3></a>'
            f"<p>{was}<b>{money(shown.shown, 'en')}</b></p><p>{stock(shown.availability, 'en')}</p></li>\n"
        )


class LanguageShop(North):
    """Each article in three languages, all in one sitemap; only English stands without a folder."""

    has_hreflang = False

    def files(self) -> Mapping[str, Callable[[int], Reply]]:
        """robots.txt and the sitemap."""
        if not self.has_hreflang:
            listed = sitemap(self._copy(path, language) for path in self.listings for language in LANGUAGES)
        else:
            entries = "".join(self._entry(path, language) for path in self.listings for language in LANGUAGES)
            xmlns = f'xmlns="{SPACE}" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
            listed = Reply(f"<urlset {xmlns}>\n{entries}</urlset>\n".encode(), XML)
        fixed = {"/robots.txt": robots(["/basket"], f"{self.base}/sitemap.xml"), "/sitemap.xml": listed}
        return {path: partial(same, reply) for path, reply in fixed.items()}

    def reply(self, target: str, day: int) -> Reply:
        """The same page in any language."""
        return super().reply(re.sub(r"^/(?:de|fr)/", "/", target), day)

    def _copy(self, path: str, language: str) -> str:
        return f"{self.base}{path}" if language == "en" else f"{self.base}/{language}{path}"

    def _entry(self, path: str, language: str) -> str:
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{other}" href="{self._copy(path, other)}"/>' for other in LANGUAGES
        )
        return f"<url><loc>{self._copy(path, language)}</loc>{links}</url>\n"


class HreflangShop(LanguageShop):
    """The same with its copies named to each other."""

    has_hreflang = True


class TrapShop(TileShop):
    """A calendar, filters and pages without end, and in each link an id that is new with each answer."""

    def __init__(self, *shop: object) -> None:
        """As any storefront."""
        super().__init__(*shop)  # type: ignore[arg-type]
        self._visits = count()

    def reply(self, target: str, day: int) -> Reply:
        """An answer in which every link has the visit's id."""
        path, _, query = target.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items() if name != "visit"}
        found = self._endless(path, asked, day) or super().reply(path + _query(asked), day)
        visit = sha256(str(next(self._visits)).encode()).hexdigest()[:24]
        if not found.kind.startswith("text/html"):
            return found

        def marked(link: re.Match[str]) -> str:
            return f'{link[1]}{link[2]}{"&" if "?" in link[2] else "?"}visit={visit}"'

        return Reply(LINK.sub(marked, found.body.decode()).encode(), found.kind, found.status)

    def _endless(self, path: str, asked: Mapping[str, str], day: int) -> Reply | None:
        """The calendar, a filter of a department, or a department's page after the last; None for anything else."""
        if path.startswith("/whatson/"):
            month = int(path.rpartition("-")[2])
            return self._html(
                self.page("What is on", f'<p>Nothing</p><a rel="next" href="/whatson/m-{month + 1}">on</a>')
            )
        department, _, filters = path.partition("/with/")
        if department not in self.departments or not (filters or asked):
            return None
        number = int(asked.get("page", "1"))
        return self._html(self.page("All", self._list(department, filters, number, day)))

    def _list(self, department: str, filters: str, number: int, day: int) -> str:
        """Page `number` of a department, over and over, with a link to the next and to more filters."""
        shelf = self.departments[department]
        pages = -(-len(shelf) // self.per_page)
        first = (number - 1) % pages * self.per_page
        path = f"{department}/with/{filters}" if filters else department
        deeper = "".join(f'<a href="{department}/with/{filters}{c}-{len(filters)}/">{c}</a>' for c in "abc")
        onward = f'<a rel="next" href="{path}?page={number + 1}">Next</a>'
        return f"<h1>All</h1><ul>{self.tiles(shelf[first : first + self.per_page], day)}</ul>{onward}{deeper}"

    def page(self, title: str, body: str, head: str = "") -> str:
        """The layout with a way into each trap."""
        ways = "".join(f'<a href="{path}?page=1">all</a><a href="{path}/with/a/">a</a>' for path in self.departments)
        return super().page(title, f'{body}<a href="/whatson/m-1">What is on</a>{ways}', head)


def _query(asked: Mapping[str, str]) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in asked.items()) if asked else ""
