"""The generic spider: reads any shop from its address alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from pricevane.model import Examination, Offer, PageKind, SiteState
from spiders.fetch import download, region
from spiders.fetch.browser import Browser
from spiders.fetch.charset import in_utf8
from spiders.fetch.gate import Gate
from spiders.fetch.guard import same_site
from spiders.fetch.robots import Robots
from spiders.fetch.visits import KIND, UNCHANGED
from spiders.find.frontier import PAGE_CAP, Lead, Rank
from spiders.find.heard import LASTMOD, TILE
from spiders.find.links import links
from spiders.find.merchant import source
from spiders.find.tiles import LEAST_TILES
from spiders.find.traps import is_page, is_page_of, run_of
from spiders.finder import FindingSpider
from spiders.reader import TILES, ReadingSpider

DEEPEST = 6
MOST_LEADS = 5000
# A platform's sign stands near the top; no page is searched further than so many bytes.
SIGNED = 400_000
PAGES_TO_RECOGNISE = 5
TAKEN_AWAY = (404, 410)


class ShopSpider(FindingSpider):
    """Feeds first, known addresses next, then sitemaps; links from the home page where nothing shows a product.

    A site's subclass sets class attributes and at most overrides `refine`. Pages leave the frontier one by one, when
    nothing else is to be asked: what is found on the way may still change their order, or make them needless.
    """

    name = "shop"
    robots: Robots
    browser: Browser | None = None

    def __init__(self, state: SiteState, recognisable: Sequence[type[ReadingSpider]] = (), **kwargs: Any) -> None:
        super().__init__(state, recognisable, **kwargs)
        self.leads: set[str] = set()
        self.listed: set[str] = set()
        self.follows_links = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """The spider with its robots.txt rules, and with a browser behind a gate if it may need one."""
        spider = super().from_crawler(crawler, *args, **kwargs)

        async def download(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        spider.robots = Robots(download)
        if spider.state.render != "http":
            gate = Gate(spider.state, cls.browser_hosts, spider.robots, spider.report)
            spider.browser = Browser(spider.state, gate, crawler.settings)
        crawler.signals.connect(spider.hand_out, signals.scheduler_empty)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    @property
    def expected(self) -> int | None:
        """How many pages the crawl knows it will fetch, or None while it finds them by links."""
        return None if self.follows_links else self.frontier.handed_out + min(len(self.frontier), self.frontier.room)

    async def start(self) -> AsyncIterator[Any]:
        """The address itself where it may be a single product's, else the whole shop."""
        if self.one_page:
            yield self.page(self.state.url, self.parse_single)
            return
        async for request in self.whole_shop():
            yield request

    async def parse_single(self, response: Response) -> AsyncIterator[Offer | Request]:
        """Only this page if it is a product's or cannot be read; of a list its further pages; else the whole shop."""
        offers = self.read(response)
        for offer in offers:
            yield offer
        self.one_page = self.state.only_page or bool(offers) or not self.report.pages
        if not self.one_page:
            async for request in self.whole_shop():
                yield request
        elif not self.state.only_page and response.meta.get(KIND) == PageKind.LISTING:
            self.finding.lists.add(run_of(response.url))
            for request in self._continued(response, offers):
                yield request

    def parse_list(self, response: Response) -> Iterator[Offer | Request]:
        """One more page of the list that was asked for, and requests for those after it."""
        offers = self._of_product(response, self.rekeyed(self.read(response)))
        yield from offers
        yield from self._continued(response, offers)

    def parse_listed(self, response: Response) -> Iterator[Offer]:
        """The page of a product that a list showed too few of to be read as tiles."""
        offers = self.rekeyed(self.read(response))
        yield from offers if response.meta.get(KIND) == PageKind.PRODUCT else ()

    def _continued(self, page: Response, offers: Sequence[Offer]) -> Iterator[Request]:
        """Requests for the further pages of a list, until one links to nothing new or the page cap is reached."""
        found = links(in_utf8(page), page.url) if isinstance(page, HtmlResponse) else []
        self.listed.add(page.url)
        fresh = [link for link in found if link.url not in self.listed and same_site(self.state.origin, link.url)]
        self.listed.update(link.url for link in fresh)
        further = [link.url for link in fresh if link.is_next or is_page_of(link.url, page.url)]
        others = [link.url for link in fresh if link.url not in further]
        for url in [*further, *([] if offers else others)] if others else []:
            if self.report.pages >= self.state.max_pages:
                self.report.reason = PAGE_CAP
                return
            yield self.page(url, self.parse_list if url in further else self.parse_listed)

    async def whole_shop(self) -> AsyncIterator[Request]:
        """Requests for feeds and sitemaps; known listings, and the lists that showed them, wait in the frontier."""
        named = [source(url) for url in self.state.feeds]
        platform = [self.finding.platform] if self.finding.platform else []
        for one in (*named, *platform):
            for request in self.feed(one):
                yield request
        for rank, urls in ((Rank.KNOWN, self.state.known), (Rank.LIST, self._lists())):
            for url in urls:
                self.frontier.add(Lead(url, "known"), rank)
        if self.state.strategy != "refresh" or (self.state.max_requests and self.finding.heard.convinces(LASTMOD)):
            for url in (await self.robots.rules(self.state.origin.url)).sitemaps:
                for request in self.sitemap(url):
                    yield request
            for request in self.guess():
                yield request

    def _lists(self) -> list[str]:
        """The lists that showed known listings in the crawl before, where they are few beside these and no feed is.

        With a budget only if tiles are believed, and as many as there is room for.
        """
        lists = [] if self.finding.platform else list(self.finding.tiles.lists)
        if self.state.max_requests:
            room = self.frontier.room - len(self.state.known) if self.finding.heard.convinces(TILE) else 0
            lists = lists[: max(room, 0)]
        return lists if len(lists) * LEAST_TILES <= len(self.known) else []

    def page(self, url: str, callback: Callable[..., Any], priority: int = 0, **kwargs: Any) -> Request:
        """A request for one page, through the browser where the site or the page's type needs it.

        What was asked for before is known here, and not to Scrapy's filter.
        """
        meta = download.page_meta(self.state.render)
        return Request(
            region.asked(url, self.state),
            callback,
            errback=self.missed,
            priority=priority,
            meta=meta,
            cb_kwargs=kwargs,
            dont_filter=True,
        )

    def hand_out(self) -> None:
        """When nothing else is to be asked: the frontier's next page, known ones while sitemaps are still to come."""
        if self.one_page or not self.crawler.engine.spider:
            return
        least: int = -DEEPEST
        if self.finding.has_open_feed:
            least = Rank.PROBE
        elif self.sitemaps_awaited and len(self.frontier) < self.frontier.room:
            least = Rank.KNOWN
        if lead := self.frontier.take(least):
            self.crawler.engine.crawl(self.page(lead.url, self.parse_page, lead=lead))

    def parse_page(self, response: Response, lead: Lead) -> Iterator[Offer | Request]:
        """The page's offers, and its links where links are followed."""
        offers = self._of_product(response, self.rekeyed(self.read(response)))
        self.finding.compare(lead.url, offers)
        yield from offers
        for offer in offers:
            self.frontier.done(offer.url, lead.where)
        if lead.where != "known":
            self.count_found(lead.where, offers)
        if response.status == UNCHANGED:
            self.finding.heard.settled(lead.url, has_changed=False)
        if offers or response.status == UNCHANGED:
            self.finding.traps.reward(response.url)
            self.shows_products |= lead.hops is None and response.url not in self.known
        for feed in self.finding.compared():
            yield from self.feed_page(feed, 1)
        if isinstance(response, HtmlResponse) and response.status == 200:
            yield from self._looked_around(response, lead, is_product=bool(offers))

    def missed(self, failure: Failure) -> Iterator[Request]:
        """Count a page without answer; no feed waits for it any longer."""
        for feed in self.finding.feeds.values():
            feed.lost(failure.request.url)  # type: ignore[attr-defined]
        self.failed(failure)
        for feed in self.finding.compared():
            yield from self.feed_page(feed, 1)

    def _count(self, response: Response, seen: Examination | None) -> None:
        """A known page that the shop has taken away is news, and no failure."""
        if response.status not in TAKEN_AWAY or region.asked_for(response) not in self.known:
            super()._count(response, seen)
            return
        response.meta[KIND] = PageKind.GONE
        self._count_kind(PageKind.GONE)

    def rekeyed(self, offers: Sequence[Offer]) -> list[Offer]:
        """The offers known by addresses without session ids."""
        sessions = self.finding.sessions
        if not sessions.names:
            return list(offers)
        return [replace(one, url=sessions.clean(one.url), key=sessions.key(one.key)) for one in offers]

    def _of_product(self, response: Response, offers: list[Offer]) -> list[Offer]:
        """The offers, unless the page continues a list: its only tile is no product of its own."""
        run = run_of(response.url)
        if response.meta.get(KIND) == PageKind.LISTING:
            self.finding.lists.add(run)
        elif offers and run in self.finding.lists and is_page(response.url):
            response.meta[KIND] = PageKind.LISTING
            return []
        return offers

    def _looked_around(self, page: HtmlResponse, lead: Lead, is_product: bool) -> Iterator[Offer | Request]:
        """What a page tells of others: the shop's platform, tiles, and links."""
        if self.report.pages <= PAGES_TO_RECOGNISE:
            yield from self.platform(in_utf8(page)[:SIGNED].decode("latin-1"))
        tiles = () if is_product else self.rekeyed(page.meta.get(TILES, ()))
        if tiles:
            yield from self._tiles(page, tiles, None if lead.hops is None else lead.hops + 1)
        if lead.hops is not None:
            found = self._follow(page, lead.hops)
            if not is_product:
                shown = [tile.url for tile in tiles] if len(tiles) >= LEAST_TILES else found
                self.finding.traps.saw(page.url, shown)
        elif not self.shows_products and len(self.leads) < MOST_LEADS:
            self.leads.update(link.url for link in links(in_utf8(page), page.url))

    def _tiles(self, page: HtmlResponse, tiles: Sequence[Offer], hops: int | None) -> Iterator[Offer]:
        """The offers of a list's tiles where they are as good as pages; else they say which pages to read first."""
        shelf = self.finding.tiles.take(page.url, tiles)
        if len(tiles) >= LEAST_TILES:
            self.finding.traps.reward(page.url, is_list=True)
        for url, is_new in shelf.told:
            self.frontier.add(Lead(url, "known"), self.finding.rank(url, TILE, is_new))
        for url in shelf.new:
            if self.wants(url):
                self.frontier.add(Lead(url, "category", hops), Rank.LIKELY)
        for offer in shelf.offers:
            if offer.url not in self.frontier.asked:
                self.frontier.done(offer.url, "known")
                yield offer

    def _follow(self, page: HtmlResponse, hops: int) -> list[str]:
        """Let the links of a page wait, and name them; further pages of a list are no deeper than the first."""
        finding = self.finding
        here = [link for link in links(in_utf8(page), page.url) if same_site(self.state.origin, link.url)]
        finding.sessions.watch(link.url for link in here)
        for link in here:
            url = finding.sessions.clean(link.url)
            depth = hops if link.is_next or is_page_of(url, page.url) else hops + 1
            if depth > DEEPEST or self.frontier.has(url) or not self.wants(url):
                continue
            if finding.is_new(url) and finding.traps.admits(url, link.is_next):
                self.frontier.add(Lead(url, "category", depth), -depth)
        return [finding.sessions.key(link.url) for link in here]

    def idle(self) -> None:
        """When nothing is under way: do without what never came, take what waits, or go on from the home page."""
        for request in self._left():
            self.crawler.engine.crawl(request)
            raise DontCloseSpider
        if self.frontier.bound:
            # A budget that is spent is no fault: what waits has its turn in the next crawl.
            if self.frontier.bound == PAGE_CAP:
                self.report.reason = self.report.reason or PAGE_CAP
            return
        is_over = self.follows_links or self.shows_products or self.one_page or self.report.reason
        if is_over or self.state.strategy == "refresh":
            return
        self.follows_links = True
        self.frontier.restart(Lead(self.state.url, "category", 0), Rank.FOUND)
        for url in sorted(self.leads):
            if not self.frontier.has(url) and self.wants(url) and self.finding.traps.admits(url):
                self.frontier.add(Lead(url, "category", 1), -1)
        self.hand_out()
        raise DontCloseSpider

    def _left(self) -> Iterator[Request]:
        """A request for what would else be left out: a feed that waits in vain, a page that was held back."""
        for feed in self.finding.feeds.values():
            feed.awaited.clear()
        for feed in self.finding.compared():
            yield from self.feed_page(feed, 1)
        for feed in self.finding.feeds.values():
            feed.is_open = False
        self.sitemaps_awaited = 0
        if self.state.strategy != "refresh" and not self.one_page and not self.follows_links:
            yield from self.guess()
        if not self.one_page and (lead := self.frontier.take(-DEEPEST)):
            yield self.page(lead.url, self.parse_page, lead=lead)
