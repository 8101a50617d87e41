"""What a shop takes away is said to be discontinued and left alone; a crawl that went wrong delists nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pricevane import jobs
from pricevane.config import load
from pricevane.house import House, open_house
from pricevane.storage.tables import Evidence, Observation, State
from tests.crawl_shop import Reply, Shop, open_shop, product, sitemap
from tests.house_rows import rows

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = timedelta(days=1)
PAGES = 12
TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
local = true
render = "http"
"""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        paths = [f"/p/{number}" for number in range(PAGES)]
        shop.replies |= {path: product(shop, path) for path in paths}
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *paths), kind="application/xml")
        yield shop


@pytest.fixture
def house(shop: Shop, tmp_path: Path) -> Iterator[House]:
    """One that has crawled the shop once."""
    (tmp_path / "pricevane.toml").write_text(TOML.format(url=shop.url), "utf-8")
    house = open_house(load(tmp_path / "pricevane.toml", {}))
    assert crawl(house, 0).report.exit_code == 0
    yield house
    house.engine.dispose()


def crawl(house: House, day: int) -> jobs.Crawled:
    return jobs.crawl(house, "rival", START + day * DAY)


def states(house: House) -> list[Any]:
    return sorted((row.availability, row.price_minor) for row in rows(house, State))


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_was_taken_away_discontinues_its_listing_and_fails_no_crawl(
    shop: Shop, house: House, status: int
) -> None:
    shop.replies["/p/3"] = Reply(b"no such page", status)
    done = crawl(house, 1)
    assert (done.report.exit_code, done.publication.value, done.report.kinds["gone"]) == (0, "published", 1)
    assert states(house) == [("discontinued", 1990), *[("in_stock", 1990)] * (PAGES - 1)]
    (last,) = [row for row in rows(house, Observation) if row.availability == "discontinued"]
    assert (last.price_minor, last.status, last.run_id) == (None, "good", done.run_id)
    (proof,) = [row for row in rows(house, Evidence) if row.id == last.evidence_id]
    assert (proof.url, proof.raw) == (f"{shop.url}/p/3", "gone")


@pytest.mark.slow
def test_a_delisted_page_is_asked_for_once_a_week_and_comes_back_when_it_is_there_again(
    shop: Shop, house: House
) -> None:
    there, shop.replies["/p/3"] = shop.replies["/p/3"], Reply(b"no such page", 404)
    asked = []
    for day in (1, 2, 7, 8, 9):
        shop.asked.clear()
        assert crawl(house, day).report.exit_code == 0
        asked.append("/p/3" in shop.paths)
    assert asked == [True, False, False, True, False]
    assert sum(row.availability == "discontinued" for row in rows(house, Observation)) == 1
    shop.replies["/p/3"] = there
    crawl(house, 16)
    assert states(house) == [("in_stock", 1990)] * PAGES


@pytest.mark.slow
def test_a_shop_that_loses_many_pages_at_once_is_held_and_delists_nothing(shop: Shop, house: House) -> None:
    shop.replies |= {f"/p/{number}": Reply(b"no such page", 404) for number in range(4)}
    done = crawl(house, 1)
    assert (done.publication.value, done.reason) == ("suspect", f"4 of {PAGES} known pages are gone at once")
    assert states(house) == [("in_stock", 1990)] * PAGES


@pytest.mark.slow
def test_an_incomplete_crawl_delists_nothing(shop: Shop, house: House, tmp_path: Path) -> None:
    shop.replies["/p/0"] = Reply(b"no such page", 404)
    (tmp_path / "pricevane.toml").write_text(TOML.format(url=shop.url) + f"max_pages = {PAGES - 1}\n", "utf-8")
    capped = open_house(load(tmp_path / "pricevane.toml", {}))
    done = crawl(capped, 1)
    assert (done.report.reason, done.publication.value, done.report.kinds["gone"]) == ("page cap", "published", 1)
    assert states(house) == [("in_stock", 1990)] * PAGES
    capped.engine.dispose()
