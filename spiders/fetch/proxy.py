"""The browser's only way out: a proxy on loopback that resolves names itself and connects to what it checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection
from contextlib import suppress

from pricevane.model import CrawlReport, Origin
from spiders.fetch.guard import is_public
from spiders.fetch.proxy_heads import LARGEST, Asked, Refusal, body_length, closing, parsed, refusing
from spiders.fetch.upstream import Upstream

HEAD_BYTES = 64 * 1024
HEAD_S, CONNECT_S, IDLE_S, LONGEST_S = 15.0, 15.0, 30.0, 300.0
MOST_CONNECTIONS = 96
CHUNK = 64 * 1024


class Proxy:
    """Serves one crawl's browser; `admits` decides about origins, `local` names those that may be private.

    Every connection is checked by itself, so a redirect, a web socket, a prefetch or a name that resolves
    differently the second time reaches nothing that a first request could not. Bytes from the shop go into `report`.
    With an `upstream` what was checked is asked for through that, which resolves names once more by itself.
    """

    def __init__(
        self,
        admits: Callable[[Origin], bool],
        local: Collection[str],
        report: CrawlReport,
        upstream: Upstream | None = None,
    ) -> None:
        self.admits = admits
        self.local = local
        self.report = report
        self.upstream = upstream
        self.bytes = 0
        self.refused: dict[str, int] = {}
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen on a free port of 127.0.0.1 and return it."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._open.add(task)
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._answer(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            if self._server and self._server.is_serving():
                raise
        finally:
            self._open.discard(task)
            await _shut(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = None
        try:
            if len(self._open) > MOST_CONNECTIONS:
                raise Refusal(503)
            async with asyncio.timeout(HEAD_S):
                asked = parsed(await reader.readuntil(b"\r\n\r\n"))
            shop_reader, shop_writer = await self._connected(asked)
        except Refusal as refusal:
            self._note(asked, refusal)
            writer.write(refusing(refusal))
            await writer.drain()
            return
        try:
            relay = self._tunnelled if asked.is_tunnel else self._forwarded
            await relay(asked, (reader, writer), (shop_reader, shop_writer))
        finally:
            await _shut(shop_writer)

    def _note(self, asked: Asked | None, refusal: Refusal) -> None:
        if asked and refusal.status == 403:
            self.refused[asked.origin.url] = self.refused.get(asked.origin.url, 0) + 1

    async def _connected(self, asked: Asked) -> _Streams:
        """A connection to an address of the origin that was checked, or on the way to it; raises Refusal."""
        origin = asked.origin
        if not self.admits(origin):
            raise Refusal(403)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
                addresses = [str(entry[4][0]) for entry in found]
                allowed = [one for one in addresses if origin.url in self.local or is_public(one.split("%")[0])]
                if not allowed:
                    raise Refusal(403)
                if self.upstream:
                    return await _through(self.upstream, asked)
                return await asyncio.open_connection(allowed[0], origin.port, limit=HEAD_BYTES)
        except (OSError, TimeoutError, UnicodeError, EOFError, asyncio.LimitOverrunError) as error:
            raise Refusal(502) from error

    async def _tunnelled(self, asked: Asked, browser: _Streams, shop: _Streams) -> None:
        """Bytes both ways until either side has said all."""
        browser[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        ways = [self._flow(browser[0], shop[1], False), self._flow(shop[0], browser[1], True)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _forwarded(self, asked: Asked, browser: _Streams, shop: _Streams) -> None:
        """One request and its answer; the browser is told to ask the next one on a connection of its own."""
        shop[1].write(asked.head_for(self.upstream.authorization) if self.upstream else asked.head)
        if asked.length:
            shop[1].write(await browser[0].readexactly(asked.length))
        await shop[1].drain()
        async with asyncio.timeout(IDLE_S):
            head = await shop[0].readuntil(b"\r\n\r\n")
        self._count(head)
        browser[1].write(closing(head))
        await self._flow(shop[0], browser[1], True, body_length(asked.head, head))

    def _count(self, received: bytes) -> None:
        self.bytes += len(received)
        self.report.bytes += len(received)

    async def _flow(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_counted: bool, most: int = LARGEST
    ) -> None:
        """Pass bytes on until the end, a pause of IDLE_S, or so many."""
        passed = 0
        while passed < most:
            async with asyncio.timeout(IDLE_S):
                chunk = await source.read(CHUNK)
            if not chunk:
                return
            passed += len(chunk)
            if is_counted:
                self._count(chunk)
            sink.write(chunk)
            await sink.drain()


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _through(upstream: Upstream, asked: Asked) -> _Streams:
    """A connection to the next proxy, with the tunnel open if one was asked for; raises ConnectionError."""
    reader, writer = await asyncio.open_connection(upstream.origin.host, upstream.origin.port, limit=HEAD_BYTES)
    if not asked.is_tunnel:
        return reader, writer
    try:
        writer.write(asked.head_for(upstream.authorization))
        answer = await reader.readuntil(b"\r\n\r\n")
        if answer[9:12] != b"200":
            raise ConnectionError(f"{upstream.origin.url} opens no tunnel")
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _shut(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
