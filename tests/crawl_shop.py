"""A tiny shop on a loopback port for crawl tests; it remembers what it was asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from typing import Any

import pytest

from pricevane.model import SiteState

PAGES = Path(__file__).parent / "crawl"


@dataclass(frozen=True)
class Reply:
    """What the shop answers."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request: its path with query, the monotonic time, and its headers."""

    path: str
    at: float
    headers: Mapping[str, str]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A crawler that is killed in mid-answer is no fault of the shop."""


class Shop:
    """Answers by path; a callable answer is asked each time."""

    def __init__(self, host: str) -> None:
        self.asked: list[Asked] = []
        self.replies: dict[str, Reply | Callable[[str], Reply]] = {}
        self.server = _QuietServer((host, 0), _handler(self))
        self.url = f"http://{host}:{self.server.server_port}"

    @property
    def key(self) -> str:
        """host:port."""
        return self.url.removeprefix("http://")

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [asked.path for asked in self.asked]

    def reply(self, path: str) -> Reply:
        """The answer for a path: exact, else by the longest prefix that ends in *, else 404."""
        starred = [key for key in self.replies if key.endswith("*") and path.startswith(key[:-1])]
        found = self.replies.get(path) or self.replies.get(max(starred, key=len, default=""), Reply(b"gone", 404))
        return found if isinstance(found, Reply) else found(path)

    def state(self, **fields: Any) -> SiteState:
        """The state of a crawl of this shop as the operator's own."""
        return SiteState(**{"url": f"{self.url}/", "local": (self.url,), **fields})


def _handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            shop.asked.append(Asked(self.path, time.monotonic(), dict(self.headers)))
            reply = shop.reply(self.path)
            time.sleep(reply.wait_s)
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Keep test output clean."""

    return Handler


@contextmanager
def open_shop(
    replies: Mapping[str, Reply | Callable[[str], Reply]] | None = None, host: str = "127.0.0.1"
) -> Iterator[Shop]:
    """A running shop; `replies` may also be filled later, once its address is known. Crawls fail on warnings."""
    shop = Shop(host)
    shop.replies.update(replies or {})
    thread = Thread(target=shop.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONWARNINGS", "error")
            yield shop
    finally:
        shop.server.shutdown()
        thread.join()
        shop.server.server_close()


def page(name: str, **values: object) -> bytes:
    """A page of tests/crawl with its placeholders filled."""
    return Template((PAGES / f"{name}.html").read_text("utf-8")).safe_substitute(values).encode()


def product(shop: Shop, path: str, price: str = "19.90") -> Reply:
    """A product page with JSON-LD."""
    number = path.strip("/").replace("/", "-").removesuffix(".html")
    return Reply(page("product", number=number, url=shop.url + path, price=price))


def category(*hrefs: str, rel_next: str = "") -> Reply:
    """A page of links."""
    links = [f'<li><a href="{href}">{href}</a></li>' for href in hrefs]
    if rel_next:
        links.append(f'<li><a rel="next" href="{rel_next}">next</a></li>')
    return Reply(page("category", links="\n".join(links)))


def sitemap(shop: Shop, *paths: str, index: bool = False) -> bytes:
    """A sitemap or sitemap index of the shop's addresses."""
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{inner}><loc>{shop.url}{path}</loc></{inner}>" for path in paths)
    xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?><{outer} xmlns="{xmlns}">{entries}</{outer}>'.encode()


def redirect(to: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status=status, headers={"Location": to})


def robots(text: str) -> Reply:
    """A robots.txt."""
    return Reply(text.encode(), kind="text/plain")
