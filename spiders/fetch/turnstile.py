"""One large body at a time, from its first bytes until its page is read: what a crawl's memory has room for."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import Any, Protocol

from scrapy import Request
from scrapy.crawler import Crawler

# Ordinary pages are smaller, on the wire and unpacked.
LARGE = 512 * 1024
LARGE_AT_ONCE = 1
LOOK_UP_S = 0.01
# A page is read at once, but what a long feed brings takes a while to be stored.
LONGEST_S = 5.0


class Connection(Protocol):
    """What brings a body, and can be made to wait."""

    @property
    def transport(self) -> Any:
        """Twisted's, with pauseProducing and resumeProducing."""

    def __hash__(self) -> int: ...


class Turnstile:
    """Counts the connections that bring large bodies and the requests whose body came and is still to be read.

    Connections of bodies that find no place are paused, and what is packed stays so until there is one.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.connections: set[Connection] = set()
        self.requests: dict[Request, float] = {}
        self.waiting: dict[Connection, asyncio.Task[None]] = {}

    @property
    def has_room(self) -> bool:
        """Whether one more large body may come. Scrapy itself knows which requests are done, however they ended."""
        slot: Any = self.crawler.engine._slot if self.crawler.engine else None
        open_, since = slot.inprogress if slot else (), time.monotonic() - LONGEST_S
        self.requests = {one: came_at for one, came_at in self.requests.items() if one in open_ and came_at > since}
        return len(self.connections) + len(self.requests) < LARGE_AT_ONCE

    def enter(self, connection: Connection) -> None:
        """Take a place, or pause until there is one; asking again changes nothing."""
        if connection in self.connections or connection in self.waiting:
            return
        if self.has_room:
            self.connections.add(connection)
            return
        connection.transport.pauseProducing()
        self.waiting[connection] = asyncio.ensure_future(self._admit(connection))

    def leave(self, connection: Connection) -> None:
        """Give up the place or the wait."""
        self.connections.discard(connection)
        if waiting := self.waiting.pop(connection, None):
            waiting.cancel()

    def keep(self, request: Request) -> None:
        """Take a place for a body that is there."""
        self.requests.setdefault(request, time.monotonic())

    async def turn(self, request: Request) -> None:
        """Wait for a place and take it, unless the request has one."""
        while not self.has_room and request not in self.requests:
            await asyncio.sleep(LOOK_UP_S)
        self.keep(request)

    async def _admit(self, connection: Connection) -> None:
        while not self.has_room:
            await asyncio.sleep(LOOK_UP_S)
        del self.waiting[connection]
        self.connections.add(connection)
        connection.transport.resumeProducing()


@cache
def turnstile_of(crawler: Crawler) -> Turnstile:
    """The one of a crawl, for what comes by http, by https, and packed."""
    return Turnstile(crawler)
