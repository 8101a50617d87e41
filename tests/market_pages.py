"""What a shopper reads on the simulated shops' pages, by expressions that share nothing with the shops."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Seen:
    """All prices, names and struck-through prices that a page states, once each, and its stock notices."""

    prices: frozenset[Decimal]
    names: frozenset[str]
    regular: frozenset[Decimal]
    stock: frozenset[str]


STOCK = {
    "InStock": "in_stock",
    "LimitedAvailability": "low_stock",
    "OutOfStock": "out_of_stock",
    "In stock": "in_stock",
    "Only 3 left": "low_stock",
    "Out of stock": "out_of_stock",
    "En stock": "in_stock",
    "Plus que 3 exemplaires": "low_stock",
    "Rupture de stock": "out_of_stock",
    "Auf Lager": "in_stock",
    "Nur noch 3 Stück": "low_stock",
    "Nicht verfügbar": "out_of_stock",
}


@contextmanager
def visitor(url: str) -> Iterator[Callable[..., tuple[http.client.HTTPResponse, bytes]]]:
    """One keep-alive connection to a shop; call it with a path and headers."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)) as wire:

        def get(path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
            wire.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = wire.getresponse()
            return answer, answer.read()

        yield get


def _all(pattern: str, page: str) -> list[str]:
    return [unescape(found) for found in re.findall(pattern, page, re.S)]


def _english(text: str) -> Decimal:
    return Decimal(text.replace("€", "").replace(",", ""))


def _continental(text: str) -> Decimal:
    return Decimal(re.sub(r"[€.\s]", "", text).replace(",", "."))


def _linked(product: dict[str, Any]) -> tuple[Decimal, set[Decimal], str]:
    offer = product["offers"]
    regular = {Decimal(offer["priceSpecification"]["price"])} if "priceSpecification" in offer else set()
    return Decimal(offer["price"]), regular, STOCK[offer["availability"].rpartition("/")[2]]


def north(page: str) -> Seen:
    """JSON-LD, meta tags and visible text."""
    product = json.loads(_all(r"<script type=\"application/ld\+json\">(.*?)</script>", page)[0])
    price, regular, stock = _linked(product)
    meta = _all(r'product:price:amount" content="([^"]*)"', page)
    visible = _all(r'class="price"><strong>(.*?)</strong>', page)
    return Seen(
        frozenset({price, *map(Decimal, meta), *map(_english, visible)}),
        frozenset({product["name"], *_all(r"<h1>(.*?)</h1>", page), *_all(r'og:title" content="([^"]*)"', page)}),
        frozenset(regular | set(map(_english, _all(r"<s>(.*?)</s>", page)))),
        frozenset({stock, *(STOCK[text] for text in _all(r'class="stock">(.*?)<', page))}),
    )


def boutique(page: str) -> Seen:
    """Microdata and visible text."""
    content = _all(r'itemprop="price" content="([^"]*)"', page)
    visible = _all(r'itemprop="price"[^>]*>(.*?)</span>', page)
    return Seen(
        frozenset({*map(Decimal, content), *map(_continental, visible)}),
        frozenset(_all(r'<h1 itemprop="name">(.*?)</h1>', page)),
        frozenset(map(_continental, _all(r"<del>(.*?)</del>", page))),
        frozenset(
            {
                *(STOCK[text] for text in _all(r'availability" href="https://schema.org/(\w+)"', page)),
                *(STOCK[text] for text in _all(r'class="dispo">(.*?)<', page)),
            }
        ),
    )


def plainshop(page: str) -> Seen:
    """Visible text only."""
    return Seen(
        frozenset(map(_continental, _all(r'class="current">(.*?)</span>', page))),
        frozenset(_all(r'<h1 class="product-title">(.*?)</h1>', page)),
        frozenset(map(_continental, _all(r'class="old">(.*?)</span>', page))),
        frozenset(STOCK[text] for text in _all(r'class="stock-status">(.*?)<', page)),
    )


def scriptshop(article: str) -> Seen:
    """The JSON that the shop's script asks for."""
    said = json.loads(article)
    price, regular, stock = _linked(said["ld"])
    return Seen(
        frozenset({price, _english(said["price"])}),
        frozenset({said["name"], said["ld"]["name"]}),
        frozenset(regular | ({_english(said["was"])} if said["was"] else set())),
        frozenset({stock, STOCK[said["stock"]]}),
    )


READERS: dict[str, Callable[[str], Seen]] = {
    "north": north,
    "boutique": boutique,
    "plainshop": plainshop,
    "scriptshop": scriptshop,
}
