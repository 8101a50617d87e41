"""Tells of each page that was asked for and read, so that the next crawl knows when to ask again, and whether to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Response

from pricevane.model import VISITED, Offer, PageKind, Status, Visit
from spiders.fetch.region import asked_for

UNCHANGED = 304
LONGEST = 300
# The request meta in which the reader leaves the kind of a page that it read.
KIND = "page_kind"


class VisitMiddleware:
    """A spider middleware: after the offers of a page that was read, or is unchanged, it tells of the Visit.

    A page with a doubtful offer, or with none, keeps no validators: it is to be read again, not called unchanged.
    So does one behind a redirect: its validators are not those of the address that was asked for.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        offers: list[Offer] = []
        async for one in result:
            if isinstance(one, Offer):
                offers.append(one)
            yield one
        if kind := response.meta.get(KIND):
            visit = self._visit(response, PageKind(kind), offers)
            self.crawler.signals.send_catch_log(VISITED, visit=visit)

    def _visit(self, response: Response, kind: PageKind, offers: list[Offer]) -> Visit:
        spider: Any = self.crawler.spider
        is_direct = "redirect_urls" not in response.meta
        is_clear = is_direct and bool(offers) and all(offer.status is Status.GOOD for offer in offers)
        is_unchanged = response.status == UNCHANGED
        return Visit(
            url=asked_for(response),
            at=spider.now(),
            kind=kind,
            region=spider.state.region,
            keys=tuple(dict.fromkeys(offer.key for offer in offers)),
            etag=_header(response, "ETag") if is_clear or is_unchanged else "",
            last_modified=_header(response, "Last-Modified") if is_clear or is_unchanged else "",
            is_unchanged=is_unchanged,
        )


def _header(response: Response, name: str) -> str:
    """A header's value, or "" for one that is too long or not plain text."""
    text = (response.headers.get(name) or b"").decode("latin-1").strip()
    return text if len(text) <= LONGEST and text.isascii() and text.isprintable() else ""
