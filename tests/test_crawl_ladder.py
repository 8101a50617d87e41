"""Each page type is read on the cheapest rung that says what the browser says, and no longer than it does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pricevane.crawling import run_crawl
from pricevane.market.storefront import Reply
from tests import browser
from tests.crawl_shop import Reply as Page
from tests.crawl_shop import open_shop, product, sitemap
from tests.rung_shop import Rungs, open_rungs

pytestmark = pytest.mark.slow
MANY = 120


@pytest.fixture(scope="module")
def shop() -> Iterator[Rungs]:
    """A shop whose pages hold no price, in the order of its life: crawled, repriced, its API changed."""
    with open_rungs("call", MANY, leftover="stale") as rungs:
        yield rungs


def test_a_shop_without_prices_in_its_pages_is_read_by_replaying_its_call(shop: Rungs) -> None:
    report = shop.crawl()
    assert shop.good == shop.asked
    assert report.browser_pages <= 8
    assert shop.rung() == "replay"
    replayed = [row for row in shop.rows if row["evidence"]["layers"] == ["replay"]]
    assert len(replayed) >= MANY - 8
    assert "/api/v1/articles/{0} article.pricing.amountMinor" in replayed[0]["evidence"]["path"]


def test_struck_prices_are_replayed_too(shop: Rungs) -> None:
    assert shop.regular == {path: ware.was for path, ware in shop.truth.items() if ware.was}


def test_the_next_crawl_asks_the_browser_for_one_page_and_reads_the_new_prices(shop: Rungs) -> None:
    shop.shop.reprice(Decimal("1.10"))
    report = shop.crawl()
    assert shop.good == shop.asked
    assert report.browser_pages == 1 <= MANY * 0.02


def test_a_call_that_lies_is_noticed_before_anything_it_says_is_taken_for_good(shop: Rungs) -> None:
    shop.shop.version = 2
    report = shop.crawl()
    assert shop.good == shop.asked
    assert shop.rung() == "replay"
    assert len(report.repairs) == 2
    assert "replay fails" in report.repairs[0]
    assert "+GET" in report.repairs[1]
    assert "/api/v2/offers?article={0}" in report.repairs[1]
    assert report.browser_pages <= 12


def test_a_call_that_ends_in_the_middle_of_a_crawl_is_learned_anew() -> None:
    with open_rungs("call", 60) as rungs:
        asked = 0

        def answer(target: str) -> Reply:
            nonlocal asked
            asked += target.startswith("/api/v1")
            rungs.shop.version = 2 if asked > 35 else 1
            return rungs.shop.answer(target)

        rungs.server.answer = answer
        report = rungs.crawl()
        assert rungs.good == rungs.asked
        assert "replay fails" in report.repairs[0]
        assert "/api/v2/offers" in str(rungs.learned["ladder"])


@pytest.mark.parametrize(("way", "said"), [("chained", "[data-sku]"), ("embedded", "PAGE __SHOP_STATE__")])
def test_ids_and_states_are_taken_from_the_plain_page(way: str, said: str) -> None:
    with open_rungs(way, 40) as rungs:
        report = rungs.crawl()
        assert rungs.good == rungs.asked
        assert (rungs.rung(), report.browser_pages) == ("replay", 8)
        assert said in str(rungs.learned["ladder"])


def test_what_only_a_script_can_put_together_is_read_in_the_browser() -> None:
    with open_rungs("drawn", 14) as rungs:
        report = rungs.crawl()
        assert rungs.good == rungs.asked
        assert (rungs.rung(), report.browser_pages) == ("browser", 14)


def test_pages_that_plain_http_reads_are_compared_once_and_never_open_the_browser_again() -> None:
    with open_shop() as shop:
        paths = [f"/p/{number}" for number in range(1, 10)]
        shop.replies.update({path: product(shop, path, f"{place}9.90") for place, path in enumerate(paths, 1)})
        shop.replies["/sitemap.xml"] = Page(sitemap(shop, *paths))
        first = run_crawl(shop.state(render="auto"), chromium=str(browser.found()))
        assert (first.browser_pages, first.offers) == (5, 9)
        state = shop.state(render="auto", learned=first.learned)
        again = run_crawl(state, chromium="/nonexistent/chromium")
        assert (again.browser_pages, again.offers, again.failed) == (0, 9, {})


def test_a_shop_that_turns_to_scripts_is_noticed_and_climbs() -> None:
    with open_rungs("call", 40) as rungs:
        rungs.learned = {"ladder": {"/p/{n}-{s}": {"rung": "http", "fill": 1.0, "agreed": "5 of 5", "since": 0}}}
        report = rungs.crawl()
        assert rungs.rung() == "replay"
        assert rungs.good.items() <= rungs.asked.items()
        assert len(rungs.good) >= 20
        assert "http fails" in report.repairs[0]


def test_the_probe_of_a_shop_says_how_its_pages_are_read_and_what_they_cost() -> None:
    with open_rungs("call", 12) as rungs:
        command = ["-m", "pricevane", "site", "probe", rungs.server.url, "--currency", "EUR", "--format", "json"]
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
        (verdict,) = map(json.loads, done.stdout.splitlines())
        assert (verdict["rung"], verdict["agreed"], verdict["requests"]) == ("replay", "5 of 5", 1)
        assert verdict["cpu_ms"] < verdict["browser_cpu_ms"] / 10
        assert "price: article.pricing.amountMinor (its last 2 digits are decimals)" in verdict["recipe"]


def test_without_a_browser_nothing_is_lost_that_plain_http_reads() -> None:
    with open_rungs("call", 12) as rungs:
        report = rungs.crawl(chromium="/nonexistent/chromium")
        assert rungs.good == {}
        assert report.failed["browser"] >= 1
