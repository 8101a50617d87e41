"""Whatever a page tries, the browser reaches nothing that its proxy did not check."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest
from playwright.async_api import async_playwright
from scrapy import Request
from scrapy.http import Response

from pricevane.chromium import launch_environment
from pricevane.model import CrawlReport, Origin, SiteState
from spiders.fetch.gate import Gate, is_tracker, same_shop
from spiders.fetch.launch import launch_options
from spiders.fetch.proxy import HEAD_BYTES, Proxy
from spiders.fetch.robots import Robots
from spiders.fetch.upstream import Upstream
from tests import browser
from tests.crawl_shop import Reply, Shop, open_shop, page, redirect
from tests.gateway import open_gateway


class Trap:
    """A port on this machine that nobody has a right to; it counts who comes by TCP or UDP."""

    def __init__(self) -> None:
        self.tcp, self.udp = socket.create_server(("127.0.0.1", 0)), socket.socket(type=socket.SOCK_DGRAM)
        self.port = self.tcp.getsockname()[1]
        self.udp.bind(("127.0.0.1", self.port))
        self.came: list[str] = []
        for watch in (self._watch_tcp, self._watch_udp):
            Thread(target=watch, daemon=True).start()

    def _watch_tcp(self) -> None:
        while self.tcp.fileno() >= 0:
            try:
                self.tcp.accept()[0].close()
            except OSError:
                return
            self.came.append("tcp")

    def _watch_udp(self) -> None:
        while self.udp.fileno() >= 0:
            try:
                self.udp.recv(1)
            except OSError:
                return
            self.came.append("udp")


@contextmanager
def trap() -> Iterator[Trap]:
    """A trap that is taken away at the end."""
    made = Trap()
    try:
        yield made
    finally:
        for one in (made.tcp, made.udp):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def through(
    shop: Shop,
    ask: Callable[[int], Awaitable[object]],
    local: tuple[str, ...] | None = None,
    upstream: Upstream | None = None,
) -> tuple[Proxy, object]:
    """What `ask` gets from a proxy, by its port, that admits the shop alone, with an upstream in a tunnel as well."""

    async def run() -> tuple[Proxy, object]:
        own = {shop.url, shop.url.replace("http:", "https:") if upstream else shop.url}
        proxy = Proxy(lambda origin: origin.url in own, own if local is None else local, CrawlReport(), upstream)
        port = await proxy.start()
        try:
            return proxy, await ask(port)
        finally:
            await proxy.close()

    return asyncio.run(run())


async def said(port: int, head: str) -> bytes:
    """The whole answer of the proxy to a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + b"\r\n\r\n")
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.slow
def test_nothing_that_a_page_can_do_reaches_another_port_of_this_machine() -> None:
    with open_shop() as shop, trap() as forbidden:
        elsewhere = f"http://127.0.0.1:{forbidden.port}"
        shop.replies.update({"/p": Reply(page("leash", elsewhere=elsewhere)), "/away": redirect(f"{elsewhere}/away")})

        path = browser.found()

        async def visit(port: int) -> None:
            async with async_playwright() as playwright:
                options = launch_options(str(path), port, launch_environment(path))
                running = await playwright.chromium.launch(**options)
                tab = await running.new_page()
                await tab.goto(f"{shop.url}/p", wait_until="commit")
                await tab.wait_for_function("document.title === 'tried'", timeout=30_000)
                await tab.goto(f"{shop.url}/away")
                await running.close()

        proxy, _ = through(shop, visit)
        assert "/away" in shop.paths
        assert forbidden.came == []
        assert proxy.refused[elsewhere] >= 5
        assert proxy.report.bytes > 0


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET {shop}/p HTTP/1.1\r\nHost: x", 200),
        ("GET http://127.0.0.1:1/p HTTP/1.1\r\nHost: x", 403),
        ("CONNECT 127.0.0.1:1 HTTP/1.1", 403),
        ("CONNECT {host} HTTP/1.1", 403),
        ("GET /p HTTP/1.1\r\nHost: {host}", 400),
        ("GET file:///etc/passwd HTTP/1.1", 400),
        ("GET ftp://127.0.0.1/p HTTP/1.1", 400),
        ("nonsense", 400),
        ("CONNECT [broken HTTP/1.1", 400),
        ("POST {shop}/p HTTP/1.1\r\nTransfer-Encoding: chunked", 411),
    ],
)
def test_the_proxy_answers_for_the_shop_alone(head: str, status: int) -> None:
    with open_shop({"/p": Reply(b"page")}) as shop:
        asked = head.format(shop=shop.url, host=shop.url.removeprefix("http://"))
        _, answer = through(shop, lambda port: said(port, asked))
        assert isinstance(answer, bytes)
        assert int(answer.split(b" ")[1]) == status
        assert len(shop.asked) == (status == 200)


def test_a_private_address_is_refused_even_where_the_gate_admits_its_name() -> None:
    with open_shop({"/p": Reply(b"page")}) as shop:
        _, answer = through(shop, lambda port: said(port, f"GET {shop.url}/p HTTP/1.1"), local=())
        assert isinstance(answer, bytes)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert shop.asked == []


def test_a_tunnel_leads_through_the_next_proxy_with_its_login() -> None:
    with open_shop({"/p": Reply(b"seen")}) as shop, open_gateway() as gateway:

        async def tunnelled(port: int) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"CONNECT {shop.key} HTTP/1.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"GET /p HTTP/1.0\r\n\r\n")
            body = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            return head + body

        upstream = Upstream.of(shop.state(proxy=gateway.url.replace("://", "://ana:s%3Ae@")))
        _, answer = through(shop, tunnelled, upstream=upstream)
        assert isinstance(answer, bytes)
        assert (answer.startswith(b"HTTP/1.1 200"), answer.endswith(b"seen")) == (True, True)
        assert gateway.logins == ["ana:s:e"]


@pytest.mark.parametrize("where", ["nowhere", "a shop"])
def test_a_tunnel_that_the_next_proxy_does_not_open_is_refused(where: str) -> None:
    with open_shop() as shop:
        upstream = Upstream(Origin.of(shop.url if where == "a shop" else "http://127.0.0.1:1"))
        _, answer = through(shop, lambda port: said(port, f"CONNECT {shop.key} HTTP/1.1"), upstream=upstream)
        assert isinstance(answer, bytes)
        assert answer.startswith(b"HTTP/1.1 502")


def test_a_head_without_end_is_cut() -> None:
    with open_shop() as shop:
        _, answer = through(shop, lambda port: said(port, "GET / HTTP/1.1\r\nX: " + "x" * 2 * HEAD_BYTES))
        assert answer == b""


def test_connections_end_after_one_answer_so_that_the_next_is_checked_anew() -> None:
    with open_shop({"/p": Reply(b"page", headers={"Connection": "keep-alive"})}) as shop:
        two = f"GET {shop.url}/p HTTP/1.1\r\nHost: x\r\n\r\nGET {shop.url}/q HTTP/1.1\r\nHost: x"
        _, answer = through(shop, lambda port: said(port, two))
        assert isinstance(answer, bytes)
        assert b"Connection: close" in answer
        assert b"keep-alive" not in answer
        assert shop.paths == ["/p"]


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://www.shop.co.uk", True),
        ("https://api.shop.co.uk", True),
        ("http://api.shop.co.uk", False),
        ("https://api.shop.co.uk:8443", False),
        ("https://other.co.uk", False),
        ("https://shop.co.uk.evil.com", False),
        ("https://127.0.0.1", False),
    ],
)
def test_a_shop_is_its_site_and_by_https_the_hosts_of_its_domain(url: str, same: bool) -> None:
    assert same_shop(Origin.of("https://www.shop.co.uk"), Origin.of(url)) is same


def test_trackers_are_known_by_their_domain() -> None:
    assert is_tracker("www.google-analytics.com")
    assert not is_tracker("cdn.shop-analytics.com")


def test_a_stranger_is_admitted_only_once_the_gate_has_met_him() -> None:
    gate = Gate(SiteState(url="https://shop.com/"), ("cdn.example.net",), Robots(_never), CrawlReport())
    assert gate.admits(Origin.of("https://cdn.example.net"))
    assert not gate.admits(Origin.of("http://cdn.example.net"))
    assert not gate.admits(Origin.of("https://bundles.net"))


async def _never(request: Request) -> Response:
    raise AssertionError(request.url)
