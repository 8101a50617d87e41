"""The browser, for shops whose prices are made by JavaScript: only its own site's pages, scripts and data."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pricevane.model import DEFAULT_PORTS, CrawlReport, Origin, SiteState
from spiders.fetch.guard import bare, is_public, same_site
from spiders.fetch.robots import Robots, enter_refusal

if TYPE_CHECKING:
    from playwright.async_api import Page
    from playwright.async_api import Request as BrowserRequest

PAGES, LOCAL_PAGES = 2, 6
NAVIGATION_MS = 30_000
FIRST_MS = 700
QUIET_MS = 8_000
LOADED = frozenset(("document", "script", "stylesheet", "xhr", "fetch"))
HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
PRICE_APPEARED = r"""() => {
  if (performance.getEntriesByType("navigation")[0]?.responseStatus >= 400) return true;
  const priced = /"(price|lowPrice)"\s*:/;
  const scripts = [...document.querySelectorAll('script[type="application/ld+json"]')];
  if (scripts.some(script => priced.test(script.textContent))) return true;
  if (document.querySelector('[itemprop~="price"], meta[property="product:price:amount"]')) return true;
  const sign = "([€$£¥]|zł|kr|Kč|\\b(EUR|USD|GBP|CHF|JPY|PLN|SEK|NOK|DKK)\\b)";
  const money = new RegExp(`${sign}\\s?\\d|\\d\\s?${sign}`);
  return document.body !== null && money.test(document.body.innerText);
}"""

log = logging.getLogger(__name__)


async def wait_for_price(page: Page) -> None:
    """Return once the page shows a price, or has loaded nothing more for a while and still shows none."""
    from playwright.async_api import TimeoutError as BrowserTimeout

    with suppress(BrowserTimeout):
        await page.wait_for_function(PRICE_APPEARED, timeout=FIRST_MS)
        return
    with suppress(BrowserTimeout):
        await page.wait_for_load_state("networkidle", timeout=QUIET_MS)
        await page.wait_for_function(PRICE_APPEARED, timeout=FIRST_MS)


def pages_at_once(state: SiteState) -> int:
    """How many pages the browser opens side by side."""
    return LOCAL_PAGES if state.is_local else PAGES


def page_meta() -> dict[str, Any]:
    """Request meta that sends a page through the browser."""
    from scrapy_playwright.page import PageMethod

    return {"playwright": True, "playwright_page_methods": [PageMethod(wait_for_price)]}


def pinned(origins: list[Origin], local: tuple[str, ...]) -> str:
    """Chromium's host rules: these origins at the addresses checked here, and nothing else in the world.

    They hold below page scripts, redirects and web sockets, where no request hook is called.
    """
    rules = []
    for origin in origins:
        with suppress(OSError):
            address = socket.gethostbyname(origin.host)
            if origin.url in local or is_public(address):
                rules.append(f"MAP {origin.key} {address}:{origin.port}")
    return ",".join([*rules, "MAP * ~NOTFOUND"])


def reachable(state: SiteState, further_hosts: tuple[str, ...]) -> list[Origin]:
    """The origins that the browser may talk to: those of the site (see `same_site`), and named further hosts."""
    site = state.origin
    hosts = dict.fromkeys((site.host, bare(site.host), f"www.{bare(site.host)}"))
    twins = [Origin(scheme, host, port) for host in hosts for scheme, port in DEFAULT_PORTS.items()]
    further = [Origin("https", host, DEFAULT_PORTS["https"]) for host in further_hosts]
    return [site, *(twin for twin in twins if twin != site and same_site(site, twin.url)), *further]


def settings(state: SiteState, chromium: str | None, user_agent: str, further_hosts: tuple[str, ...]) -> dict[str, Any]:
    """Scrapy settings for a site that needs the browser. `chromium` is its path; None takes Playwright's own."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if as_root:
        log.warning("running as root, so Chromium runs without its sandbox: run crawls as another user")
    launch: dict[str, Any] = {
        "chromium_sandbox": not as_root,
        "args": ["--disable-gpu", f"--host-resolver-rules={pinned(reachable(state, further_hosts), state.local)}"],
    }
    if chromium:
        launch["executable_path"] = chromium
    return {
        "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch,
        "PLAYWRIGHT_CONTEXTS": {
            "default": {"user_agent": user_agent, "service_workers": "block", "accept_downloads": False}
        },
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": pages_at_once(state),
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": NAVIGATION_MS,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
    }


class Gate:
    """Decides about each request that a page makes; `refuses` is Playwright's abort hook."""

    def __init__(self, state: SiteState, further_hosts: tuple[str, ...], robots: Robots, report: CrawlReport) -> None:
        self.origins = set(reachable(state, further_hosts))
        self.further_hosts = further_hosts
        self.robots = robots
        self.report = report

    async def refuses(self, request: BrowserRequest) -> bool:
        """Whether to abort: not needed to read a price, another host, or refused by robots.txt."""
        if request.resource_type not in LOADED or not self._may_reach(request.url):
            return True
        if urlsplit(request.url).hostname in self.further_hosts:
            return False
        rules = await self.robots.rules(request.url)
        if not rules.allows(request.url):
            self.report.refused_by_robots += 1
            enter_refusal(self.report, rules, request.url)
            return True
        self.report.browser_requests += not _is_page(request)
        return False

    def _may_reach(self, url: str) -> bool:
        with suppress(ValueError):
            return Origin.of(url) in self.origins
        return False


def _is_page(request: BrowserRequest) -> bool:
    """Whether this is the page itself, which was counted as Scrapy's own request."""
    return request.is_navigation_request() and request.frame.parent_frame is None
