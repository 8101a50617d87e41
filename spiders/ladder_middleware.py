"""Fetches each page on the rung of its type, and some in the browser as well, to learn and to check the rungs."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from playwright.async_api import Error as BrowserError
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.http.request import NO_CALLBACK

from pricevane.model import VISITED, Examination, Offer, PageKind, Status, Visit
from spiders.fetch.conditional import WHOLE
from spiders.fetch.download import CALLS, CHOSEN, WANTED
from spiders.ladder import Ladder, may_hide
from spiders.ladder_checks import Checked, Rung
from spiders.ladder_rung import PageRung
from spiders.memory import page_type
from spiders.page_reader import READ
from spiders.read.page import examine
from spiders.replay.calls import LARGEST
from spiders.replay.embedded import states
from spiders.replay.learning import said_by
from spiders.replay.recipe import LAYER, Sample
from spiders.replay.sources import Shell
from spiders.replay.template import Template

if TYPE_CHECKING:
    from spiders.shop import ShopSpider

MOST_BROKEN = 3
UNCHECKED = "its call could not be checked in the browser"
FAILING = (BrowserError, IgnoreRequest, TimeoutError)

log = logging.getLogger(__name__)
Download = Callable[[Request], Awaitable[Response]]


class LadderMiddleware:
    """A downloader middleware below politeness: its own requests pass through all the others again."""

    def __init__(self, spider: ShopSpider, download: Download) -> None:
        self.spider = spider
        self.download = download
        self.ladder = Ladder(spider.state.learned)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        async def download(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        middleware = cls(crawler.spider, download)  # type: ignore[arg-type]
        crawler.signals.connect(middleware.visited, VISITED)
        crawler.signals.connect(middleware.closed, signals.spider_closed)
        return middleware

    def visited(self, visit: Visit) -> None:
        """Tell the ladder of a page that was read, and of one that should have been."""
        if visit.kind in {PageKind.PRODUCT, PageKind.SHELL}:
            self.ladder.of(page_type(visit.url)).visited(bool(visit.keys) or visit.is_unchanged)

    def closed(self) -> None:
        """At the crawl's end, after the spider's own learning: what was learned goes into the report."""
        report, browser = self.spider.report, self.spider.browser
        report.learned["ladder"] = self.ladder.as_json()
        if browser and report.browser_pages:
            browser.count()
            report.learned["ladder_cost"] = browser.cost.per_page()
        report.repairs = [*report.repairs, *self.ladder.repairs]

    async def process_request(self, request: Request) -> Response | None:
        """The page by the rung of its type, or None where that is plain HTTP."""
        if not request.meta.pop(CHOSEN, False):
            return None
        name = page_type(request.url)
        kind, is_checked = await self.ladder.turn(name)
        if not is_checked:
            return await self._fetched(request, kind)
        try:
            return await self._checked(request, kind)
        finally:
            self.ladder.done(kind)

    async def _fetched(self, request: Request, kind: PageRung) -> Response | None:
        """A page of a settled type; one whose recipe fails is checked, which the browser then decides."""
        if kind.rung is Rung.HTTP:
            return None
        if kind.rung is Rung.BROWSER:
            return await self._browsed(request)
        needs_html = kind.recipe is not None and kind.recipe.call.needs_html
        plain = await self._plain(request) if needs_html else None
        if plain is not None and not _is_page(plain):
            return _final(request, plain)
        seen = await self._replayed(kind, _shell(plain) if plain else Shell(request.url))
        if seen is None:
            return await self._checked(request, kind)
        return self._as_response(request, *seen)

    async def _checked(self, request: Request, kind: PageRung) -> Response:
        """A page read cheaply and in the browser: the cheap one if both agree, else what the browser shows."""
        plain = await self._plain(request)
        if not isinstance(plain, HtmlResponse) or not _is_page(plain):
            return _final(request, plain)
        rung, shell, replay = kind.rung, _shell(plain), None
        seen = self._examined(plain, kind)
        if rung is Rung.REPLAY:
            replay = await self._replayed(kind, shell)
        elif not self._is_worth_showing(kind, seen):
            return _final(request, plain)
        read = replay[0] if replay else seen if rung is not Rung.REPLAY else None
        offer = _only(read)
        try:
            shown = await self._browsed(request)
        except FAILING as error:
            return self._unchecked(request, kind, plain, (read, replay), error)
        full = self._examined(shown)
        if not _is_page(shown) or full.kind is PageKind.BLOCKED:
            refused = IgnoreRequest(f"answered {shown.status}, {full.why}")
            return self._unchecked(request, kind, plain, (read, replay), refused) if offer else shown
        calls = said_by(shell, request.meta.pop(CALLS, ()))
        sample = Sample(shell, _only(full), calls, len(full.offers) < 2)
        check = Checked(sample, offer, seen.kind is PageKind.SHELL and full.kind is not PageKind.SHELL)
        if rung is kind.rung:
            kind.note(check, self.spider.now(), self.spider.page_reader.hints)
        if not check.is_equal or rung is Rung.BROWSER:
            return shown
        return self._as_response(request, *replay) if replay else _final(request, plain)

    def _is_worth_showing(self, kind: PageRung, seen: Examination) -> bool:
        """Whether a plain page, not read by a recipe, is to be shown in the browser too."""
        state = self.spider.state
        if state.single_page or state.only_page:
            is_clear = any(offer.status is Status.GOOD for offer in seen.offers)
            kind.clear += is_clear
            return not is_clear and may_hide(seen.kind, bool(seen.offers), state.only_page, kind)
        if kind.rung is Rung.BROWSER or kind.is_settled:
            return True
        is_worth = may_hide(seen.kind, bool(seen.offers), seen.url in self.spider.known, kind)
        kind.looked_at += is_worth and seen.kind is PageKind.OTHER
        return is_worth

    def _unchecked(
        self,
        request: Request,
        kind: PageRung,
        plain: Response,
        read: tuple[Examination | None, tuple[Examination, bytes] | None],
        error: Exception,
    ) -> Response:
        """Where the browser fails: a plain page that has an offer, a replayed one as doubtful; else raises `error`."""
        log.warning("the browser cannot show %s: %s", request.url, str(error).splitlines()[0] if str(error) else error)
        kind.broken += 1
        if kind.broken >= MOST_BROKEN and not kind.is_settled:
            kind.rung, kind.is_settled = Rung.HTTP, True
        seen, replay = read
        if replay is not None:
            doubtful = tuple(offer.doubt(UNCHECKED) for offer in replay[0].offers)
            return self._as_response(request, replace(replay[0], offers=doubtful), replay[1])
        if seen is None or not seen.offers:
            raise error
        return _final(request, plain)

    async def _plain(self, request: Request) -> Response:
        return await self.download(request.replace(meta={**request.meta, WHOLE: True}))

    async def _browsed(self, request: Request) -> Response:
        meta = {**request.meta, WANTED: True, WHOLE: True, "dont_retry": True, "autothrottle_dont_adjust_delay": True}
        asked = request.replace(meta=meta)
        response = await self.download(asked)
        request.meta[CALLS] = asked.meta.get(CALLS, ())
        return _final(request, response)

    async def _replayed(self, kind: PageRung, shell: Shell) -> tuple[Examination, bytes] | None:
        """What the recipe reads for a page, and the answer that it read; None where it cannot."""
        recipe = kind.recipe
        asked = recipe.call.filled(shell) if recipe else None
        if recipe is None or asked is None:
            return None
        body = await self._answer(recipe.call, *asked, shell)
        began = time.process_time()
        offer = recipe.read(body, shell.url, self.spider.now(), self.spider.page_reader.hints)
        if offer is None:
            return None
        seconds = time.process_time() - began
        size, requests = len(shell.html) + len(body), recipe.call.needs_html + (not recipe.call.is_page)
        kind.cost(Rung.REPLAY).add(requests, size, seconds)
        return Examination(shell.url, PageKind.PRODUCT, f"the answer of {asked[0]}", (offer,), (), seconds), body

    async def _answer(self, call: Template, url: str, post: str, shell: Shell) -> bytes:
        """The body that answers a call, from the page itself or by a plain request; empty where there is none."""
        if call.is_page:
            return next((state.body for state in states(shell.tree, shell.url) if state.url == url), b"")
        headers = {"Accept": "application/json", **call.headers}
        meta = {"is_replay": True, WHOLE: True}
        request = Request(url, NO_CALLBACK, call.method, headers, post, meta=meta)
        try:
            response = await self.download(request)
        except IgnoreRequest as error:
            log.info("the call of %s is not made: %s", shell.url, error)
            return b""
        return response.body if response.status == 200 else b""

    def _examined(self, page: Response, kind: PageRung | None = None) -> Examination:
        """What stands on a page; for a plain one of that type the cost is noted."""
        assert isinstance(page, HtmlResponse)  # noqa: S101
        spider, began = self.spider, time.process_time()
        seen = examine(page.text, page.url, spider.now(), spider.page_reader.hints, spider.reader.selectors)
        if kind:
            kind.cost(Rung.HTTP).add(1, len(page.body), time.process_time() - began)
        return seen

    @staticmethod
    def _as_response(request: Request, seen: Examination, body: bytes) -> Response:
        request.meta[READ] = seen
        request.meta["dont_retry"] = True
        return HtmlResponse(seen.url, body=body, encoding="utf-8", request=request, flags=[LAYER])


def _shell(plain: Response) -> Shell:
    """A page to take parts of a call from; of a very large one only the address."""
    return Shell(plain.url, plain.text if isinstance(plain, HtmlResponse) and len(plain.body) <= LARGEST else "")


def _is_page(response: Response) -> bool:
    return response.status == 200 and isinstance(response, HtmlResponse) and bool(response.body.strip())


def _final(request: Request, response: Response) -> Response:
    """An answer that went through all middlewares once, as the answer to the request that the spider made."""
    request.meta["dont_retry"] = True
    return response


def _only(seen: Examination | None) -> Offer | None:
    """The page's own offer, which stands first; None for pages that are no product's."""
    return seen.offers[0] if seen and seen.kind is PageKind.PRODUCT and seen.offers else None
