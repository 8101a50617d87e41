"""The half of every spider that reads: a response to offers, and everything else that a response may be, counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from pricevane.model import CrawlReport, Examination, Offer, Origin, PageKind, SiteState
from spiders.fetch import region
from spiders.fetch.blocks import is_block
from spiders.fetch.charset import in_utf8
from spiders.fetch.failures import NotNow, Refused, RobotsRefused, kind_of
from spiders.fetch.visits import KIND, UNCHANGED
from spiders.find.links import tree_of
from spiders.memory import Memory
from spiders.page_reader import READ, PageReader
from spiders.read.document import PageHints

BLOCKS_IN_A_ROW = 3
ERRORS_IN_A_ROW = 20
PAGES_TO_RECOGNISE = 3
# The response meta that holds the offers of a list's tiles.
TILES = "tiles"

OnPage = Callable[[Examination, bytes], object]


class ReadingSpider(Spider):
    """Knows the site's state and keeps its report; `recognisable` are site classes that a page may call for.

    `on_page` is told of every page that was read: what was seen there, and the page's text in UTF-8.
    """

    hosts: ClassVar[tuple[str, ...]] = ()
    marker: ClassVar[str] = ""
    selectors: ClassVar[Mapping[str, str]] = {}
    product_links: ClassVar[str] = ""
    follow: ClassVar[str] = ""
    browser_hosts: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        state: SiteState,
        recognisable: Sequence[type[ReadingSpider]] = (),
        on_page: OnPage | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.state = state
        self.on_page = on_page
        self.report = CrawlReport()
        self.memory = Memory(state.learned)
        self.known = frozenset(state.known)
        hints = PageHints(state.region, state.currency, state.language, state.tax_included)
        self.page_reader = PageReader(self.memory, hints, self.known)
        self.one_page = state.only_page or (state.single_page and urlsplit(state.url).path not in ("", "/"))
        self.recognisable = recognisable
        self.reader: ReadingSpider = self
        self.blocks_in_a_row = 0
        self.errors_in_a_row = 0
        self.began_at = state.clock_at or datetime.now(UTC)
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The crawl's clock in UTC: the state's, or the real one, moved on by a monotonic timer."""
        return self.began_at + timedelta(seconds=time.monotonic() - self._began)

    def refine(self, offer: Offer, page: HtmlResponse) -> Offer | None:
        """A site's last word about an offer; None drops it."""
        return offer

    def read(self, response: Response) -> list[Offer]:
        """The page's offers; everything else that it may be is counted. Raises CloseSpider when blocked.

        A page that the server calls unchanged yields none: what was read of it before is repeated in the store.
        """
        self.errors_in_a_row = 0
        seen = self._seen(response)
        offers = list(seen.offers) if seen else []
        was_open = response.url in self.known
        if is_block(response, not offers, was_open) or (seen and seen.kind is PageKind.BLOCKED):
            self._blocked(response)
        else:
            self.blocks_in_a_row = 0
            self._count(response, seen)
        return offers

    def _seen(self, response: Response) -> Examination | None:
        """What is on a page with text, its offers refined; None for anything else that may be fetched.

        The offers of a list stand only where its address was asked for: a shop's products are read on their own pages.
        """
        if response.status != 200 or not isinstance(response, HtmlResponse) or _is_empty(response):
            return None
        self._recognise(response)
        seen = response.meta.get(READ) if response.request else None
        seen = seen or self.page_reader.examine(
            in_utf8(response), region.bare(response.url, self.state), self.now(), self.reader.selectors
        )
        wanted = seen.offers if seen.kind is PageKind.PRODUCT or self.one_page else ()
        offers = [self._here(refined, response) for offer in wanted if (refined := self.reader.refine(offer, response))]
        if seen.kind is PageKind.LISTING and response.request:
            response.meta[TILES] = seen.offers
        seen = replace(seen, offers=tuple(offers))
        if self.on_page:
            self.on_page(seen, in_utf8(response))
        return seen

    def _here(self, offer: Offer, response: Response) -> Offer:
        """The offer, doubtful where it is not of the region that was asked for."""
        reason = region.elsewhere(offer, response, self.state)
        return offer.doubt(reason) if reason else offer

    def closed(self, reason: str) -> None:
        """At the crawl's end: what was learned goes into the report."""
        self.report.learned = self.memory.as_json()
        self.report.repairs = self.memory.repairs

    def failed(self, failure: Failure) -> None:
        """Count a request without answer; raises CloseSpider when nothing answers any more."""
        error = failure.value
        assert error is not None  # noqa: S101
        if isinstance(error, RobotsRefused):
            self.report.refused_by_robots += 1
            return
        if isinstance(error, NotNow):
            self.report.skip(error.kind)
            return
        self.report.fail(kind_of(error))
        self.logger.info("%s", error)
        if not isinstance(error, Refused):
            self.errors_in_a_row += 1
            if self.errors_in_a_row >= ERRORS_IN_A_ROW:
                raise CloseSpider("nothing answers")

    def _count(self, response: Response, seen: Examination | None) -> None:
        """Enter a page that was no block into the report; its kind goes along to the visit."""
        if response.status == UNCHANGED:
            self.report.unchanged += 1
            self.report.pages += 1
            response.meta[KIND] = PageKind.PRODUCT
        elif response.status != 200:
            self.report.fail(str(response.status))
        elif not isinstance(response, HtmlResponse):
            self.report.fail("not html")
        elif _is_empty(response):
            self.report.fail("empty")
        if seen:
            response.meta[KIND] = seen.kind
            self.report.pages += 1
            self.report.product_pages += seen.kind is PageKind.PRODUCT and bool(seen.offers)
            self._count_kind(seen.kind)

    def _blocked(self, response: Response) -> None:
        """Count a refusal, and stop after a few in a row."""
        self.report.blocked += 1
        self.report.host(Origin.of(response.url).key)["blocked"] += 1
        self._count_kind(PageKind.BLOCKED)
        self.blocks_in_a_row += 1
        if self.blocks_in_a_row >= BLOCKS_IN_A_ROW:
            raise CloseSpider("blocked")

    def _count_kind(self, kind: PageKind) -> None:
        self.report.kinds[kind] = self.report.kinds.get(kind, 0) + 1

    def _recognise(self, page: HtmlResponse) -> None:
        """Take over the reading rules of a site file whose marker stands on one of the first pages."""
        if self.reader is not self or self.report.pages >= PAGES_TO_RECOGNISE:
            return
        marked = [site for site in self.recognisable if site.marker]
        tree = tree_of(in_utf8(page)) if marked else None
        for site in marked:
            if tree is not None and tree.css_first(site.marker):
                self.reader = site(self.state)


def _is_empty(response: Response) -> bool:
    return not response.body or response.body.isspace()
