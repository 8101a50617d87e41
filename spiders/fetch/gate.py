"""What the browser may load for a page: what a price may need, from whom, and only where robots.txt lets us."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tldextract import TLDExtract

from pricevane.model import DEFAULT_PORTS, CrawlReport, Origin, SiteState
from spiders.fetch.guard import same_site
from spiders.fetch.robots import Robots, enter_refusal

if TYPE_CHECKING:
    from playwright.async_api import Request as BrowserRequest

LOADED = frozenset(("document", "script", "stylesheet", "xhr", "fetch"))
# Of strangers, only what can make or bring a price.
FOREIGN = frozenset(("script", "xhr", "fetch"))
MOST_STRANGERS = 12
_SUFFIXES = TLDExtract(suffix_list_urls=(), cache_dir=None)
_TRACKERS = frozenset((Path(__file__).parent / "trackers.txt").read_text("ascii").split())


@cache
def domain_of(host: str) -> str:
    """The registrable domain of a host name by the public suffix list; "" for addresses and where it has none."""
    return _SUFFIXES(host).top_domain_under_public_suffix


def is_tracker(host: str) -> bool:
    """Whether a host belongs to somebody who watches shoppers; shops sell nothing from there."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in _TRACKERS for start in range(len(labels) - 1))


def same_shop(site: Origin, origin: Origin) -> bool:
    """Whether an origin is the site, or by https a host under the site's own domain, such as its API's."""
    if same_site(site, origin.url):
        return True
    is_usual = origin.scheme == "https" and origin.port == DEFAULT_PORTS["https"]
    return is_usual and domain_of(origin.host) == domain_of(site.host) != ""


class Gate:
    """Decides about each request that a page makes; `named` are further hosts that a site file names.

    The shop's own hosts are open. Of other hosts scripts and data are let through by https, except trackers', and
    only of the first MOST_STRANGERS hosts: shops keep their scripts and their catalogue at such places.
    """

    def __init__(self, state: SiteState, named: Collection[str], robots: Robots, report: CrawlReport) -> None:
        self.site = state.origin
        self.named = frozenset(named)
        self.robots = robots
        self.report = report
        self.strangers: set[str] = set()

    def admits(self, origin: Origin) -> bool:
        """Whether the browser may connect to an origin at all."""
        if same_shop(self.site, origin):
            return True
        is_usual = origin.scheme == "https" and origin.port == DEFAULT_PORTS["https"]
        return is_usual and (origin.host in self.named or origin.host in self.strangers)

    async def refuses(self, request: BrowserRequest) -> bool:
        """Whether to abort: not needed to read a price, a host not admitted, or refused by robots.txt."""
        if request.resource_type not in LOADED or not self._may_reach(request):
            return True
        if not same_site(self.site, request.url):
            self.report.browser_requests += 1
            return False
        rules = await self.robots.rules(request.url)
        if not rules.allows(request.url):
            enter_refusal(self.report, rules, request.url)
            self.report.refused_by_robots += 1
            return True
        self.report.browser_requests += not _is_page(request)
        return False

    def _may_reach(self, request: BrowserRequest) -> bool:
        with suppress(ValueError):
            origin = Origin.of(request.url)
            self._meet(origin, request.resource_type)
            return self.admits(origin)
        return False

    def _meet(self, origin: Origin, kind: str) -> None:
        """Let a stranger in, if there is room for him and he may be needed."""
        host = origin.host
        if same_shop(self.site, origin) or not domain_of(host) or kind not in FOREIGN or is_tracker(host):
            return
        if len(self.strangers) < MOST_STRANGERS:
            self.strangers.add(host)


def _is_page(request: BrowserRequest) -> bool:
    """Whether this is the page itself, which was counted as Scrapy's own request."""
    return request.is_navigation_request() and request.frame.parent_frame is None
