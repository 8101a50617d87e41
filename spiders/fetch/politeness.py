"""How fast and where we may go: robots.txt, Crawl-delay, Retry-After, one slot per host and port."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

from pricevane.model import CrawlReport, Origin
from spiders.fetch.blocks import is_block
from spiders.fetch.failures import RobotsRefused, Unreachable
from spiders.fetch.robots import DELAY, Robots, Rules, enter_refusal

LONGEST_WAIT_S = 120.0
WAIT_STATUSES = (429, 503)


def retry_after_s(header: bytes | None, now: datetime) -> float:
    """Seconds to wait by a Retry-After header (seconds or a date), at most LONGEST_WAIT_S; 0 without one."""
    text = (header or b"").decode("latin-1").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_S)


class PolitenessMiddleware:
    """Runs below the retry middleware, so that a retry waits for what Retry-After asked."""

    def __init__(self, crawler: Crawler, robots: Robots, report: CrawlReport) -> None:
        self.crawler = crawler
        self.robots = robots
        self.report = report
        self.resume_at = 0.0
        report.delay_s = crawler.settings.getfloat("DOWNLOAD_DELAY")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, crawler.spider.robots, crawler.spider.report)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        slot = request.meta["download_slot"] = Origin.of(request.url).key
        if not request.meta.get("is_robots"):
            rules = await self.robots.rules(request.url)
            self._slow_down(slot, rules)
            if rules.failure:
                raise Unreachable(rules.failure, f"{request.url}: {rules.note}")
            if not rules.allows(request.url):
                raise RobotsRefused(f"{request.url}: {enter_refusal(self.report, rules, request.url)}")
        while (wait := self.resume_at - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    def process_response(self, request: Request, response: Response) -> Response:
        if response.status in WAIT_STATUSES:
            wait = retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC))
            self.resume_at = max(self.resume_at, time.monotonic() + wait)
            request.meta["dont_retry"] = not wait and is_block(response, empty_handed=False)
        return response

    def _slow_down(self, key: str, rules: Rules) -> None:
        """Keep the site's Crawl-delay where it is longer than our own delay."""
        if rules.delay_s <= self.report.delay_s:
            return
        self.report.delay_s = rules.delay_s
        self.report.robots_line = self.report.robots_line or f"{DELAY}: {rules.delay_s:g}"
        downloader = self.crawler.engine.downloader
        downloader.per_slot_settings[key] = {"delay": rules.delay_s}
        if slot := downloader.slots.get(key):
            slot.delay = rules.delay_s
        if throttle := self.crawler.get_extension(AutoThrottle):
            throttle.mindelay = rules.delay_s
            throttle.maxdelay = max(throttle.maxdelay, rules.delay_s)
