"""A shop over bare sockets that sells a few kettles and, at some of its addresses, does what it likes."""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.model import CrawlReport, SiteState
from tests.crawl_shop import page
from tests.test_crawl_process import crawlers

HERE = Path(__file__).parent
GOOD = 6
KILOBYTES = 1024


class Wire:
    """One request, and the socket on which to answer it as one pleases."""

    def __init__(self, shop: HostileShop, path: str, connection: socket.socket) -> None:
        self.shop = shop
        self.path = path
        self.connection = connection

    def send(self, *parts: bytes) -> None:
        """Put bytes on the wire."""
        for part in parts:
            self.connection.sendall(part)

    def head(self, status: str = "200 OK", **headers: object) -> None:
        """Status line and headers; underscores in names become hyphens."""
        named = {"Content_Type": "text/html", "Connection": "close", **headers}
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items()]
        self.send(f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode())

    def reply(self, body: bytes = b"", status: str = "200 OK", **headers: object) -> None:
        """A whole and proper answer."""
        self.head(status, Content_Length=len(body), **headers)
        self.send(body)

    def endlessly(self, part: bytes, pause_s: float = 0.0) -> None:
        """The same bytes until the other side hangs up."""
        while True:
            self.send(part)
            time.sleep(pause_s)


Serve = Callable[[Wire], None]


class HostileShop:
    """Answers by path: `serve` first, then robots.txt, sitemap and ordinary products."""

    def __init__(self, serve: Mapping[str, Serve], listed: tuple[str, ...] = (), host: str = "") -> None:
        self.serve = serve
        goods = [f"/p/{number}" for number in range(1, GOOD + 1)]
        self.listed = [*goods[: GOOD // 2], *listed, *goods[GOOD // 2 :]]
        self.asked: list[str] = []
        self.server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self.server.server_address[1]
        self.url = f"http://{host or f'127.0.0.1:{self.port}'}"

    def answer(self, wire: Wire) -> None:
        """Do what is to be done at the request's path."""
        serve = self.serve.get(wire.path) or next(
            (one for path, one in self.serve.items() if path.endswith("*") and wire.path.startswith(path[:-1])), None
        )
        if serve:
            serve(wire)
        elif wire.path == "/sitemap.xml":
            wire.reply(self.sitemap(self.listed), Content_Type="application/xml")
        elif wire.path.removeprefix("/p/").isdecimal():
            wire.reply(self.product(wire.path))
        else:
            wire.reply(b"gone", "404 Not Found")

    def product(self, path: str) -> bytes:
        """An ordinary product's page."""
        return page("product", number=path.rpartition("/")[2], url=self.url + path, price="19.90")

    def sitemap(self, paths: list[str]) -> bytes:
        """An ordinary sitemap."""
        entries = "\n".join(f"<url><loc>{self.url}{path}</loc></url>" for path in paths)
        return f'<?xml version="1.0"?>\n<urlset>\n{entries}\n</urlset>'.encode()

    def state(self, **fields: Any) -> SiteState:
        """The state of a crawl of this shop as the operator's own."""
        return SiteState(**{"url": f"{self.url}/", "local": (self.url,), **fields})

    def close(self) -> None:
        """Stop answering: connections are refused from now on."""
        self.server.shutdown()
        self.server.server_close()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """That the other side hangs up is what is hoped for."""


def _handler(shop: HostileShop) -> type[StreamRequestHandler]:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().split()
            while self.rfile.readline().strip():
                pass
            if len(line) > 1:
                path = line[1].decode()
                shop.asked.append(path)
                shop.answer(Wire(shop, path, self.connection))

    return Handler


@contextmanager
def open_hostile(
    serve: Mapping[str, Serve], listed: tuple[str, ...] = (), host: str = "", context: ssl.SSLContext | None = None
) -> Iterator[HostileShop]:
    """The shop, running; `host` is a name that the world knows, with `context` it speaks TLS."""
    shop = HostileShop(serve, listed, host)
    if context:
        shop.server.socket = context.wrap_socket(shop.server.socket, server_side=True)
        shop.url = shop.url.replace("http:", "https:")
    thread = Thread(target=shop.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield shop
    finally:
        shop.close()
        thread.join()


def crawled(state: SiteState, world: Mapping[str, object], **wanted: Any) -> tuple[CrawlReport, float]:
    """The crawl's report, and the greatest memory of its process in MB; `world` is as in hostile/sitecustomize.py."""
    with pytest.MonkeyPatch.context() as patch, _Watch() as watch:
        patch.setenv("PYTHONWARNINGS", "error")
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (HERE.parent, HERE / "hostile"))))
        patch.setenv("PRICEVANE_TEST_WORLD", json.dumps(world))
        report = run_crawl(state, **wanted)
    return report, watch.peak_mb


class _Watch:
    """Looks again and again at the high-water mark of the crawl's memory (Linux)."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self.is_over = False
        self.thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        if sys.platform == "linux":
            self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.is_over = True
        if sys.platform == "linux":
            self.thread.join()

    def _look(self) -> None:
        while not self.is_over:
            with suppress(OSError, StopIteration):
                for child in crawlers(os.getpid()):
                    lines = Path(f"/proc/{child}/status").read_text().splitlines()
                    mark = next(line for line in lines if line.startswith("VmHWM"))
                    self.peak_mb = max(self.peak_mb, int(mark.split()[1]) / KILOBYTES)
            time.sleep(0.02)
