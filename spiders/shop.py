"""The generic spider: reads any shop from its address alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import HtmlResponse, Response

from pricevane.model import Offer, SiteState
from spiders.fetch import browser
from spiders.fetch.guard import same_site
from spiders.fetch.robots import Robots
from spiders.find.links import links
from spiders.find.sitemaps import UnreadableSitemap, read_sitemap, worth_reading
from spiders.find.traps import Traps, is_page_of, is_worthless
from spiders.reader import ReadingSpider

DEEPEST = 6
MOST_SITEMAPS = 500
MOST_LEADS = 5000
LIKELY_PRODUCT = re.compile(r"/(products?|produkte?|produits?|producto|artikel|item|dp|p)[/-]|\.html?$", re.IGNORECASE)


class ShopSpider(ReadingSpider):
    """Known addresses first, then sitemaps; links from the home page where no sitemap shows a product.

    A site's subclass sets class attributes and at most overrides `refine`. `hops` is how many links a page
    lies from the home page; without it no link of the page is followed.
    """

    name = "shop"
    robots: Robots

    def __init__(self, state: SiteState, recognisable: Sequence[type[ReadingSpider]] = (), **kwargs: Any) -> None:
        super().__init__(state, recognisable, **kwargs)
        self.traps = Traps()
        self.asked: set[str] = set()
        self.sitemaps: set[str] = set()
        self.leads: set[str] = set()
        self.sitemap_shows_products = False
        self.follows_links = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """The spider with its robots.txt rules, and with a gate before the browser if it uses one."""
        spider = super().from_crawler(crawler, *args, **kwargs)

        async def download(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        spider.robots = Robots(download)
        if spider.state.render == "browser":
            gate = browser.Gate(spider.state, cls.browser_hosts, spider.robots, spider.report)
            crawler.settings.set("PLAYWRIGHT_ABORT_REQUEST", gate.refuses, priority="spider")
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    @property
    def expected(self) -> int | None:
        """How many pages the crawl knows it will fetch, or None while it finds them by links."""
        return None if self.follows_links else len(self.asked)

    async def start(self) -> AsyncIterator[Any]:
        """The address itself where it may be a single product's, else the whole shop."""
        if self.one_page:
            yield self.page(self.state.url, self.parse_single)
            return
        async for request in self.whole_shop():
            yield request

    async def parse_single(self, response: Response) -> AsyncIterator[Offer | Request]:
        """Only this page if it is a product's or cannot be read; else the whole shop."""
        offers = self.read(response)
        for offer in offers:
            yield offer
        self.one_page = self.state.only_page or bool(offers) or not self.report.pages
        if not self.one_page:
            async for request in self.whole_shop():
                yield request

    async def whole_shop(self) -> AsyncIterator[Request]:
        """Requests for the known listings and for the sitemaps that robots.txt names, or the usual one."""
        for request in self.pages(self.state.known, priority=10):
            yield request
        origin = self.state.origin
        named = [url for url in (await self.robots.rules(origin.url)).parsed.sitemaps if same_site(origin, url)]
        for url in named or [f"{origin.url}/sitemap.xml"]:
            for request in self.sitemap(url, guessed=not named):
                yield request

    def page(self, url: str, callback: Callable[..., Any], priority: int = 0, **kwargs: Any) -> Request:
        """A request for one page, through the browser where the site needs it."""
        meta = browser.page_meta() if self.state.render == "browser" else {}
        return Request(url, callback, errback=self.failed, priority=priority, meta=meta, cb_kwargs=kwargs)

    def pages(self, urls: Sequence[str], priority: int, hops: int | None = None) -> Iterator[Request]:
        """Requests for pages of this site not asked for before, until the page cap."""
        for url in urls:
            if url in self.asked or not same_site(self.state.origin, url):
                continue
            if len(self.asked) >= self.state.max_pages:
                self.report.reason = "page cap"
                return
            self.asked.add(url)
            yield self.page(url, self.parse_page, priority, hops=hops)

    def sitemap(self, url: str, guessed: bool = False) -> Iterator[Request]:
        """A request for a sitemap of this site, once each and not endlessly many."""
        if url in self.sitemaps or len(self.sitemaps) >= MOST_SITEMAPS or not same_site(self.state.origin, url):
            return
        self.sitemaps.add(url)
        yield Request(url, self.parse_sitemap, errback=self.failed, priority=20, cb_kwargs={"guessed": guessed})

    def parse_sitemap(self, response: Response, guessed: bool) -> Iterator[Request]:
        """Follow a sitemap's own sitemaps and pages, those that look like products first."""
        if response.status != 200:
            if not guessed:
                self.report.fail(f"sitemap {response.status}")
            return
        try:
            listed = read_sitemap(response.body)
        except UnreadableSitemap:
            self.report.fail("sitemap unreadable")
            return
        for url in worth_reading(listed.sitemaps):
            yield from self.sitemap(url)
        self.sitemap_shows_products |= not self.known.isdisjoint(listed.pages)
        for url in listed.pages:
            if self.wants(url) and not is_worthless(url):
                yield from self.pages([url], priority=5 if LIKELY_PRODUCT.search(url) else 1)

    def parse_page(self, response: Response, hops: int | None) -> Iterator[Offer | Request]:
        """The page's offers, and its links where links are followed."""
        offers = self.read(response)
        yield from offers
        if offers:
            self.traps.reward(response.url)
            self.sitemap_shows_products |= hops is None and response.url not in self.known
        if not isinstance(response, HtmlResponse) or response.status != 200:
            return
        if hops is not None:
            yield from self.followed(response, hops)
        elif not self.sitemap_shows_products and len(self.leads) < MOST_LEADS:
            self.leads.update(link.url for link in links(response.text, response.url))

    def followed(self, page: HtmlResponse, hops: int) -> Iterator[Request]:
        """Requests for the links of a page; further pages of the same list are no deeper than the first."""
        for link in links(page.text, page.url):
            depth = hops if link.is_next or is_page_of(link.url, page.url) else hops + 1
            if depth > DEEPEST or link.url in self.asked or not same_site(self.state.origin, link.url):
                continue
            if self.wants(link.url) and self.traps.admits(link.url):
                yield from self.pages([link.url], priority=-depth, hops=depth)

    def wants(self, url: str) -> bool:
        """Whether the site file's patterns, if it has any, name the address."""
        patterns = [pattern for pattern in (self.reader.product_links, self.reader.follow) if pattern]
        return not patterns or any(re.search(pattern, url) for pattern in patterns)

    def idle(self) -> None:
        """When sitemaps have shown no product, go on from the home page and the links seen so far."""
        if self.follows_links or self.sitemap_shows_products or self.one_page or self.report.reason:
            return
        self.follows_links = True
        self.asked.add(self.state.url)
        home = self.page(self.state.url, self.parse_page, hops=0).replace(dont_filter=True)
        leads = [url for url in sorted(self.leads) if self.wants(url) and self.traps.admits(url)]
        for request in (home, *self.pages(leads, priority=-1, hops=1)):
            self.crawler.engine.crawl(request)
        raise DontCloseSpider
