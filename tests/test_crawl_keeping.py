"""A crawl that is killed, or whose database fails, keeps the batches that it stored and tells the truth about it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.store import BATCH
from pricevane import jobs
from pricevane.config import load
from pricevane.house import House, open_house
from pricevane.storage.tables import CrawlRun, Observation, State
from tests.crawl_shop import Reply, Shop, open_shop, product, sitemap
from tests.house_rows import rows
from tests.test_crawl_process import crawlers

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]
PAGES = 700
TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
local = true
render = "http"
"""
FULL = f"""
CREATE TRIGGER disk_full BEFORE INSERT ON observation
WHEN (SELECT count(*) FROM observation) >= {BATCH}
BEGIN SELECT RAISE(ABORT, 'no space left on the disk'); END
"""


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop whose last pages are slow."""
    with open_shop() as shop:

        def answer(path: str) -> Reply:
            number = int(path.rpartition("/")[2])
            return Reply(product(shop, path).body, wait_s=0.3 if number > 2 * BATCH + 50 else 0.0)

        paths = [f"/p/{number}" for number in range(PAGES)]
        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, *paths)), "/p/*": answer}
        yield shop


@pytest.fixture
def house(shop: Shop, tmp_path: Path) -> Iterator[House]:
    """A house that knows the shop."""
    (tmp_path / "pricevane.toml").write_text(TOML.format(url=shop.url), "utf-8")
    house = open_house(load(tmp_path / "pricevane.toml", {}))
    yield house
    house.engine.dispose()


def test_a_killed_crawl_counts_what_it_had_stored(house: House) -> None:
    def kill(seen: Mapping[str, Any]) -> None:
        if seen["offers"] > BATCH:
            for child in crawlers(os.getpid()):
                os.kill(child, signal.SIGKILL)

    done = jobs.crawl(house, "rival", on_progress=kill)
    stored = len(rows(house, Observation))
    assert stored in (BATCH, 2 * BATCH)
    assert (done.report.offers, done.report.stored, done.report.exit_code) == (stored, stored, 3)
    assert done.report.reason.startswith("the crawl died: ")
    assert [row.state for row in rows(house, CrawlRun)] == ["incomplete"]
    assert [row.price_minor for row in rows(house, State)] == [1990] * stored


def test_a_full_database_ends_the_crawl_early_and_keeps_the_earlier_batches(house: House, shop: Shop) -> None:
    with house.engine.begin() as connection:
        connection.exec_driver_sql(FULL)
    done = jobs.crawl(house, "rival")
    assert (done.report.reason, done.report.finished, done.report.exit_code) == ("database", False, 3)
    assert done.report.failed["database"] >= 1
    assert done.report.stored == len(rows(house, Observation)) == BATCH
    assert [row.state for row in rows(house, CrawlRun)] == ["incomplete"]
    assert len(shop.asked) < PAGES
