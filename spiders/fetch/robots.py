"""robots.txt as RFC 9309 says: asked once per origin, obeyed by plain requests and by the browser alike."""

from __future__ import annotations

import asyncio
import codecs
import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin

from scrapy import Request
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from pricevane.model import CrawlReport, Origin
from spiders.fetch.failures import Refused, RobotsRefused, kind_of
from spiders.fetch.redirects import STATUSES
from spiders.fetch.rules import Rules

# RFC 9309, 2.5: at least 500 KiB are to be parsed.
LARGEST = 512 * 1024
# RFC 9309, 2.4: not to be used for more than a day.
KEPT_S = 24 * 3600
MOST_REDIRECTS = 5
RATE_LIMITED = 429
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

log = logging.getLogger(__name__)
Download = Callable[[Request], Awaitable[Response]]


def enter_refusal(report: CrawlReport, rules: Rules, url: str) -> str:
    """Count a refused address under its host; the first one's line goes into the report. Returns what it says."""
    line = rules.line_refusing(url)
    host = report.host(Origin.of(url).key)
    if not any(one["refused"] for one in report.hosts.values()):
        report.robots_line = line
    if not host["refused"]:
        host["robots_line"] = line
    host["refused"] += 1
    return line


def rules_of(response: Response, origin: str) -> Rules:
    """The rules of an origin from an answer: 4xx means all may be crawled, 429 and 5xx that nothing may (2.3.1)."""
    if response.status == RATE_LIMITED or response.status >= 500:
        return Rules(origin, note=f"robots.txt answered {response.status}")
    if response.status in STATUSES:
        return Rules(origin, note="robots.txt redirects too often")
    return Rules.of(_text(response.body), origin) if response.status == 200 else Rules(origin)


def _text(body: bytes) -> str:
    """The text of a robots.txt without a line that was cut; octets that are no UTF-8 become lone surrogates."""
    if len(body) >= LARGEST:
        body = body[:LARGEST]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1] or body
    if body.startswith(WIDE):
        return body.decode("utf-16", "replace")
    return body.decode("utf-8-sig", "surrogateescape")


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
        try:
            response = await self._followed(origin)
        except Exception as error:
            kind = kind_of(error)
            log.warning("%s/robots.txt cannot be had (%s), so nothing is fetched: %s", origin, kind, error)
            return Rules(origin, note=f"robots.txt: {kind}", failure="" if isinstance(error, Refused) else kind)
        return rules_of(response, origin)

    async def _followed(self, origin: str) -> Response:
        """The answer, also from another host if the file was moved there: it still speaks for the first (2.3.1.2)."""
        response = await self._get(origin, "/robots.txt")
        for _ in range(MOST_REDIRECTS):
            if response.status not in STATUSES or not (place := response.headers.get("Location")):
                break
            response = await self._get(response.url, place.decode("utf-8", "replace").strip())
        return response

    async def _get(self, base: str, place: str) -> Response:
        """One hop; not packed, so that it can be cut. Raises RobotsRefused for what is no address."""
        meta = {"is_robots": True, "dont_redirect": True}
        headers = {"Accept": "text/plain, */*;q=0.5", "Accept-Encoding": "identity"}
        try:
            request = Request(urljoin(base, place), callback=NO_CALLBACK, priority=1000, meta=meta, headers=headers)
        except ValueError as error:
            raise RobotsRefused(f"robots.txt redirects to {place!r}, which is no address") from error
        return await self.download(request)
