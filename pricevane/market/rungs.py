"""Shops that need each rung of the fetching ladder: a call by number or by code, embedded state, or a browser."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from html import escape
from itertools import count
from urllib.parse import parse_qs

from pricevane.market.sitemaps import robots, sitemap
from pricevane.market.storefront import JSON, Reply
from pricevane.market.wording import PAGES, fill

SCRIPT = "text/javascript; charset=utf-8"
NOT_FOUND = Reply(b"gone", "text/plain; charset=utf-8", 404)
COLOURS = ("Red", "Blue", "Green", "Oak", "Brass", "Slate", "Ivory", "Amber")
THINGS = ("Lamp", "Kettle", "Chair", "Mirror", "Clock", "Basket", "Vase", "Stool", "Shelf")


@dataclass(frozen=True, slots=True)
class Ware:
    """One article; `was` is its old price, or None."""

    number: int
    name: str
    price: Decimal
    was: Decimal | None
    is_available: bool

    @property
    def slug(self) -> str:
        """The name as a part of an address."""
        return self.name.lower().replace(" ", "-")

    @property
    def code(self) -> str:
        """What the shop calls the article in its database; it cannot be told from number or name."""
        return f"K{self.number * 7919 % 1_000_003:06d}"


def wares(many: int, seed: int = 1) -> list[Ware]:
    """Articles with prices of their own, some reduced, some sold out."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    made = []
    for number in range(1001, 1001 + many):
        price = Decimal(dice.randrange(500, 40_000)) / 100
        was = price + Decimal(dice.randrange(100, 5_000)) / 100 if dice.random() < 0.2 else None
        name = f"{dice.choice(COLOURS)} {dice.choice(THINGS)} {number}"
        made.append(Ware(number, name, price, was, dice.random() > 0.1))
    return made


class RungShop:
    """Serves wares in one of the ways of WAYS; `answer` is for a ShopServer.

    `version` 2 of the way "call" asks another address and gets other fields; what the old address says then is
    `leftover`: "gone", or "stale" with prices that no shopper sees any more.
    """

    def __init__(self, way: str, base: str, stock: list[Ware], leftover: str = "gone") -> None:
        self.way, self.base, self.leftover = way, base, leftover
        self.version = 1
        self.wares = {self.path(ware): ware for ware in stock}

    def path(self, ware: Ware) -> str:
        """Where an article's page is."""
        return f"/article/{ware.slug}" if self.way == "chained" else f"/p/{ware.number}-{ware.slug}"

    @property
    def truth(self) -> dict[str, Ware]:
        """What the shop asks now, by path."""
        return dict(self.wares)

    def reprice(self, by: Decimal) -> None:
        """Raise every price."""
        self.wares = {path: replace(ware, price=ware.price + by, was=None) for path, ware in self.wares.items()}

    def answer(self, target: str) -> Reply:
        """The reply to a request for path and query."""
        path, _, query = target.partition("?")
        if path in self.wares:
            return self._page(self.wares[path])
        if path.endswith(".js"):
            return Reply(
                b"".join((PAGES / "rungs" / f"{name}.js").read_bytes() for name in ("draw", self._script)), SCRIPT
            )
        if path == "/robots.txt":
            return robots(["/cart"], f"{self.base}/sitemap.xml")
        if path == "/sitemap.xml":
            return sitemap(self.base + page for page in self.wares)
        return self._called(path, parse_qs(query))

    @property
    def _script(self) -> str:
        return "call2" if self.way == "call" and self.version == 2 else self.way

    def _page(self, ware: Ware) -> Reply:
        hidden = {
            "chained": f' data-sku="{ware.code}"',
            "drawn": f' data-x="{_hidden(ware)}"',
        }.get(self.way, "")
        state = json.dumps({"product": _plain(ware)})
        script = f"<script>window.__SHOP_STATE__ = {state};</script>" if self.way == "embedded" else ""
        main = f'<main id="app"{hidden}></main>{script}'
        text = fill("rungs/page.html", {"title": "Rung & Step", "script": self._script}, main=main)
        return Reply(text.encode())

    def _called(self, path: str, query: Mapping[str, list[str]]) -> Reply:
        asked = query.get("sku", query.get("article", [path.rpartition("/")[2]]))[0]
        ware = next((one for one in self.wares.values() if asked in (one.code, str(one.number))), None)
        if ware is None:
            return Reply(b"[]", JSON) if path == "/related" else NOT_FOUND
        if path.startswith("/api/v1/articles/"):
            return self._first(ware)
        if path == "/api/v2/offers" and self.version == 2:
            plain = _plain(ware)
            offer = {"name": ware.name, "gross": plain["price"], "net": str(round(ware.price / Decimal("1.2"), 2))}
            return _json({"offers": [offer | {"before": plain["was"], "orderable": ware.is_available}]})
        return _json(_plain(ware)) if path == "/api/offer" else NOT_FOUND

    def _first(self, ware: Ware) -> Reply:
        if self.version == 2:
            if self.leftover == "gone":
                return NOT_FOUND
            ware = replace(ware, price=ware.price - 1, was=None)
        pricing = {"amountMinor": int(ware.price * 100), "wasMinor": int(ware.was * 100) if ware.was else None}
        stock = {"state": "IN_STOCK" if ware.is_available else "SOLD_OUT"}
        article = {"id": ware.number, "title": ware.name, "pricing": {**pricing, "currency": "EUR"}, "stock": stock}
        return _json({"article": article, "took": next(_TICKS)})


_TICKS = count(3)
WAYS = ("call", "chained", "embedded", "drawn")


def _plain(ware: Ware) -> dict[str, object]:
    was = str(ware.was) if ware.was else ""
    return {"name": ware.name, "price": str(ware.price), "was": was, "available": ware.is_available, "sku": ware.code}


def _hidden(ware: Ware) -> str:
    text = f"{ware.name}|{ware.price}|{ware.was or ''}|{int(ware.is_available)}"
    return escape(base64.b64encode(text.encode()).decode()[::-1])


def _json(content: object) -> Reply:
    return Reply(json.dumps(content).encode(), JSON)
