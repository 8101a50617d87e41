"""A crawl of one of the market's rung shops, compared with what the shop really asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.market.rungs import RungShop, Ware, wares
from pricevane.market.server import ShopServer, serving
from pricevane.model import CrawlReport, SiteState
from tests import browser

HOST = "127.0.0.31"


@dataclass
class Rungs:
    """An open shop, and what its crawls brought; `learned` goes from crawl to crawl."""

    shop: RungShop
    server: ShopServer
    learned: dict[str, Any] = field(default_factory=dict)
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    truth: dict[str, Ware] = field(default_factory=dict)

    def crawl(
        self, chromium: str | None = "", on_progress: Callable[[Mapping[str, Any]], object] | None = None, **state: Any
    ) -> CrawlReport:
        """Crawl once with what was learned before; `rows` are this crawl's offers."""
        self.rows = []
        url = self.server.url
        chosen = {"render": "auto", "currency": "EUR", "language": "en", "learned": self.learned, **state}
        report = run_crawl(
            SiteState(url=f"{url}/", local=(url,), **chosen),
            chromium=str(browser.found()) if chromium == "" else chromium,
            feed=True,
            on_offer=self.rows.append,
            on_progress=on_progress,
        )
        self.learned, self.truth = report.learned, self.shop.truth
        return report

    @property
    def good(self) -> dict[str, tuple[Decimal, str, str]]:
        """Path -> price, currency and stock of all good offers."""
        return {
            row["key"]: (Decimal(row["price"]), row["currency"], row["availability"])
            for row in self.rows
            if row["status"] == "good"
        }

    @property
    def asked(self) -> dict[str, tuple[Decimal, str, str]]:
        """The same as the shop itself knows it."""
        return {path: told(ware) for path, ware in self.shop.truth.items()}

    @property
    def regular(self) -> dict[str, Decimal]:
        """Path -> old price, where one was read."""
        return {row["key"]: Decimal(row["regular_price"]) for row in self.rows if row["regular_price"]}

    def rung(self) -> str:
        """The rung of the shop's article pages."""
        (kind,) = self.learned["ladder"].values()
        return str(kind["rung"])


def told(ware: Ware) -> tuple[Decimal, str, str]:
    """A ware as an offer says it."""
    return ware.price, "EUR", "in_stock" if ware.is_available else "out_of_stock"


@contextmanager
def open_rungs(way: str, many: int, **options: Any) -> Iterator[Rungs]:
    """A running shop of so many articles. Crawls fail on warnings."""
    with serving(ShopServer(HOST)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONWARNINGS", "error")
        shop = RungShop(way, server.url, wares(many), **options)
        server.answer = shop.answer
        yield Rungs(shop, server)
