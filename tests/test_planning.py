"""Requests go where prices move and matter: what a crawl asks for, and what it teaches about how often they do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pricevane import jobs, planning
from pricevane.config import load
from pricevane.house import House, open_house
from pricevane.storage import history
from pricevane.storage.tables import State
from tests.crawl_shop import Reply, Shop, open_shop, product, sitemap
from tests.house_rows import rows

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = timedelta(days=1)
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
    """A shop of PAGES products; those in `moving` cost more at each new `day`."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.day, self.moving = shop, 0, {3, 7}
        paths = [f"/p/{number}" for number in range(PAGES)]
        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, *paths)), "/p/*": self.answer}

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
    moving.day = 4
    done = jobs.crawl(house, "rival", START + 4 * DAY)
    asked = moving.asked()
    assert {"/p/3", "/p/7"} <= set(asked)
    assert len(asked) <= 4
    assert (done.report.finished, done.publication.value) == (True, "published")
    assert done.report.changed == 2
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
