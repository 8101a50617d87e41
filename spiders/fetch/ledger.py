"""Counts what a crawl asked for and how it ended, into its CrawlReport."""

from __future__ import annotations

import time
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from pricevane.model import CrawlReport

REASONS = {
    "shutdown": "interrupted",
    "closespider_timeout": "time cap",
    "memusage_exceeded": "memory cap",
}


class Ledger:
    """An extension; bytes are those that came over the wire, still packed."""

    def __init__(self, report: CrawlReport) -> None:
        self.report = report
        self.started = time.monotonic()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        ledger = cls(crawler.spider.report)  # type: ignore[union-attr]
        for signal, receiver in {
            signals.request_reached_downloader: ledger.asked,
            signals.response_downloaded: ledger.came,
            signals.spider_error: ledger.broke,
            signals.spider_closed: ledger.ended,
        }.items():
            crawler.signals.connect(receiver, signal)
        return ledger

    def asked(self) -> None:
        """One more request left."""
        self.report.requests += 1

    def came(self, response: Response) -> None:
        """One more response came."""
        self.report.bytes += len(response.body)

    def broke(self) -> None:
        """A page was fetched and our own code failed on it."""
        self.report.fail("unreadable")

    def ended(self, spider: Spider, reason: str) -> None:
        """The crawl is over; `reason` stays empty for a run to the end."""
        self.report.seconds = time.monotonic() - self.started
        self.report.finished = reason == "finished" and not self.report.reason
        self.report.reason = self.report.reason or ("" if self.report.finished else REASONS.get(reason, reason))
