"""Connections that hold out: few header bytes, large bodies one by one, no private peer, a first part of robots."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from scrapy import Request, signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientProtocol
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError, StopDownload
from scrapy.http import Response
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import Request as WireRequest
from twisted.web.client import _HTTP11ClientFactory
from twisted.web.iweb import IResponse

from pricevane.model import SiteState
from spiders.fetch.failures import HeadTooLarge, PrivateAddress, TooSlow, refusal_in
from spiders.fetch.guard import may_connect
from spiders.fetch.robots import LARGEST as LARGEST_ROBOTS
from spiders.fetch.turnstile import LARGE, Turnstile, turnstile_of

LARGEST_HEAD = 256 * 1024


class BoundedProtocol(_LenientHTTP11ClientProtocol):
    """One connection to a shop; counts what each response brings."""

    transport: Any
    _parser: Any

    def __init__(self, turnstile: Turnstile, quiescent: Any) -> None:
        super().__init__(quiescent)  # type: ignore[no-untyped-call]
        self.turnstile = turnstile
        self.received = 0

    def request(self, request: WireRequest) -> Deferred[IResponse]:
        self.received = 0
        answer = super().request(request)
        self._parser.lineLengthExceeded = self._refuse_head
        return answer

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.received += len(data)
        if self._parser is not None and self._parser.line_mode and self.received > LARGEST_HEAD:
            self._refuse_head(data)
            return
        if self.received > LARGE:
            self.turnstile.enter(self)
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self.turnstile.leave(self)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802
        super()._finishResponse(rest)
        # Whoever waits for the body is told of it first, and keeps the place.
        asyncio.get_running_loop().call_soon(self.turnstile.leave, self)

    def _refuse_head(self, line: bytes) -> None:
        """Also what the parser calls for a line longer than its own limit of 16 KB."""
        self._giveUp(Failure(HeadTooLarge(f"more than {LARGEST_HEAD} bytes of headers, or a line too long")))  # type: ignore[no-untyped-call]
        self.transport.abortConnection()


class BoundedFactory(_HTTP11ClientFactory):
    """Makes the connections; raises PrivateAddress where a name led elsewhere than it was checked to lead."""

    noisy = False

    def __init__(self, state: SiteState, turnstile: Turnstile, quiescent: Any, metadata: str) -> None:
        super().__init__(quiescent, metadata)  # type: ignore[no-untyped-call]
        self.state = state
        self.turnstile = turnstile

    def buildProtocol(self, addr: IAddress | None) -> BoundedProtocol:  # noqa: N802
        assert isinstance(addr, (IPv4Address, IPv6Address))  # noqa: S101
        if not may_connect(self.state, addr.host, addr.port):
            raise PrivateAddress(f"the connection leads to {addr.host}:{addr.port}, inside a private network")
        return BoundedProtocol(self.turnstile, self._quiescentCallback)


class BoundedDownload(HTTP11DownloadHandler):
    """Scrapy's own download handler over such connections."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        state = crawler.spider.state  # type: ignore[union-attr]
        self.turnstile = turnstile_of(crawler)
        self._pool._factory = partial(BoundedFactory, state, self.turnstile)  # type: ignore[assignment]
        crawler.signals.connect(cut_robots, signals.bytes_received)

    async def download_request(self, request: Request) -> Response:
        """The response; raises TooSlow for one that does not end in time, and the refusals of the connection."""
        request.meta.pop("download_latency", None)
        if request.meta.get("is_robots"):
            request.meta.update(download_maxsize=0, robots_bytes=0)
        try:
            response = await super().download_request(request)
        except DownloadTimeoutError as error:
            if "download_latency" in request.meta:
                raise TooSlow(str(error)) from error
            raise
        except DownloadFailedError as error:
            raise refusal_in(error) or error from error
        if len(response.body) > LARGE:
            self.turnstile.keep(request)
        return response


def cut_robots(data: bytes, request: Request) -> None:
    """Stop where enough of a robots.txt has come, and take what came for the whole (RFC 9309, 2.5).

    A receiver of the module, since the handlers of http and https connect it both and it must count once.
    """
    if not request.meta.get("is_robots"):
        return
    request.meta["robots_bytes"] += len(data)
    if request.meta["robots_bytes"] > LARGEST_ROBOTS:
        raise StopDownload(fail=False)
