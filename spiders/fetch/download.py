"""Scrapy's downloads where a browser may be needed: which requests go to it, and by whom they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from pricevane.model import SiteState
from spiders.fetch.conditional import WHOLE
from spiders.fetch.connection import BoundedDownload

PAGES, LOCAL_PAGES = 2, 6
# Request meta: the page is to be fetched by the browser; the JSON calls that it made; the ladder is to choose.
WANTED, CALLS, CHOSEN = "browser", "calls", "ladder"
CHROMIUM, ENVIRONMENT = "PRICEVANE_CHROMIUM", "PRICEVANE_CHROMIUM_ENVIRONMENT"


class Fetcher(Protocol):
    """The browser, as far as downloads know it."""

    async def fetch(self, request: Request) -> Response:
        """The page as the browser shows it."""

    async def close(self) -> None:
        """End the browser."""


def page_meta(render: str) -> dict[str, Any]:
    """Request meta for a page of a site that is read by http, by browser, or as its type needs (auto)."""
    return {"http": {}, "browser": {WANTED: True, WHOLE: True}}.get(render, {CHOSEN: True})


def settings(chromium: str | None, environment: Mapping[str, str] | None, render: str) -> dict[str, Any]:
    """Scrapy's settings where a browser may be needed; `chromium` and `environment` are as in `launch_options`."""
    handlers = dict.fromkeys(("http", "https"), f"{__name__}.Download")
    ladder = {"spiders.ladder_middleware.LadderMiddleware": 565} if render == "auto" else {}
    browser = {CHROMIUM: chromium, ENVIRONMENT: environment}
    return {"DOWNLOAD_HANDLERS": handlers, "DOWNLOADER_MIDDLEWARES": ladder, **browser}


def pages_at_once(state: SiteState) -> int:
    """How many pages the browser opens side by side."""
    return LOCAL_PAGES if state.is_local else PAGES


class Download(BoundedDownload):
    """Scrapy's own downloads, but a request whose meta wants the browser goes to the spider's."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler

    async def download_request(self, request: Request) -> Response:
        """The answer from the wire, or from the browser."""
        if not request.meta.get(WANTED):
            return await super().download_request(request)
        browser: Fetcher = self.crawler.spider.browser  # type: ignore[union-attr]
        return await browser.fetch(request)

    async def close(self) -> None:
        await super().close()
        browser: Fetcher | None = getattr(self.crawler.spider, "browser", None)
        if browser:
            await browser.close()
