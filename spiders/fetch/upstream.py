"""The operator's own proxy through which a region is asked, where its shop answers by where a visitor comes from."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pricevane.model import Origin, SiteState


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the proxy is, and the Proxy-Authorization (RFC 9110, 11.7.2) that it is to get, "" without a login."""

    origin: Origin
    authorization: str = field(default="", repr=False)

    @classmethod
    def of(cls, state: SiteState) -> Self | None:
        """The proxy of a site; None without one."""
        if not state.proxy:
            return None
        parts = urlsplit(state.proxy)
        login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else ""
        return cls(Origin.of(state.proxy), f"Basic {b64encode(login.encode()).decode()}" if login else "")


class UpstreamMiddleware:
    """Sends every request of a site that has a proxy through it, those for robots.txt and replayed calls included."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Raises NotConfigured for a site without a proxy."""
        upstream = Upstream.of(crawler.spider.state)  # type: ignore[union-attr]
        if upstream is None:
            raise NotConfigured
        return cls(upstream)

    def process_request(self, request: Request) -> None:
        request.meta["proxy"] = self.upstream.origin.url
        if self.upstream.authorization:
            request.headers["Proxy-Authorization"] = self.upstream.authorization
