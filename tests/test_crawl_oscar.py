"""A real django-oscar shop crawled whole from its address, and scored against its own database: nothing may differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.model import Availability, CrawlReport, SiteState
from tests.oscar import OscarPage, serve

pytestmark = pytest.mark.slow
GOODS = 120
# Oscar's pages say how many are left, not that these are few.
THERE = (Availability.IN_STOCK, Availability.LOW_STOCK)


@dataclass(frozen=True)
class Crawled:
    """The crawl's outcome, its offers by key, and the database's products by path."""

    report: CrawlReport
    offers: dict[str, Mapping[str, Any]]
    products: dict[str, OscarPage]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """One crawl for all tests of this module."""
    with serve(tmp_path_factory.mktemp("oscar"), goods=GOODS) as shop:
        rows: list[Mapping[str, Any]] = []
        state = SiteState(f"{shop.url}/", local=(shop.url,), currency="EUR", language="en")
        report = run_crawl(state, feed=True, on_offer=rows.append)
        products = {page.path: page for page in shop.pages if page.kind == "product"}
        yield Crawled(report, {row["key"]: row for row in rows}, products)


def test_every_product_that_a_link_leads_to_is_found_and_nothing_else(crawled: Crawled) -> None:
    """Oscar links a parent's variants only while they can be bought."""
    linked = {
        path
        for path, page in crawled.products.items()
        if page.structure != "child" or page.availability is not Availability.OUT_OF_STOCK
    }
    assert any(page.structure == "child" for page in crawled.products.values())
    assert crawled.offers.keys() == linked
    assert crawled.report.finished
    assert crawled.report.found == {"category": len(linked)}


def test_every_price_is_the_databases(crawled: Crawled) -> None:
    prices = {key: row["price"] for key, row in crawled.offers.items()}
    assert prices == {key: str(price) if (price := crawled.products[key].price) else None for key in prices}


def test_every_state_and_count_of_pieces_is_the_databases(crawled: Crawled) -> None:
    there = {key: (row["availability"] in THERE, row["stock"]) for key, row in crawled.offers.items()}
    pages = {key: crawled.products[key] for key in there}
    assert there == {key: (page.availability in THERE, page.stock or None) for key, page in pages.items()}


def test_tiles_and_pages_of_the_shop_agree(crawled: Crawled) -> None:
    outcomes = crawled.report.learned["finding"]["agreements"]["tiles"]["outcomes"]
    assert len(outcomes) >= 10
    assert "0" not in outcomes
