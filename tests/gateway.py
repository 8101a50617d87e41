"""A forward proxy on loopback that says so to the shop, and remembers the logins that it was shown."""

from __future__ import annotations

import socket
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

DIRECT = build_opener(ProxyHandler({}))
OF_THE_CONNECTION = frozenset(("proxy-authorization", "proxy-connection", "connection", "host", "content-length"))
OURS = frozenset(("transfer-encoding", "connection", "server", "date"))


class Gateway:
    """`logins` as they came, `user:password` each."""

    def __init__(self) -> None:
        self.logins: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            gateway.logins.append(b64decode(self.headers.get("Proxy-Authorization", "").partition(" ")[2]).decode())
            kept = {name: value for name, value in self.headers.items() if name.lower() not in OF_THE_CONNECTION}
            try:
                answer = DIRECT.open(Request(self.path, headers={**kept, "Via": "1.1 gateway"}), timeout=10)
            except HTTPError as error:
                answer = error
            with answer:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in OURS:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.read())

        def do_CONNECT(self) -> None:
            gateway.logins.append(b64decode(self.headers.get("Proxy-Authorization", "").partition(" ")[2]).decode())
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as far:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = Thread(target=_pass, args=(far, self.connection))
                back.start()
                _pass(self.connection, far)
                back.join()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    return Handler


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def open_gateway() -> Iterator[Gateway]:
    """A running proxy."""
    gateway = Gateway()
    thread = Thread(target=gateway.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.server.shutdown()
        thread.join()
        gateway.server.server_close()
