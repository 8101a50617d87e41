"""One crawl of a shop in which everything that can go wrong does; each test states one rule that held."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.model import CrawlReport
from tests.crawl_shop import Reply, Shop, open_shop, product, redirect, robots, sitemap

pytestmark = pytest.mark.slow
CLOCK = datetime(2031, 5, 4, 12, tzinfo=UTC)
PRODUCTS = tuple(f"/p/{number}.html" for number in range(12))
AWKWARD = (
    "/gone",
    "/moved",
    "/moved-away",
    "/loop",
    "/leaflet",
    "/empty",
    "/bomb",
    "/private/secret.html",
    "/packed.html",
)
SITEMAPS = ("/sitemap-products-1.xml", "/sitemap-products-2.xml.gz", "/sitemap-blog.xml")


def gzipped(body: bytes) -> Reply:
    """A page packed for transport, with no charset named."""
    return Reply(gzip.compress(body), headers={"Content-Encoding": "gzip"})


def furnish(shop: Shop, elsewhere: Shop) -> None:
    """Fill the shop's shelves and lay the traps."""
    shop.replies.update({path: product(shop, path) for path in PRODUCTS})
    shop.replies.update(
        {
            "/robots.txt": robots(
                f"User-agent: *\nDisallow: /private/\nDisallow: /priv\nSitemap: {shop.url}/index.xml\n"
            ),
            "/index.xml": Reply(sitemap(shop, *SITEMAPS, index=True), kind="application/xml"),
            SITEMAPS[0]: Reply(sitemap(shop, *PRODUCTS[:6]), kind="application/xml"),
            SITEMAPS[1]: Reply(gzip.compress(sitemap(shop, *PRODUCTS[6:])), kind="application/gzip"),
            SITEMAPS[2]: Reply(sitemap(shop, "/blog/1"), kind="application/xml"),
            "/moved": redirect("/p/moved"),
            "/p/moved": product(shop, "/p/moved"),
            "/moved-away": redirect(f"{elsewhere.url}/p/stolen"),
            "/loop": redirect("/loop-back"),
            "/loop-back": redirect("/loop"),
            "/leaflet": Reply(b"%PDF-1.7", kind="application/pdf"),
            "/empty": Reply(b" \n"),
            "/bomb": gzipped(bytes(48 * 1024 * 1024)),
            "/packed.html": gzipped(product(shop, "/packed.html").body),
        }
    )


@dataclass(frozen=True)
class Crawled:
    """The crawl's outcome and what the two shops saw of it."""

    shop: Shop
    elsewhere: Shop
    report: CrawlReport
    offers: dict[str, Mapping[str, Any]]
    progress: list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def crawled() -> Iterator[Crawled]:
    """One crawl for all tests of this module."""
    with open_shop() as shop, open_shop() as elsewhere:
        furnish(shop, elsewhere)
        state = shop.state(
            known=tuple(shop.url + path for path in AWKWARD), clock_at=CLOCK, contact="complain@retailer.example"
        )
        offers: dict[str, Mapping[str, Any]] = {}
        progress: list[Mapping[str, Any]] = []
        report = run_crawl(
            state, feed=True, on_offer=lambda row: offers.__setitem__(row["url"], row), on_progress=progress.append
        )
        yield Crawled(shop, elsewhere, report, offers, progress)


def test_products_of_nested_and_packed_sitemaps_are_read(crawled: Crawled) -> None:
    assert {crawled.shop.url + path for path in PRODUCTS} <= set(crawled.offers)


def test_sitemaps_of_other_things_are_left_alone_where_some_are_named_after_products(crawled: Crawled) -> None:
    assert SITEMAPS[2] not in crawled.shop.paths


def test_disallowed_pages_are_not_asked_for_but_counted_with_the_line_that_refused(crawled: Crawled) -> None:
    assert "/private/secret.html" not in crawled.shop.paths
    assert crawled.report.refused_by_robots == 1
    assert crawled.report.robots_line == "Disallow: /private/"


def test_a_redirect_within_the_shop_is_followed(crawled: Crawled) -> None:
    assert crawled.shop.url + "/p/moved" in crawled.offers


def test_a_redirect_to_another_shop_on_this_machine_is_refused(crawled: Crawled) -> None:
    assert crawled.elsewhere.asked == []
    assert crawled.report.failed["redirect to another site"] == 1


@pytest.mark.parametrize("kind", ["redirect loop", "not html", "empty", "too large"])
def test_each_failure_is_counted_once_by_its_kind(crawled: Crawled, kind: str) -> None:
    assert crawled.report.failed[kind] == 1


def test_a_known_page_that_is_missing_is_gone_and_no_failure(crawled: Crawled) -> None:
    assert crawled.report.kinds["gone"] == 1
    assert "404" not in crawled.report.failed


def test_a_packed_page_without_charset_keeps_its_letters(crawled: Crawled) -> None:
    assert crawled.offers[crawled.shop.url + "/packed.html"]["brand"] == "Nørd"


def test_pages_and_offers_add_up(crawled: Crawled) -> None:
    report = crawled.report
    assert report.pages == report.product_pages == report.offers == len(crawled.offers) == len(PRODUCTS) + 2
    assert report.requests == len(crawled.shop.asked)
    assert report.bytes >= sum(len(crawled.shop.reply(path).body) for path in PRODUCTS)


def test_a_crawl_to_its_end_with_failed_pages_is_finished_but_partial(crawled: Crawled) -> None:
    assert (crawled.report.finished, crawled.report.reason, crawled.report.exit_code) == (True, "", 3)


def test_offers_carry_the_time_of_the_given_clock(crawled: Crawled) -> None:
    times = [datetime.fromisoformat(row["at"]) for row in crawled.offers.values()]
    assert all(CLOCK <= at < CLOCK + timedelta(minutes=5) for at in times)


def test_rows_hold_exact_amounts_as_text_beside_their_currency(crawled: Crawled) -> None:
    row = crawled.offers[crawled.shop.url + PRODUCTS[0]]
    assert (row["price"], row["currency"], row["sku"], row["availability"]) == ("19.90", "EUR", "K-p-0", "in_stock")


def test_every_request_says_who_asks_and_where_to_complain(crawled: Crawled) -> None:
    assert {asked.headers["User-Agent"] for asked in crawled.shop.asked} == {
        "pricevane/0.1 (+complain@retailer.example)"
    }


def test_progress_counts_towards_what_is_expected(crawled: Crawled) -> None:
    assert crawled.progress
    assert set(crawled.progress[-1]) == {"pages", "offers", "requests", "seconds", "expected"}
