"""The process that holds the shop: it writes all pages to a file, or serves them and takes orders on its input."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.oscar.nouns import dump
from tests.oscar.shop import OscarShop, open_shop


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request: a browser opens connections on which it never asks for anything."""

    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    """Keeps no log; drops connections that stay silent."""

    timeout = 30

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""


def render(shop: OscarShop, target: str) -> None:
    """All pages, a line of JSON each, into the file `target`."""
    with Path(target).open("w", encoding="utf-8") as lines:
        lines.writelines(dump(page) + "\n" for page in shop.pages())


def serve(shop: OscarShop, port: str) -> None:
    """Serve on 127.0.0.1 until the input ends; every line of it is a change, answered by the page's new truth."""
    from django.core.handlers.wsgi import WSGIHandler

    from tests.oscar.truth import pages

    with make_server("127.0.0.1", int(port), WSGIHandler(), server_class=Server, handler_class=Quiet) as server:
        here = replace(shop, origin=f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        for page in pages(here.origin):
            _say(dump(page))
        _say("")
        for line in sys.stdin:
            order = json.loads(line)
            gross = None if order["gross"] is None else Decimal(order["gross"])
            _say(dump(here.change(order["upc"], gross, order["stock"])))
        server.shutdown()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    DOORS: dict[str, Callable[[OscarShop, str], None]] = {"render": render, "serve": serve}
    door, folder, currency, language, goods, where = sys.argv[1:]
    DOORS[door](open_shop(Path(folder), currency, language, int(goods)), where)
