"""One shop on a loopback address: a real HTTP/1.1 server that counts what it is asked for."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any

from pricevane.market.storefront import Reply

JOIN_SECONDS = 0.5


class ShopServer(ThreadingHTTPServer):
    """Answers with `answer(target)` and counts requests by path."""

    request_queue_size = 128
    answer: Callable[[str], Reply]

    def __init__(self, host: str) -> None:
        """Bind to a free port of `host`."""
        self._hits: Counter[str] = Counter()
        self._lock = Lock()
        self._open: dict[Thread, Any] = {}
        super().__init__((host, 0), _Visit)

    @property
    def url(self) -> str:
        """The shop's address without a closing slash."""
        return f"http://{self.server_name}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without asking a name server for the host's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def count(self, target: str) -> None:
        """Remember one request."""
        with self._lock:
            self._hits[target.partition("?")[0]] += 1

    def tally(self) -> Counter[str]:
        """Path (without query) → requests so far."""
        with self._lock:
            return self._hits.copy()

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Serve a connection in a thread that `hang_up` can end."""
        visit = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open = {thread: wire for thread, wire in self._open.items() if thread.is_alive()}
        self._open[visit] = request
        visit.start()

    def hang_up(self) -> None:
        """End all open connections and wait for their threads."""
        for wire in self._open.values():
            with suppress(OSError):
                wire.shutdown(SHUT_RDWR)
        for visit in self._open:
            visit.join(JOIN_SECONDS)

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Stay quiet about visitors who leave in the middle."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Visit(BaseHTTPRequestHandler):
    """One connection; replies are buffered so that head and body leave together."""

    protocol_version = "HTTP/1.1"
    server_version = "Shop"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 60
    server: ShopServer

    def do_GET(self) -> None:
        self.server.count(self.path)
        reply = self.server.answer(self.path)
        known = self.headers.get("If-None-Match", "")
        if reply.status == HTTPStatus.OK and reply.etag in known:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", reply.etag)
            self.end_headers()
            return
        self._send(reply)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.status == HTTPStatus.OK:
            self.send_header("ETag", reply.etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)


@contextmanager
def serving(server: ShopServer) -> Iterator[ShopServer]:
    """Serve in a thread; at the end no socket and no thread is left."""
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()
