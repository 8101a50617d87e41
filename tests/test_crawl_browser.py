"""A shop whose prices are made by JavaScript, read with a real Chromium that is kept on a short leash."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.model import CrawlReport
from tests.crawl_shop import Reply, Shop, open_shop, page, redirect, robots, sitemap

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Crawled:
    """The crawl's outcome and what the two shops saw of it."""

    shop: Shop
    elsewhere: Shop
    report: CrawlReport
    rows: list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def crawled() -> Iterator[Crawled]:
    """One crawl for all tests of this module."""
    with open_shop() as shop, open_shop() as elsewhere:
        shop.replies.update(
            {
                "/robots.txt": robots("User-agent: *\nDisallow: /private/\n"),
                "/sitemap.xml": Reply(sitemap(shop, "/p/lamp", "/p/gone", "/p/away")),
                "/p/lamp": Reply(page("scripted", elsewhere=elsewhere.url)),
                "/p/away": redirect(f"{elsewhere.url}/p/lamp"),
                "/api/price.json": Reply(b'{"price": "34.50"}', kind="application/json", wait_s=4.0),
                "/redirect-out": redirect(f"{elsewhere.url}/stolen"),
                "/lamp.png": Reply(kind="image/png"),
                "/private/stock.json": Reply(b"{}", kind="application/json"),
            }
        )
        rows: list[Mapping[str, Any]] = []
        chromium = shutil.which("chromium")
        report = run_crawl(shop.state(render="browser"), chromium=chromium, feed=True, on_offer=rows.append)
        yield Crawled(shop, elsewhere, report, rows)


def test_a_price_that_a_script_fetches_late_is_read(crawled: Crawled) -> None:
    assert [(row["name"], row["price"], row["currency"]) for row in crawled.rows] == [("Lamp", "34.50", "EUR")]


def test_images_are_not_loaded(crawled: Crawled) -> None:
    assert "/lamp.png" not in crawled.shop.paths


def test_robots_holds_for_what_a_page_asks_for_by_itself(crawled: Crawled) -> None:
    assert "/private/stock.json" not in crawled.shop.paths
    assert (crawled.report.refused_by_robots, crawled.report.robots_line) == (1, "Disallow: /private/")


def test_no_script_socket_or_redirect_reaches_another_server_on_this_machine(crawled: Crawled) -> None:
    assert "/redirect-out" in crawled.shop.paths
    assert "/p/away" in crawled.shop.paths
    assert crawled.elsewhere.asked == []


def test_what_a_page_asks_for_is_counted_apart_from_pages(crawled: Crawled) -> None:
    own = [path for path in crawled.shop.paths if path in ("/api/price.json", "/redirect-out")]
    assert crawled.report.browser_requests == len(own) == 2


def test_sitemap_and_robots_are_fetched_without_the_browser(crawled: Crawled) -> None:
    agents = {asked.path: asked.headers for asked in crawled.shop.asked}
    assert "Sec-Fetch-Mode" not in agents["/sitemap.xml"]
    assert "Sec-Fetch-Mode" not in agents["/robots.txt"]


def test_the_browser_names_itself_as_the_crawler(crawled: Crawled) -> None:
    assert {asked.headers["User-Agent"] for asked in crawled.shop.asked} == {"pricevane/0.1"}


def test_missing_pages_are_counted(crawled: Crawled) -> None:
    assert crawled.report.failed["404"] == 1
    assert crawled.report.finished
