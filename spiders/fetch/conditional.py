"""Asks for known pages by their validators, so that a shop need not send again what has not changed (RFC 9110, 13)."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from pricevane.model import CrawlReport, Offer, Status

NAMES = ("ETag", "Last-Modified")
CONDITIONS = ("If-None-Match", "If-Modified-Since")
# The first page that might be asked for conditionally, and every so many after it, is asked for whole.
VERIFIED_EVERY = 20
PART, UNTRUSTED = "validators", "untrusted"
# Request meta: the page is needed whole.
WHOLE = "whole"

log = logging.getLogger(__name__)
Validators = tuple[str, str]


def conditions(validators: Validators, now: datetime) -> dict[str, str]:
    """Request headers from an (ETag, Last-Modified); a date that is none, or lies ahead, says nothing."""
    etag, last_modified = validators
    found = {"If-None-Match": etag} if etag else {}
    try:
        modified_at = parsedate_to_datetime(last_modified)
    except ValueError:
        return found
    modified_at = modified_at if modified_at.tzinfo else modified_at.replace(tzinfo=UTC)
    return {**found, "If-Modified-Since": last_modified} if modified_at <= now else found


def is_same_version(before: Validators, now: Validators) -> bool:
    """Whether a server would have answered 304: by the ETags where there are any, weakly compared, else by date."""
    if before[0] or now[0]:
        return before[0].removeprefix("W/") == now[0].removeprefix("W/")
    return before[1] == now[1] != ""


class ConditionalMiddleware:
    """Never answers from a store: a 304 goes up to the spider, which knows what it last read there.

    Some pages are asked for whole. One that comes in the version that we know and yet reads otherwise shows that
    this server's validators mean nothing: they are not used any more, in this crawl nor by the learned next one.
    """

    def __init__(self, crawler: Crawler, validators: Mapping[str, Validators], report: CrawlReport) -> None:
        self.crawler = crawler
        self.validators = validators
        self.report = report
        self.is_trusted = True
        self.asked = 0
        self.verifying: set[str] = set()
        self.suspects: set[str] = set()
        # Of the last two batches: one may be stored before we are told of its last offer.
        self.changed: deque[frozenset[str]] = deque(maxlen=2)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = crawler.spider
        middleware = cls(crawler, spider.state.validators, spider.report)  # type: ignore[union-attr]
        crawler.signals.connect(middleware.read, signals.item_scraped)
        crawler.signals.connect(middleware.learn, signals.spider_closed)
        return middleware

    def process_request(self, request: Request) -> None:
        for name in CONDITIONS:
            request.headers.pop(name, None)
        # Behind a redirect another page may answer than the one that the validators are of.
        is_plain = request.method == "GET" and not ("redirect_urls" in request.meta or request.meta.get(WHOLE))
        if not is_plain or not self.is_trusted or request.url not in self.validators:
            return
        now = self.crawler.spider.now()  # type: ignore[union-attr]
        asked = conditions(self.validators[request.url], now)
        if not asked:
            return
        if self.asked % VERIFIED_EVERY == 0:
            self.verifying.add(request.url)
        else:
            request.headers.update(asked)
        self.asked += 1

    def read(self, item: object, response: Response) -> None:
        """Note the hash of a page that was asked for whole, came in the version that we know and was read well."""
        if not isinstance(item, Offer) or item.status is not Status.GOOD or response.url not in self.verifying:
            return
        etag, last_modified = ((response.headers.get(name) or b"").decode("latin-1").strip() for name in NAMES)
        if is_same_version(self.validators[response.url], (etag, last_modified)):
            self.suspects.add(item.evidence.page_hash)
            self._compare()

    def stored(self, changed: frozenset[str]) -> None:
        """Told of the hashes of pages that read otherwise than before, once a batch is stored."""
        self.changed.append(changed)
        self._compare()

    def learn(self) -> None:
        """At the crawl's end, after the spider's own learning; an earlier crawl's distrust stays."""
        if not self.is_trusted or self.crawler.spider.state.learned.get(PART) == UNTRUSTED:  # type: ignore[union-attr]
            self.report.learned[PART] = UNTRUSTED

    def _compare(self) -> None:
        if self.is_trusted and not self.suspects.isdisjoint(frozenset().union(*self.changed)):
            self.is_trusted = False
            self.report.skip(f"{PART} {UNTRUSTED}")
            log.warning("a page changed while its ETag or Last-Modified did not: asking without them from here on")
