"""The half of every spider that reads: a response to offers, and everything else that a response may be, counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from scrapy import Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from pricevane.model import CrawlReport, Examination, Offer, SiteState
from spiders.fetch.blocks import is_block
from spiders.fetch.failures import Refused, RobotsRefused, kind_of
from spiders.read.page import PageHints, examine

BLOCKS_IN_A_ROW = 3
ERRORS_IN_A_ROW = 20
PAGES_TO_RECOGNISE = 3

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
        self.hints = PageHints(state.region, state.currency, state.language, state.tax_included)
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
        """The page's offers; everything else that it may be is counted. Raises CloseSpider when blocked."""
        self.errors_in_a_row = 0
        offers: list[Offer] = []
        if response.status == 200 and isinstance(response, HtmlResponse) and response.body.strip():
            self._recognise(response)
            seen = examine(response.text, response.url, self.now(), self.hints, self.reader.selectors)
            offers = [refined for offer in seen.offers if (refined := self.reader.refine(offer, response))]
            if self.on_page:
                self.on_page(replace(seen, offers=tuple(offers)), response.text.encode(errors="replace"))
        if is_block(response, not offers):
            self._blocked()
        else:
            self.blocks_in_a_row = 0
            self._count(response, offers)
        return offers

    def failed(self, failure: Failure) -> None:
        """Count a request without answer; raises CloseSpider when nothing answers any more."""
        error = failure.value
        assert error is not None  # noqa: S101
        if isinstance(error, RobotsRefused):
            self.report.refused_by_robots += 1
            return
        self.report.fail(kind_of(error))
        self.logger.info("%s", error)
        if not isinstance(error, Refused):
            self.errors_in_a_row += 1
            if self.errors_in_a_row >= ERRORS_IN_A_ROW:
                raise CloseSpider("nothing answers")

    def _count(self, response: Response, offers: list[Offer]) -> None:
        """Enter a page that was no block into the report."""
        if response.status != 200:
            self.report.fail(str(response.status))
        elif not isinstance(response, HtmlResponse):
            self.report.fail("not html")
        elif not response.body.strip():
            self.report.fail("empty")
        else:
            self.report.pages += 1
            self.report.product_pages += bool(offers)

    def _blocked(self) -> None:
        """Count a refusal, and stop after a few in a row."""
        self.report.blocked += 1
        self.blocks_in_a_row += 1
        if self.blocks_in_a_row >= BLOCKS_IN_A_ROW:
            raise CloseSpider("blocked")

    def _recognise(self, page: HtmlResponse) -> None:
        """Take over the reading rules of a site file whose marker stands on one of the first pages."""
        if self.reader is not self or self.report.pages >= PAGES_TO_RECOGNISE:
            return
        for site in self.recognisable:
            if site.marker and page.css(site.marker):
                self.reader = site(self.state)
