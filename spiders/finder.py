"""The half of the shop spider that finds: sitemaps and feeds come in here, and pages go out in the frontier's order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urljoin

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pricevane.model import Examination, Offer, PageKind, SiteState, page_hash
from spiders.fetch.failures import RobotsRefused
from spiders.fetch.guard import same_site
from spiders.find.feed import FeedPage, FeedProduct, Source, UnreadableFeed
from spiders.find.feeds import Feed
from spiders.find.finding import PART, Finding
from spiders.find.frontier import Lead, Rank
from spiders.find.heard import LASTMOD
from spiders.find.languages import own_sitemaps, own_twin
from spiders.find.sitemaps import USUAL, Entry, Listed, UnreadableSitemap, read_sitemap, worth_reading
from spiders.find.traps import is_worthless
from spiders.platforms import recognised
from spiders.reader import ReadingSpider

MOST_SITEMAPS = 500
LARGEST_FILE = 16 * 1024 * 1024
FEED_FIRST, SITEMAP_FIRST = 30, 20
LIKELY_PRODUCT = re.compile(r"/(products?|produkte?|produits?|producto|artikel|item|dp|p)[/-]|\.html?$", re.IGNORECASE)


class FindingSpider(ReadingSpider):
    """Reads sitemaps and feeds; what they name waits in the frontier until the spider that reads pages takes it."""

    def __init__(self, state: SiteState, recognisable: Sequence[type[ReadingSpider]] = (), **kwargs: Any) -> None:
        super().__init__(state, recognisable, **kwargs)
        self.finding = Finding(state, self.report, self.began_at)
        self.frontier = self.finding.frontier
        self.known = self.page_reader.known = self.frontier.known
        self.report.strategy = state.strategy
        self.guesses = iter((*self.finding.sitemaps, *(USUAL if state.strategy != "refresh" else ())))
        self.sitemaps: set[str] = set()
        self.sitemaps_awaited = 0
        self.has_sitemap = False
        self.shows_products = False

    def closed(self, reason: str) -> None:
        """At the crawl's end: what was found out goes into the report, and so does what was never asked for."""
        super().closed(reason)
        self.frontier.close()
        self.report.learned[PART] = self.finding.as_json()

    def sitemap(self, url: str, guessed: bool = False) -> Iterator[Request]:
        """A request for a sitemap of this site, once each, not endlessly many, and not more than pages may follow."""
        if url in self.sitemaps or not same_site(self.state.origin, url):
            return
        if len(self.sitemaps) >= MOST_SITEMAPS or len(self.frontier) >= self.frontier.room:
            self.report.skip("sitemap not needed")
            return
        self.sitemaps.add(url)
        self.sitemaps_awaited += 1
        yield self._file(url, self.parse_sitemap, self.sitemap_failed, SITEMAP_FIRST, guessed=guessed)

    def guess(self) -> Iterator[Request]:
        """A request for the next of the likely places, while neither a sitemap nor a feed has been found."""
        if self.has_sitemap or self.sitemaps_awaited or self.finding.has_open_feed or self.shows_products:
            return
        for place in self.guesses:
            if request := next(self.sitemap(self.state.origin.url + place, guessed=True), None):
                yield request
                return

    def parse_sitemap(self, response: Response, guessed: bool) -> Iterator[Request]:
        """Follow a sitemap's own sitemaps, and let its pages wait, those that look like products in front."""
        self.sitemaps_awaited -= 1
        listed = self._addresses(response, guessed)
        self.has_sitemap |= bool(listed.pages or listed.sitemaps)
        if guessed and self.has_sitemap:
            self.finding.sitemaps = (response.url.removeprefix(self.state.origin.url),)
        yield from self.platform("\n".join(entry.url for entry in listed.sitemaps[:MOST_SITEMAPS]))
        for entry in self._worth_reading(listed.sitemaps):
            yield from self.sitemap(urljoin(response.url, entry.url))
        if listed.is_cut:
            self.report.skip("sitemap too long")
        for entry in listed.pages:
            self._listed(entry)
        yield from self.guess()

    def _addresses(self, response: Response, guessed: bool) -> Listed:
        """What the answer lists; nothing, with the reason counted, where it is no sitemap."""
        reason = "" if response.status == 200 else f"sitemap {response.status}"
        try:
            return read_sitemap(response.body if not reason else b"<")
        except UnreadableSitemap:
            if guessed:
                self.report.skip("no sitemap there")
            else:
                self.report.fail(reason or "sitemap unreadable")
        return Listed()

    def sitemap_failed(self, failure: Failure) -> Iterator[Request]:
        """Count a sitemap without answer, and try the next of the usual places."""
        self.sitemaps_awaited -= 1
        if failure.request.cb_kwargs["guessed"] and isinstance(failure.value, RobotsRefused):  # type: ignore[attr-defined]
            self.report.skip("sitemap refused by robots.txt")
        else:
            self.failed(failure)
        yield from self.guess()

    def platform(self, text: str) -> Iterator[Request]:
        """A request for the feed of the platform whose sign stands in the text, if none is known yet."""
        if not self.finding.platform and (found := recognised(text)):
            self.finding.platform = found
            yield from self.feed(found)

    def feed(self, source: Source) -> Iterator[Request]:
        """A request for the first page of a feed, once each."""
        if feed := self.finding.feed(source):
            yield from self.feed_page(feed, 1)

    def feed_page(self, feed: Feed, number: int) -> Iterator[Request]:
        """A request for one page of a feed; the feed ends where it has no such page or lies elsewhere."""
        path = feed.source.address(number)
        url = self.state.origin.url + path if path and path.startswith("/") else path or ""
        if path and not same_site(self.state.origin, url):
            self.report.fail("feed on another site")
        if not path or not same_site(self.state.origin, url) or self.frontier.room <= 0:
            feed.is_open = False
            return
        kwargs = {"feed": feed, "number": number}
        yield self._file(url, self.parse_feed, self.feed_failed, FEED_FIRST, **kwargs).replace(dont_filter=True)

    def parse_feed(self, response: Response, feed: Feed, number: int) -> Iterator[Offer | Request]:
        """The offers of a feed's page if the feed is believed; before that, some of its products as pages."""
        products = self._products(response, feed)
        if not feed.is_probed:
            self._probe(feed, products)
            if feed.is_waiting:
                return
            feed.is_read = True
        fresh = feed.fresh(products)
        offers = [offer for product in fresh for offer in self._taken(feed, product)]
        self._seen_in_feed(response, offers)
        yield from offers
        if fresh:
            yield from self.feed_page(feed, number + 1)
        else:
            feed.is_open = False

    def feed_failed(self, failure: Failure) -> None:
        """Do without a feed that did not answer, or that robots.txt refuses."""
        feed: Feed = failure.request.cb_kwargs["feed"]  # type: ignore[attr-defined]
        feed.is_open = False
        if isinstance(failure.value, RobotsRefused) and feed.source.sign:
            self.report.skip("feed refused by robots.txt")
        else:
            self.failed(failure)

    def _file(self, url: str, callback: Any, errback: Any, priority: int, **kwargs: Any) -> Request:
        """A request for a file that is no page."""
        self.frontier.spent += 1
        meta = {"download_maxsize": LARGEST_FILE}
        return Request(url, callback, errback=errback, priority=priority, meta=meta, cb_kwargs=kwargs)

    def _worth_reading(self, sitemaps: Sequence[Entry]) -> list[Entry]:
        own = own_sitemaps(list(sitemaps), self.finding.copies.wanted)
        chosen = worth_reading(own)
        left_out = {"languages": len(sitemaps) - len(own), "pages": len(own) - len(chosen)}
        for reason, many in left_out.items():
            if many:
                self.report.skip(f"sitemap of other {reason}", many)
        return chosen

    def _listed(self, entry: Entry) -> None:
        """Let one address of a sitemap wait; a known one first if it changed since the last crawl."""
        finding = self.finding
        self.shows_products |= entry.url in self.known
        if not same_site(self.state.origin, entry.url):
            self.report.skip("another site")
            return
        if not own_twin(entry, finding.copies.wanted):
            self.report.skip("another language")
            return
        finding.copies.note(entry.url)
        if not self.wants(entry.url) or is_worthless(entry.url):
            self.report.skip("leads nowhere")
            return
        rank = Rank.LIKELY if LIKELY_PRODUCT.search(entry.url) else Rank.FOUND
        if entry.url in self.known:
            finding.named += 1
            rank = self._known(entry)
        self.frontier.add(Lead(finding.sessions.clean(entry.url), "sitemap"), rank, entry.changed_at)

    def _known(self, entry: Entry) -> Rank:
        """How soon to ask for a known page that a sitemap names, by its date if it has one."""
        if entry.changed_at is None or entry.url not in self.state.seen:
            return Rank.KNOWN
        is_later = self.finding.is_dated_later(entry.url, entry.changed_at)
        return self.finding.rank(entry.url, LASTMOD, is_later)

    def wants(self, url: str) -> bool:
        """Whether the site file's patterns, if it has any, name the address."""
        patterns = [pattern for pattern in (self.reader.product_links, self.reader.follow) if pattern]
        return not patterns or any(re.search(pattern, url) for pattern in patterns)

    def _products(self, response: Response, feed: Feed) -> list[FeedProduct]:
        """The products of a feed's page; none, with the reason counted, where it is no such feed."""
        page = FeedPage(response.url, self.now(), self.state.region, page_hash(response.body))
        try:
            if response.status != 200:
                raise UnreadableFeed(f"the feed answered {response.status}")
            return feed.source.read(response.body, page)
        except UnreadableFeed as error:
            self.logger.info("%s: %s", response.url, error)
            self.report.skip("no feed there") if feed.source.sign else self.report.fail("feed unreadable")
            return []

    def _probe(self, feed: Feed, products: Sequence[FeedProduct]) -> None:
        """Ask for some of the products' pages before all others."""
        self.shows_products |= bool(products)
        for url in feed.probe([product for product in products if product.url not in self.frontier.asked]):
            self.frontier.add(Lead(url, feed.source.where), Rank.PROBE)
            if url not in self.frontier:
                feed.lost(url)

    def _taken(self, feed: Feed, product: FeedProduct) -> list[Offer]:
        """What a feed may say of a product whose page then need not be asked for; else the page waits."""
        offers = feed.offers(product)
        urls = [product.url, *(offer.url for offer in offers)]
        if product.url in self.frontier.asked:
            return []
        if not offers:
            if self.known.isdisjoint(offer.url for said in product.namings.values() for offer in said):
                self.frontier.add(Lead(product.url, feed.source.where), Rank.LIKELY)
            return []
        for url in urls:
            self.frontier.done(url, feed.source.where)
        self.count_found(feed.source.where, offers)
        return offers

    def count_found(self, where: str, offers: Sequence[Offer]) -> None:
        """Count new listings by where they were found."""
        if many := self.finding.newly(offers):
            self.report.found[where] = self.report.found.get(where, 0) + many

    def _seen_in_feed(self, response: Response, offers: list[Offer]) -> None:
        """Show the feed's page to who keeps the pages behind offers."""
        if self.on_page and offers:
            self.on_page(Examination(response.url, PageKind.LISTING, "feed", tuple(offers), ()), response.body)
