"""Saved pages served again: each shop on a loopback address of its own, with robots.txt and a sitemap."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from html import escape

from babel import Locale, UnknownLocaleError
from babel.numbers import get_territory_currencies
from scrapy.http import HtmlResponse

from benchmarks.pages.labels import Page
from pricevane.market.server import ShopServer, serving
from pricevane.market.storefront import TEXT, XML, Reply

HTML = "text/html"
PER_NET = 250
LANGUAGE = re.compile(rb"<html[^>]*?\slang\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
TERRITORIES = {"uk": "GB"}
CODES = re.compile(rb"\b(?:USD|CAD|AUD|NZD|HKD|SGD|EUR|GBP)\b")
CURRENCIES = {"€": "EUR", "£": "GBP", "zł": "PLN", "ر.س": "SAR"}


class Shop:
    """One shop of saved pages; `bodies` (path with query -> bytes) may be replaced while it is served."""

    def __init__(self, host: str, pages: Sequence[Page], number: int) -> None:
        self.host = host
        self.pages = pages
        self.bodies = {page.path: page.body for page in pages}
        self.server = ShopServer(f"127.0.{1 + number // PER_NET}.{1 + number % PER_NET}")
        self.server.answer = self.answer

    @property
    def url(self) -> str:
        """Its address without a closing slash."""
        return self.server.url

    @property
    def currency(self) -> str:
        """The ISO 4217 code of its labels, else its territory's, else the one that its pages name most, else ""."""
        label = next((page.currency for page in self.pages if page.currency), "")
        if re.fullmatch("[A-Z]{3}", label) or label in CURRENCIES:
            return CURRENCIES.get(label, label)
        local = get_territory_currencies(self.territory) if self.territory else []
        named = Counter(code for page in self.pages for code in CODES.findall(page.body)).most_common(1)
        return local[0] if local else named[0][0].decode("ascii") if named else ""

    @property
    def territory(self) -> str:
        """ISO 3166 of its top-level domain, else of the language that its pages name, else ""."""
        ending = self.host.rpartition(".")[2]
        spoken = locale(self.spoken)
        if len(ending) == 2:
            return TERRITORIES.get(ending, ending.upper())
        return (spoken.territory or "") if spoken else ""

    @property
    def language(self) -> str:
        """What its pages say, else the main language of its territory, else ""."""
        found = locale(self.spoken) or (locale(f"und-{self.territory}") if self.territory else None)
        return found.language if found else ""

    @property
    def spoken(self) -> str:
        """The lang attribute of the first page that has one."""
        found = next((match for page in self.pages if (match := LANGUAGE.search(page.body))), None)
        return found[1].decode("ascii") if found else ""

    def answer(self, target: str) -> Reply:
        """robots.txt, the sitemap, a page as it was saved, or 404."""
        if target == "/robots.txt":
            return Reply(f"User-agent: *\nAllow: /\nSitemap: {self.url}/sitemap.xml\n".encode(), TEXT)
        if target == "/sitemap.xml":
            return Reply(self._sitemap().encode(), XML)
        body = self.bodies.get(target)
        return Reply(b"not found", TEXT, 404) if body is None else Reply(body, HTML)

    def _sitemap(self) -> str:
        entries = "".join(f"<url><loc>{escape(self.url + path)}</loc></url>" for path in self.bodies)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


def locale(language: str) -> Locale | None:
    """The locale of a language tag; None where there is none."""
    try:
        return Locale.parse(language, sep="-") if language else None
    except (ValueError, UnknownLocaleError):
        return None


@contextmanager
def open_shops(pages: Sequence[Page]) -> Iterator[list[Shop]]:
    """The shops of some pages, sorted by host, served until the end."""
    with ExitStack() as stack:
        shops = [
            Shop(host, [page for page in pages if page.host == host], number)
            for number, host in enumerate(sorted({page.host for page in pages}))
        ]
        for shop in shops:
            stack.enter_context(serving(shop.server))
        yield shops


def page_hash(body: bytes) -> str:
    """The hash by which evidence names a page that was served with these bytes."""
    text = HtmlResponse("http://localhost/", headers={"Content-Type": HTML}, body=body).text
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def by_hash(bodies: Mapping[str, bytes]) -> dict[str, str]:
    """Hash -> page id of some bodies by page id."""
    return {page_hash(body): page_id for page_id, body in bodies.items()}
