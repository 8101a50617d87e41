"""robots.txt as RFC 9309 says: asked once per origin, obeyed by plain requests and by the browser alike."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from protego import Protego
from scrapy import Request
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from pricevane.model import CrawlReport, Origin
from spiders.fetch.failures import Refused, kind_of

TOKEN = "pricevane"  # noqa: S105
LARGEST = 512 * 1024
MOST_LINES = 1000
KEPT_S = 24 * 3600
UNREACHABLE = "User-agent: *\nDisallow: /"
DISALLOW = re.compile(r"^\s*disallow\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
DELAY = "Crawl-delay"
RATE_LIMITED = 429

log = logging.getLogger(__name__)
Download = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Rules:
    """One origin's robots.txt.

    `note` says why everything is refused where the file could not be had, `failure` the kind of failure
    where there was no answer at all.
    """

    text: str = ""
    note: str = ""
    failure: str = ""
    parsed: Protego = field(default_factory=Protego)

    @classmethod
    def of(cls, text: str, note: str = "", failure: str = "") -> Rules:
        """Rules from the text of a robots.txt."""
        return cls(text, note, failure, Protego.parse(text))

    def allows(self, url: str) -> bool:
        """Whether we may fetch an address."""
        return self.parsed.can_fetch(url, TOKEN)

    @property
    def delay_s(self) -> float:
        """The Crawl-delay that applies to us, or 0."""
        return self.parsed.crawl_delay(TOKEN) or 0.0

    def line_refusing(self, url: str) -> str:
        """The longest Disallow line that alone would refuse the address, or the note."""
        lines = sorted(DISALLOW.findall(self.text)[:MOST_LINES], key=len, reverse=True)
        alone = (path for path in lines if not Protego.parse(f"User-agent: *\nDisallow: {path}").can_fetch(url, TOKEN))
        return self.note or f"Disallow: {next(alone, '')}"


def enter_refusal(report: CrawlReport, rules: Rules, url: str) -> str:
    """Put the line that refused the crawl's first refused address into the report; returns what it says."""
    if not report.robots_line or report.robots_line.startswith(DELAY):
        report.robots_line = rules.line_refusing(url)
    return report.robots_line


def rules_of(response: Response) -> Rules:
    """Rules from an answer: 4xx means all may be crawled, 429 and 5xx that nothing may."""
    if response.status == RATE_LIMITED or response.status >= 500:
        return Rules.of(UNREACHABLE, f"robots.txt answered {response.status}")
    if response.status != 200:
        return Rules()
    return Rules.of(response.body[:LARGEST].decode("utf-8-sig", "replace"))


class Robots:
    """The rules of each origin, fetched through Scrapy's own downloader when first asked for."""

    def __init__(self, download: Download) -> None:
        self.download = download
        self.asked: dict[str, tuple[asyncio.Task[Rules], float]] = {}

    async def rules(self, url: str) -> Rules:
        """The rules of the address's origin."""
        origin = Origin.of(url).url
        task, asked_at = self.asked.get(origin, (None, 0.0))
        if task is None or time.monotonic() - asked_at > KEPT_S:
            task = asyncio.ensure_future(self._fetch(origin))
            self.asked[origin] = task, time.monotonic()
        return await task

    async def _fetch(self, origin: str) -> Rules:
        request = Request(f"{origin}/robots.txt", callback=NO_CALLBACK, priority=1000, meta={"is_robots": True})
        try:
            response = await self.download(request)
        except Exception as error:
            kind = kind_of(error)
            log.warning("%s/robots.txt cannot be had (%s), so nothing is fetched: %s", origin, kind, error)
            return Rules.of(UNREACHABLE, f"robots.txt: {kind}", "" if isinstance(error, Refused) else kind)
        return rules_of(response)
