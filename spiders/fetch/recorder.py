"""Writes down the JSON that a page fetches by itself, and knows when the page waits for none any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from spiders.replay.calls import LARGEST, Call, chosen_headers

if TYPE_CHECKING:
    from playwright.async_api import Page, Request, Response

MOST_CALLS = 60
MOST_BYTES = 2 * LARGEST
FETCHED = frozenset(("xhr", "fetch"))


class Recorder:
    """Listens to one page; `calls` are the JSON answers in the order in which they came."""

    def __init__(self, page: Page) -> None:
        self.calls: list[Call] = []
        self._waiting: set[Request] = set()
        self._reading: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._changed = asyncio.Event()
        page.on("request", self._asked)
        page.on("requestfailed", self._ended)
        page.on("requestfinished", self._finished)

    async def settled(self, seconds: float) -> None:
        """Return once nothing that was asked for is open any more, or after that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._waiting or self._reading:
                    self._changed.clear()
                    await self._changed.wait()

    def _asked(self, request: Request) -> None:
        if request.resource_type in FETCHED:
            self._waiting.add(request)

    def _ended(self, request: Request) -> None:
        self._waiting.discard(request)
        self._changed.set()

    def _finished(self, request: Request) -> None:
        if request.resource_type in FETCHED and len(self.calls) < MOST_CALLS:
            task = asyncio.ensure_future(self._keep(request))
            self._reading.add(task)
            task.add_done_callback(self._kept)
        self._ended(request)

    def _kept(self, task: asyncio.Task[None]) -> None:
        self._reading.discard(task)
        self._changed.set()

    async def _keep(self, request: Request) -> None:
        from playwright.async_api import Error as BrowserError

        with suppress(BrowserError):
            response = await request.response()
            if response is None or not response.ok or not _may_be_json(response):
                return
            body = await response.body()
            self._bytes += len(body)
            if len(body) <= LARGEST and self._bytes <= MOST_BYTES and body.lstrip()[:1] in (b"{", b"["):
                headers = chosen_headers(request.headers)
                self.calls.append(Call(request.method, request.url, body, request.post_data or "", headers))


def _may_be_json(response: Response) -> bool:
    kind = response.headers.get("content-type", "")
    return not kind or "json" in kind or "javascript" in kind or kind.startswith("text/plain")
