"""A shop in a process of its own that answers from memory, faster than any crawler asks."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from benchmarks.crawling.pages import packed

HOST = "127.0.0.1"
DIFFERENT = 300
END = b"\r\n\r\n"


class Shop:
    """Answers by path: robots.txt, a sitemap of `pages` products, and their pages, of which DIFFERENT differ.

    Like many servers it names no charset in the header; pages answer with and without an ending.
    """

    def __init__(self, pages: int, linked: bool) -> None:
        self.pages = pages
        self.made = [_reply(packed(number, linked), "text/html", "gzip") for number in range(min(pages, DIFFERENT))]

    def answer(self, path: str, host: str) -> bytes:
        """A whole answer, head and body."""
        if path.startswith("/p/"):
            return self.made[int(path[3:].partition(".")[0]) % len(self.made)]
        if path == "/robots.txt":
            return _reply(f"User-agent: *\nAllow: /\nSitemap: http://{host}/sitemap.xml\n".encode(), "text/plain")
        if path == "/sitemap.xml":
            listed = "".join(f"<url><loc>http://{host}/p/{number}.html</loc></url>" for number in range(self.pages))
            space = "http://www.sitemaps.org/schemas/sitemap/0.9"
            return _reply(f'<urlset xmlns="{space}">{listed}</urlset>'.encode(), "application/xml")
        return _reply(b"", "text/plain", status="404 Not Found")


def _reply(body: bytes, kind: str, encoding: str = "", status: str = "200 OK") -> bytes:
    packing = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{packing}\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """Requests come one after the other, without a body."""

    transport: asyncio.Transport

    def __init__(self, shop: Shop, host: str) -> None:
        self.shop = shop
        self.host = host
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while END in self.rest:
            head, _, self.rest = self.rest.partition(END)
            self.transport.write(self.shop.answer(head.split(b" ", 2)[1].decode("latin-1"), self.host))


@contextmanager
def serving(pages: int, linked: bool) -> Iterator[str]:
    """The address of such a shop while it is open."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_serve, args=(pages, linked, theirs), daemon=True)
    child.start()
    try:
        yield f"http://{HOST}:{ours.recv()}"
    finally:
        child.kill()
        child.join()


def _serve(pages: int, linked: bool, told: Connection) -> None:
    asyncio.run(_run(Shop(pages, linked), told))


async def _run(shop: Shop, told: Connection) -> None:
    loop = asyncio.get_running_loop()
    place: list[str] = []
    server = await loop.create_server(lambda: _Connection(shop, place[0]), HOST, 0)
    port = server.sockets[0].getsockname()[1]
    place.append(f"{HOST}:{port}")
    told.send(port)
    await server.serve_forever()
