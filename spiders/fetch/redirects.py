"""Redirects that stay on the site, each hop checked before it is made."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest

from spiders.fetch.failures import OffSiteRedirect, RedirectLoop
from spiders.fetch.guard import same_site


class SameSiteRedirectMiddleware(RedirectMiddleware):
    """Raises OffSiteRedirect or RedirectLoop where Scrapy would follow or silently drop."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    def _redirect(self, redirected: Request, request: Request, reason: object) -> Request:
        site = self.crawler.spider.state.origin  # type: ignore[union-attr]
        if not same_site(site, redirected.url):
            raise OffSiteRedirect(f"{request.url} redirects to {redirected.url!r}")
        if redirected.url in (request.url, *request.meta.get("redirect_urls", ())):
            raise RedirectLoop(f"{request.url} redirects back to {redirected.url}")
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest as error:
            raise RedirectLoop(f"{request.url} redirects more than {self.max_redirect_times} times") from error
