"""The browser, for pages whose prices are made by JavaScript: started when first needed, kept on a short leash."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.settings import BaseSettings

from pricevane.model import SiteState
from spiders.fetch import region
from spiders.fetch.costs import Cost, cpu_below
from spiders.fetch.download import CALLS, CHROMIUM, ENVIRONMENT, pages_at_once
from spiders.fetch.failures import BrowserGone, OffSiteRedirect, TooLarge
from spiders.fetch.gate import Gate
from spiders.fetch.guard import same_site
from spiders.fetch.launch import launch_options
from spiders.fetch.proxy import Proxy
from spiders.fetch.recorder import Recorder
from spiders.fetch.upstream import Upstream
from spiders.fetch.waiting import CONTENT, wait_for_price

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Page, Playwright, Route
    from playwright.async_api import Response as BrowserResponse

NAVIGATION_MS = 30_000
SETTLE_S = 1.5
PAGE_S, CLOSE_S = 45.0, 5.0
PAGES_A_CONTEXT = 50
MOST_LAUNCHES = 4
FLAG = "browser"
# Headers of what the server sent, not of what the browser made of it; a shell's validators say nothing of its price.
_NOT_KEPT = frozenset(
    ("content-encoding", "content-length", "content-type", "etag", "last-modified", "transfer-encoding")
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Shift:
    """A context and how many pages it has shown and shows; contexts leak, so each serves a while only."""

    context: BrowserContext
    shown: int = 0
    open: int = 0


class Browser:
    """One crawl's Chromium behind its proxy; it is started by the first page, and again if it dies."""

    def __init__(self, state: SiteState, gate: Gate, settings: BaseSettings) -> None:
        self.state = state
        self.gate = gate
        self.chromium = settings.get(CHROMIUM)
        self.environment = settings.get(ENVIRONMENT)
        self.agent = settings["USER_AGENT"]
        self.largest = settings.getint("DOWNLOAD_MAXSIZE")
        self.proxy = Proxy(gate.admits, state.local, gate.report, Upstream.of(state))
        self.cost = Cost()
        self.launches = 0
        self._slots = asyncio.Semaphore(pages_at_once(state))
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._running: Chromium | None = None
        self._shift: _Shift | None = None

    async def fetch(self, request: Request) -> Response:
        """The page as the browser shows it, with the JSON that it fetched in the request's meta.

        Raises BrowserGone when Chromium does not start or dies again, OffSiteRedirect, TooLarge, or Playwright's
        errors for pages that cannot be shown.
        """
        from playwright.async_api import Error as BrowserError

        async with self._slots:
            try:
                return await self._shown(request)
            except BrowserError:
                if self._running and self._running.is_connected():
                    raise
            log.warning("Chromium ended in the middle of %s and is started again", request.url)
            try:
                return await self._shown(request)
            except BrowserError as error:
                if self._running and self._running.is_connected():
                    raise
                raise BrowserGone(f"{request.url}: Chromium ended twice") from error

    async def close(self) -> None:
        """End Chromium and its proxy, if they were started."""
        self.count()
        playwright, self._playwright = self._playwright, None
        with suppress(Exception):
            if self._running:
                await asyncio.wait_for(self._running.close(), CLOSE_S)
        if playwright:
            await playwright.stop()
            await self.proxy.close()

    def count(self) -> None:
        """Bring `cost` up to date: Chromium's processor time is known while it runs."""
        if self._playwright:
            cpu_s, report = cpu_below(os.getpid()), self.gate.report
            self.cost = Cost(
                report.browser_pages, report.browser_pages + report.browser_requests, self.proxy.bytes, cpu_s
            )

    async def _shown(self, request: Request) -> Response:
        shift = await self._on_shift()
        shift.shown, shift.open = shift.shown + 1, shift.open + 1
        try:
            async with asyncio.timeout(PAGE_S):
                page = await shift.context.new_page()
                try:
                    return await self._visited(page, request)
                finally:
                    await _closed(page)
        finally:
            shift.open -= 1
            if shift is not self._shift and not shift.open:
                await _closed(shift.context)

    async def _visited(self, page: Page, request: Request) -> Response:
        recorder = Recorder(page)
        answer = await page.goto(request.url, timeout=NAVIGATION_MS, wait_until="domcontentloaded")
        if not same_site(self.state.origin, page.url):
            raise OffSiteRedirect(f"{request.url} leads to {page.url!r}")
        await wait_for_price(page)
        await recorder.settled(SETTLE_S)
        html = await page.evaluate(CONTENT, self.largest)
        if html is None:
            raise TooLarge(f"{request.url} grew beyond {self.largest} characters in the browser")
        if not same_site(self.state.origin, page.url):
            raise OffSiteRedirect(f"{request.url} leads to {page.url!r}")
        request.meta[CALLS] = tuple(recorder.calls)
        self.gate.report.browser_pages += 1
        return HtmlResponse(
            page.url,
            status=answer.status if answer else 200,
            headers=await _headers(answer),
            body=html.encode("utf-8", "replace"),
            encoding="utf-8",
            request=request,
            flags=[FLAG],
        )

    async def _on_shift(self) -> _Shift:
        """The context for the next page; raises BrowserGone."""
        async with self._starting:
            chromium = await self._started()
            if self._shift is None or self._shift.shown >= PAGES_A_CONTEXT:
                old, self._shift = self._shift, None
                context = await chromium.new_context(
                    user_agent=self.agent,
                    service_workers="block",
                    accept_downloads=False,
                    locale=region.locale(self.state) or None,
                )
                await context.add_cookies(region.cookies(self.state))
                await context.route("**", self._decide)
                self._shift = _Shift(context)
                if old and not old.open:
                    await _closed(old.context)
            return self._shift

    async def _started(self) -> Chromium:
        from playwright.async_api import Error as BrowserError
        from playwright.async_api import async_playwright

        if self._running and self._running.is_connected():
            return self._running
        self._shift = None
        self.launches += 1
        if self.launches > MOST_LAUNCHES:
            raise BrowserGone(f"Chromium was started {MOST_LAUNCHES} times and ended each time")
        try:
            if self._playwright is None:
                self._playwright = await async_playwright().start()
                self._port = await self.proxy.start()
            options = launch_options(self.chromium, self._port, self.environment)
            self._running = await self._playwright.chromium.launch(**options)
        except BrowserError as error:
            raise BrowserGone(f"Chromium does not start: {error.message.splitlines()[0]}") from error
        return self._running

    async def _decide(self, route: Route) -> None:
        from playwright.async_api import Error as BrowserError

        refused = await self.gate.refuses(route.request)
        with suppress(BrowserError):
            await (route.abort() if refused else route.continue_())


async def _closed(one: Page | BrowserContext) -> None:
    """Close what may be dead already."""
    from playwright.async_api import Error as BrowserError

    with suppress(BrowserError, TimeoutError):
        await asyncio.wait_for(one.close(), CLOSE_S)


async def _headers(answer: BrowserResponse | None) -> dict[str, str]:
    said = await answer.all_headers() if answer else {}
    kept = {name: value.replace("\n", ",") for name, value in said.items() if name.lower() not in _NOT_KEPT}
    return kept | {"content-type": "text/html; charset=utf-8"}
