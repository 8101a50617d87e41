"""How fast, when and where we may go: robots.txt, delays, visiting hours, Retry-After; one pace for one shop."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Self
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

from pricevane.model import CrawlReport, Origin, SiteState
from spiders.fetch.blocks import is_challenge
from spiders.fetch.failures import NotNow, RobotsRefused, Unreachable
from spiders.fetch.guard import same_site
from spiders.fetch.hours import Hours
from spiders.fetch.patience import LONGEST_WAIT_S, Patience, retry_after_s
from spiders.fetch.robots import Robots, enter_refusal
from spiders.fetch.rules import Rules

WAIT_STATUSES = (429, 503)
MOST_IN_A_ROW = 4
SENT_AT = "sent_at"
OUTSIDE_HOURS = "outside its hours"
LOOK_UP_S = 0.5


class PolitenessMiddleware:
    """Runs below the retry middleware, so that a retry waits for what Retry-After asked."""

    def __init__(self, crawler: Crawler, state: SiteState, robots: Robots, report: CrawlReport) -> None:
        self.crawler = crawler
        self.state = state
        self.robots = robots
        self.report = report
        self.patience = Patience()
        self.stopping: asyncio.Task[None] | None = None
        own = Hours.read(state.hours, ZoneInfo(state.time_zone)) if state.hours else None
        self.hours = (own,) if own else ()
        report.delay_s = crawler.settings.getfloat("DOWNLOAD_DELAY")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = crawler.spider
        return cls(crawler, spider.state, spider.robots, spider.report)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        request.meta["download_slot"] = self._slot(request.url)
        self._keep_hours(self.hours)
        hours = () if request.meta.get("is_robots") else await self._obey(request)
        await self._wait(request.meta["download_slot"])
        self._keep_hours(self.hours)
        self._keep_hours(hours)
        request.meta[SENT_AT] = time.monotonic()

    def process_response(self, request: Request, response: Response) -> Response:
        if response.status not in WAIT_STATUSES:
            self.patience.welcomed(request.meta[SENT_AT])
            return response
        asked_s = retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC))
        if not asked_s and is_challenge(response):
            request.meta["dont_retry"] = True
            return response
        longer_s = self.patience.told(request.meta[SENT_AT], time.monotonic(), asked_s, self.report.delay_s)
        host = self.report.host(Origin.of(request.url).key)
        host["waited_s"] = round(host["waited_s"] + longer_s, 3)
        if asked_s > LONGEST_WAIT_S or self.patience.in_a_row >= MOST_IN_A_ROW:
            request.meta["dont_retry"] = True
            self._end(f"asked to come back in {asked_s:.0f} s" if asked_s > LONGEST_WAIT_S else "blocked")
        return response

    def _slot(self, url: str) -> str:
        """One for all spellings of the shop's own origin, which are one machine; one for each other host."""
        return (self.state.origin if same_site(self.state.origin, url) else Origin.of(url)).key

    async def _obey(self, request: Request) -> tuple[Hours, ...]:
        """Keep to the address's robots.txt and return its hours; raises Unreachable or RobotsRefused."""
        rules = await self.robots.rules(request.url)
        if rules.failure:
            raise Unreachable(rules.failure, f"{request.url}: {rules.note}")
        self._slow_down(request, rules)
        if not rules.allows(request.url):
            raise RobotsRefused(f"{request.url}: {enter_refusal(self.report, rules, request.url)}")
        return rules.hours

    async def _wait(self, key: str) -> None:
        """Wait for the shop's Retry-After and delay, here and not in Scrapy's queue, where a crawl cannot end."""
        engine = self.crawler.engine
        while (wait_s := self._next_at(key) - time.monotonic()) > 0:
            if engine._slot is None or engine._slot.closing:
                raise NotNow("crawl ended", "the crawl ended while a request waited for its turn")
            await asyncio.sleep(min(wait_s, LOOK_UP_S))

    def _next_at(self, key: str) -> float:
        slot = self.crawler.engine.downloader.slots.get(key)
        return max(self.patience.resume_at, slot.lastseen + slot.delay if slot else 0.0)

    def _keep_hours(self, hours: tuple[Hours, ...]) -> None:
        """End the crawl outside of the hours, if there are any; raises NotNow."""
        now = self.crawler.spider.now()  # type: ignore[union-attr]
        if hours and not any(one.admits(now) for one in hours):
            self._end(OUTSIDE_HOURS)
            raise NotNow(OUTSIDE_HOURS, f"{self.state.origin.url} is not to be asked at {now:%H:%M} UTC")

    def _end(self, reason: str) -> None:
        if not self.stopping:
            self.stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def _slow_down(self, request: Request, rules: Rules) -> None:
        """Keep the delay that robots.txt asks for where it is longer than our own."""
        host = self.report.host(Origin.of(request.url).key)
        host["delay_s"] = max(host["delay_s"], self.report.delay_s, rules.delay_s)
        if rules.delay_s <= self.report.delay_s:
            return
        self.report.delay_s = rules.delay_s
        self.report.robots_line = self.report.robots_line or rules.delay_line
        host["robots_line"] = host["robots_line"] or rules.delay_line
        key, downloader = request.meta["download_slot"], self.crawler.engine.downloader
        downloader.per_slot_settings[key] = {"delay": rules.delay_s}
        if slot := downloader.slots.get(key):
            slot.delay = rules.delay_s
        if throttle := self.crawler.get_extension(AutoThrottle):
            throttle.mindelay = rules.delay_s
            throttle.maxdelay = max(throttle.maxdelay, rules.delay_s)
