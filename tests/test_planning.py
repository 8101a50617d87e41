"""Requests go where prices move and matter: what a crawl asks for, and what it teaches about how often they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pricevane import jobs, planning
from pricevane.cli import app
from pricevane.config import load
from pricevane.house import House, open_house
from pricevane.storage import history
from pricevane.storage.tables import State
from tests.crawl_shop import Reply, Shop, category, open_shop, product, sitemap
from tests.house_rows import rows

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PAGES = 20
TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
local = true
render = "http"
"""


class Moving:
    """A shop of `pages` products; those in `moving` cost more at each new `day`, and those in `dated` have its date."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.day, self.pages = shop, 0, PAGES
        self.moving, self.dated, self.others = {3, 7}, set[int](), list[str]()
        shop.replies |= {"/sitemap.xml": self.sitemap, "/p/*": self.answer}

    def sitemap(self, path: str) -> Reply:
        listed = sitemap(self.shop, *(f"/p/{number}" for number in range(self.pages)), *self.others).decode()
        for number in self.dated:
            loc = f"<loc>{self.shop.url}/p/{number}</loc>"
            listed = listed.replace(loc, f"{loc}<lastmod>{START + self.day * DAY - HOUR:%Y-%m-%dT%H:%M:%SZ}</lastmod>")
        return Reply(listed.encode(), kind="application/xml")

    def answer(self, path: str) -> Reply:
        price = 19.90 + self.day * (int(path.rpartition("/")[2]) in self.moving)
        return Reply(product(self.shop, path, price=f"{price:.2f}").body)

    def asked(self) -> list[str]:
        """The products asked for since the last question, in order."""
        found = [path for path in self.shop.paths if path.startswith("/p/")]
        self.shop.asked.clear()
        return found


@pytest.fixture
def moving() -> Iterator[Moving]:
    with open_shop() as shop:
        yield Moving(shop)


def house_of(moving: Moving, folder: Path, **settings: Any) -> House:
    """A house that watches the shop with these settings of a site."""
    more = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (folder / "pricevane.toml").write_text(TOML.format(url=moving.shop.url) + more, "utf-8")
    return open_house(load(folder / "pricevane.toml", {}))


@pytest.mark.slow
def test_a_budget_goes_to_the_pages_that_have_been_seen_to_change(moving: Moving, tmp_path: Path) -> None:
    house = house_of(moving, tmp_path)
    for day in range(4):
        moving.day = day
        assert jobs.crawl(house, "rival", START + day * DAY).report.exit_code == 0
    moving.asked()
    house.engine.dispose()
    house = house_of(moving, tmp_path, budget=4, discover_days=30)
    planned = planning.planned(house, "rival", START + 4 * DAY)
    reasons = {visit.url.removeprefix(moving.shop.url): visit.reason for visit in planned}
    assert len(reasons) <= 3
    assert all("changed" in reasons[path] for path in ("/p/3", "/p/7"))
    shown = CliRunner().invoke(app, ["site", "plan", "rival", "-f", "json", "-c", str(tmp_path / "pricevane.toml")])
    assert {*json.loads(shown.stdout.splitlines()[0])} == {"reason", "worth", "url"}
    moving.day = 4
    done = jobs.crawl(house, "rival", START + 4 * DAY)
    asked = moving.asked()
    assert {"/p/3", "/p/7"} <= set(asked)
    assert len(asked) <= 4
    assert (done.report.finished, done.publication.value) == (True, "published")
    assert done.report.changed == 2
    house.engine.dispose()


@pytest.mark.slow
def test_what_is_left_of_a_budget_finds_new_listings_and_leaves_known_ones_alone(
    moving: Moving, tmp_path: Path
) -> None:
    house = house_of(moving, tmp_path)
    jobs.crawl(house, "rival", START)
    house.engine.dispose()
    house = house_of(moving, tmp_path, budget=10)
    moving.asked()
    moving.pages = PAGES + 2
    done = jobs.crawl(house, "rival", START + DAY)
    asked = moving.asked()
    assert {f"/p/{PAGES}", f"/p/{PAGES + 1}"} <= set(asked)
    assert (len(asked), done.report.found, done.report.asked) == (9, {"sitemap": 2}, 7)
    assert done.report.skipped == {"not due": PAGES - 7}
    assert (done.report.exit_code, done.publication.value, done.reason) == (0, "published", "")
    house.engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("named", [PAGES, PAGES // 4])
def test_other_pages_of_a_sitemap_are_looked_at_once_a_month_if_it_names_the_products(
    moving: Moving, tmp_path: Path, named: int
) -> None:
    house = house_of(moving, tmp_path)
    about = [f"/about/{number}" for number in range(3)]
    moving.shop.replies |= {path: category("/cart") for path in about}
    jobs.crawl(house, "rival", START)
    moving.others = about
    asked = []
    for day in (1, 2, 40):
        moving.pages = named
        moving.shop.asked.clear()
        jobs.crawl(house, "rival", START + day * DAY)
        asked.append(set(about) <= set(moving.shop.paths))
    assert asked == [True, named < PAGES // 2, True]
    house.engine.dispose()


@pytest.mark.slow
def test_new_listings_beyond_the_budget_are_found_by_the_crawls_after_it(moving: Moving, tmp_path: Path) -> None:
    house = house_of(moving, tmp_path, budget=12, discover_days=7)
    counts = []
    for day in range(5):
        done = jobs.crawl(house, "rival", START + day * DAY)
        assert done.report.finished
        counts.append(done.report.found.get("sitemap", 0))
    assert sum(counts) == PAGES
    assert planning.next_visit(house, "rival", START + 5 * DAY).strategy == "refresh"
    house.engine.dispose()


@pytest.mark.slow
def test_a_sitemaps_dates_call_for_spared_pages_once_they_have_been_right(moving: Moving, tmp_path: Path) -> None:
    moving.dated = moving.moving = set(range(6))
    house = house_of(moving, tmp_path)
    for day in range(4):
        moving.day = day
        jobs.crawl(house, "rival", START + day * DAY)
    house.engine.dispose()
    house = house_of(moving, tmp_path, budget=12, discover_days=30)
    moving.asked()
    moving.day, moving.dated, moving.moving = 4, {18, 19}, {18, 19}
    done = jobs.crawl(house, "rival", START + 4 * DAY)
    assert {"/p/18", "/p/19"} <= set(moving.asked())
    assert done.report.strategy == "refresh"
    house.engine.dispose()


@pytest.mark.slow
def test_dates_that_say_nothing_of_prices_call_for_no_page(moving: Moving, tmp_path: Path) -> None:
    moving.dated = set(range(PAGES))
    house = house_of(moving, tmp_path)
    for day in range(4):
        moving.day = day
        jobs.crawl(house, "rival", START + day * DAY)
    house.engine.dispose()
    house = house_of(moving, tmp_path, budget=12)
    moving.asked()
    moving.day = 4
    assert jobs.crawl(house, "rival", START + 4 * DAY).report.asked == 9
    house.engine.dispose()


@pytest.mark.slow
def test_a_crawl_teaches_how_often_each_listing_changes(moving: Moving, tmp_path: Path) -> None:
    house = house_of(moving, tmp_path)
    for day in range(3):
        moving.day = day
        jobs.crawl(house, "rival", START + day * DAY)
    moved = [row.rate_changes > 1.5 for row in rows(house, State)]
    assert sum(moved) == len(moving.moving)
    assert all(1.9 < row.rate_days <= 2.1 for row in rows(house, State))
    house.engine.dispose()


@pytest.mark.slow
def test_new_listings_are_looked_for_only_when_it_is_time(moving: Moving, tmp_path: Path) -> None:
    house = house_of(moving, tmp_path, discover_days=2)
    asked = []
    for day in range(3):
        jobs.crawl(house, "rival", START + day * DAY)
        asked.append("/sitemap.xml" in moving.shop.paths)
        moving.asked()
    assert asked == [True, False, True]
    with house.engine.connect() as connection:
        site = history.site_id(connection, "rival")
        assert history.last_discovery(connection, site) == START + 2 * DAY
    house.engine.dispose()


def test_the_first_crawl_of_a_site_looks_for_all_it_has(moving: Moving, tmp_path: Path) -> None:
    house = house_of(moving, tmp_path, discover_days=30, budget=5)
    state = planning.next_visit(house, "rival", START)
    assert (state.strategy, state.known, state.max_requests) == ("both", (), 5)
    house.engine.dispose()
