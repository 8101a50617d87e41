"""The composer on PostgreSQL: crawl, match, propose, tell, approve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pricevane import config, jobs
from pricevane.house import open_house
from pricevane.intake import catalogue
from pricevane.intake.sheet import read_rows
from pricevane.market import Market, World
from pricevane.storage.tables import Evidence, Move, Observation, Proposal

DAYS = 5
TOML = """
vat = 0.2
[[competitors]]
name = "Boutique"
[[competitors.sites]]
name = "boutique"
url = "{url}"
currency = "EUR"
local = true
[[rules]]
name = "follow"
action = "match"
reference = "median"
[guardrails]
run_median_move = 1.0
rival_quarantined_share = 1.0
"""


@pytest.mark.slow
def test_the_whole_way_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    world = World(seed=4, products=60, days=DAYS)
    (tmp_path / "products.csv").write_text(world.products_csv(), "utf-8")
    rows = read_rows(tmp_path / "products.csv", catalogue.ProductRow, "utf-8", lambda row: row.sku)
    last = datetime.now(UTC)
    with Market(world) as market:
        (tmp_path / "pricevane.toml").write_text(TOML.format(url=market.urls["boutique"]), "utf-8")
        house = open_house(config.load(tmp_path / "pricevane.toml", {"PRICEVANE_DATABASE_URL": postgres_url}))
        with house.engine.begin() as connection:
            catalogue.import_products(connection, rows, "EUR", 0.2, last - timedelta(days=40), "products.csv")
        for market.day in range(DAYS):
            at = last - timedelta(days=DAYS - 1 - market.day)
            (done,) = jobs.crawl_all(house, ["boutique"], clock_at=at)
            assert done.publication == "published", done.reason
            jobs.match(house, at)
            jobs.propose(house, at + timedelta(minutes=5))
        told = jobs.digest(house, last + timedelta(minutes=5))
    with house.engine.connect() as connection:
        count = {
            table: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (Observation, Evidence, Move, Proposal)
        }
        proposals = connection.execute(select(Proposal.id).where(Proposal.state == "proposed")).scalars().all()
    assert house.engine.dialect.name == "postgresql"
    assert count[Observation] == DAYS * done.report.stored
    assert count[Evidence] < count[Observation] / 2
    assert count[Move]
    assert proposals
    assert len(told) == 1
    assert jobs.approve(house, proposals, "ana", "", last + timedelta(minutes=6)) == {key: [] for key in proposals}
    house.engine.dispose()
