"""Redirects that stay on the site, each hop checked before it is made."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from spiders.fetch.failures import OffSiteRedirect, RedirectLoop
from spiders.fetch.guard import same_site

STATUSES = (301, 302, 303, 307, 308)


class SameSiteRedirectMiddleware(RedirectMiddleware):
    """Raises OffSiteRedirect or RedirectLoop where Scrapy would follow, pass on or silently drop."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The next hop, or what is no redirect; raises OffSiteRedirect for hops that are no http address."""
        location = response.headers.get("Location")
        if response.status not in STATUSES or location is None or request.meta.get("dont_redirect"):
            return response
        try:
            followed = super().process_response(request, response)
        except ValueError as error:
            raise OffSiteRedirect(f"{request.url} redirects to {location[:200]!r}, which is no address") from error
        if followed is response:
            raise OffSiteRedirect(f"{request.url} redirects to {location[:200]!r}, which is not http")
        return followed

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
