"""Counts what a crawl asked of whom, how fast, and how it ended, into its CrawlReport."""

from __future__ import annotations

import time
from array import array
from itertools import pairwise
from statistics import median
from typing import Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from pricevane.model import CrawlReport, Origin
from spiders.fetch.pace import REQUEST_LEAVES
from spiders.fetch.visits import UNCHANGED

REASONS = {
    "shutdown": "interrupted",
    "closespider_timeout": "time cap",
    "memusage_exceeded": "memory cap",
}


class Ledger:
    """An extension; bytes are those that came over the wire, still packed."""

    def __init__(self, report: CrawlReport) -> None:
        self.report = report
        self.started, self.cpu_started = time.monotonic(), time.process_time()
        self.left_at: dict[str, array[float]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        ledger = cls(crawler.spider.report)  # type: ignore[union-attr]
        for signal, receiver in {
            signals.spider_opened: ledger.opened,
            signals.request_reached_downloader: ledger.asked,
            REQUEST_LEAVES: ledger.left,
            signals.response_downloaded: ledger.came,
            signals.spider_error: ledger.broke,
            signals.spider_closed: ledger.ended,
        }.items():
            crawler.signals.connect(receiver, signal)
        return ledger

    def opened(self) -> None:
        """The crawl begins; what its process needed to start is not its cost."""
        self.started, self.cpu_started = time.monotonic(), time.process_time()

    def asked(self) -> None:
        """One more request queues up to leave."""
        self.report.requests += 1

    def left(self, request: Request) -> None:
        """It leaves now."""
        key = Origin.of(request.url).key
        self.report.host(key)["requests"] += 1
        self.left_at.setdefault(key, array("d")).append(time.monotonic())

    def came(self, request: Request, response: Response) -> None:
        """One more response came."""
        host = self.report.host(Origin.of(request.url).key)
        self.report.bytes += len(response.body)
        host["bytes"] += len(response.body)
        host["unchanged"] += response.status == UNCHANGED

    def broke(self) -> None:
        """A page was fetched and our own code failed on it."""
        self.report.fail("unreadable")

    def ended(self, spider: Spider, reason: str) -> None:
        """The crawl is over; `reason` stays empty for a run to the end."""
        self.report.seconds = time.monotonic() - self.started
        self.report.cpu_seconds = time.process_time() - self.cpu_started
        self.report.finished = reason == "finished" and not self.report.reason
        self.report.reason = self.report.reason or ("" if self.report.finished else REASONS.get(reason, reason))
        for key, times in self.left_at.items():
            if gaps := [later - sooner for sooner, later in pairwise(times)]:
                gap = {"gap_least_s": round(min(gaps), 3), "gap_median_s": round(median(gaps), 3)}
                self.report.host(key).update(gap)
