"""The migrations build exactly the tables, both ways, on SQLite and PostgreSQL; the constraints bite."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import BigInteger, Connection, Engine, Float, Integer, MetaData, Numeric, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from pricevane.storage import migrate
from pricevane.storage import tables as t
from pricevane.storage.base import Base

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
RATES = {"state.rate_changes", "state.rate_days"}
SHARES = {*RATES, "observation.confidence", "state.confidence", "match.score", "match.factor", "proposal.score"}

LISTING: dict[str, Any] = {"site_id": 1, "key": "a", "url": "http://127.0.0.1/a", "first_seen_at": NOON}
PRODUCT: dict[str, Any] = {"sku": "A", "name": "Kettle", "currency": "EUR"}
READING: dict[str, Any] = {"listing_id": 1, "at": NOON, "run_id": 1, "evidence_id": 1, "price_minor": 1999}
PROOF: dict[str, Any] = {
    "listing_id": 1, "at": NOON, "url": "http://127.0.0.1/a", "raw": "19,99 €",
    "path": "//span", "layers": [], "page_hash": "0",
}  # fmt: skip
MATCH: dict[str, Any] = {
    "listing_id": 1, "product_id": 1, "state": "confirmed", "method": "gtin", "score": 1.0, "made_at": NOON,
}  # fmt: skip
PROPOSAL: dict[str, Any] = {
    "pricing_run_id": 1, "product_id": 1, "at": NOON, "expires_at": NOON, "current_minor": 2099, "proposed_minor": 1999,
    "currency": "EUR", "rule": "match", "reason": "", "trail": [], "rivals": [], "effect": {},
}  # fmt: skip
DECISION: dict[str, Any] = {"proposal_id": 1, "verdict": "approved", "who": "anna", "at": NOON}
SCHEDULE: dict[str, Any] = {"name": "nightly", "cron": "0 3 * * *", "sites": [], "then": []}
ALLOWED: list[tuple[type[Base], dict[str, Any]]] = [
    (t.Competitor, {"name": "Rival"}),
    (t.Site, {"competitor_id": 1, "name": "rival", "key": "127.0.0.1:80", "url": "http://127.0.0.1"}),
    (t.Listing, LISTING),
    (t.Listing, LISTING | {"key": "b"}),
    (t.Product, PRODUCT),
    (t.Product, PRODUCT | {"sku": "B", "cost_minor": 0, "landed_cost_minor": None}),
    (t.CrawlRun, {"site_id": 1, "started_at": NOON}),
    (t.Evidence, PROOF),
    (t.Observation, READING),
    (t.Match, MATCH),
    (t.Match, MATCH | {"product_id": 2, "state": "candidate"}),
    (t.Match, MATCH | {"listing_id": 2, "product_id": 2}),
    (t.PricingRun, {"at": NOON, "publication": "published"}),
    (t.Proposal, PROPOSAL),
    (t.Proposal, PROPOSAL | {"state": "expired"}),
    (t.Proposal, PROPOSAL | {"product_id": 2}),
    (t.Decision, DECISION),
    (t.Schedule, SCHEDULE),
]
# Whole rows of the first tables, as no default of today's fills them.
BLANK: dict[str, Any] = dict.fromkeys(("name", "brand", "gtin", "mpn", "sku", "image", "category", "region"), "")
FIRST_ROWS: dict[str, dict[str, Any]] = {
    "competitor": {"id": 1, "name": "Rival", "country": "", "enabled": True},
    "site": {
        "id": 1, "competitor_id": 1, "name": "rival", "key": "127.0.0.1:80", "url": "http://127.0.0.1",
        "region": "", "currency": "", "vat_bp": 0, "delivery_minor": 0, "enabled": True,
    },
    "listing": {"id": 1} | BLANK | LISTING,
    "crawl_run": {"id": 1, "site_id": 1, "started_at": NOON, "state": "complete", "reason": "", "report": {}},
    "evidence": {"id": 1} | PROOF,
    "observation": READING | {
        "currency": "EUR", "availability": "in_stock", "kind": "standard", "condition": "new", "seller": "",
        "confidence": 1.0, "status": "good",
    },
}  # fmt: skip
REFUSED: dict[str, tuple[type[Base], dict[str, Any], str]] = {
    "two listings of one key": (t.Listing, LISTING, "uq_listing_site_id_region_key"),
    "a listing of no site": (t.Listing, LISTING | {"site_id": 9}, "fk_listing_site_id"),
    "two confirmed matches of one listing": (
        t.Match,
        MATCH | {"listing_id": 2, "product_id": 1},
        "uq_match_confirmed_listing",
    ),
    "two matches of one pair": (t.Match, MATCH | {"state": "rejected"}, "uq_match_listing_id_product_id"),
    "a match by an unknown method": (t.Match, MATCH | {"product_id": 2, "method": "luck"}, "ck_match_method"),
    "two open proposals of one product": (t.Proposal, PROPOSAL, "uq_proposal_open_product"),
    "a proposal in an unknown state": (t.Proposal, PROPOSAL | {"state": "perhaps"}, "ck_proposal_state"),
    "a decision with two subjects": (t.Decision, DECISION | {"match_id": 1}, "ck_decision_one_subject"),
    "a decision about nothing": (t.Decision, DECISION | {"proposal_id": None}, "ck_decision_one_subject"),
    "a negative cost": (t.Product, PRODUCT | {"sku": "C", "cost_minor": -1}, "ck_product_cost"),
    "a negative landed cost": (t.Product, PRODUCT | {"sku": "C", "landed_cost_minor": -1}, "ck_product_cost"),
    "one instant observed twice": (t.Observation, READING, "pk_observation"),
    "a move that was never observed": (
        t.Move,
        {"listing_id": 2, "at": NOON, "from_minor": 1, "to_minor": 2, "currency": "EUR", "kind": "permanent"},
        "fk_move_listing_id_at",
    ),
    "a schedule without a time": (t.Schedule, SCHEDULE | {"name": "never", "cron": None}, "ck_schedule_cron_or_every"),
    "a free own price": (
        t.OwnPrice,
        {"product_id": 1, "valid_from": NOON, "price_minor": 0, "currency": "EUR", "source": "csv"},
        "ck_own_price_price",
    ),
}


def add(connection: Connection, table: type[Base], row: dict[str, Any]) -> None:
    connection.execute(t.METADATA.tables[table.__tablename__].insert(), row)


def test_up_down_and_up_again_leaves_exactly_the_tables(blank_engine: Engine) -> None:
    assert migrate.current(blank_engine) == ""
    assert not migrate.is_current(blank_engine)
    migrate.upgrade(blank_engine)
    assert migrate.is_current(blank_engine)
    assert migrate.check(blank_engine) == []
    migrate.downgrade(blank_engine)
    assert inspect(blank_engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(blank_engine)
    assert migrate.check(blank_engine) == []
    assert set(inspect(blank_engine).get_table_names()) == {*t.METADATA.tables, "alembic_version"}


def test_a_database_of_the_foundation_keeps_its_rows_and_gets_empty_terms(blank_engine: Engine) -> None:
    migrate.upgrade(blank_engine, "foundation")
    old = MetaData()
    old.reflect(blank_engine)
    with blank_engine.begin() as connection:
        for table, row in FIRST_ROWS.items():
            connection.execute(old.tables[table].insert(), row)
    migrate.upgrade(blank_engine)
    with blank_engine.connect() as connection:
        seen = connection.execute(select(*t.METADATA.tables["observation"].c)).one()
        listing = connection.execute(select(t.Listing.pack, t.Listing.attributes, t.Site.learned).join(t.Site)).one()
    assert (seen.price_minor, seen.unit_price_micro, seen.unit_base, seen.promotion) == (1999, None, "", "")
    assert tuple(listing) == ("", {}, {})
    migrate.downgrade(blank_engine, "foundation")
    with blank_engine.connect() as connection:
        assert connection.execute(text("SELECT price_minor FROM observation")).scalar_one() == 1999


def test_check_names_what_the_database_lacks(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE alert DROP COLUMN error"))
        connection.execute(text("DROP INDEX ix_product_gtin"))
    differences = "\n".join(migrate.check(engine))
    assert re.search(r"add_column.*'alert'.*'error'", differences)
    assert re.search(r"add_index.*ix_product_gtin", differences)


def test_two_upgrades_at_once_do_the_work_once(blank_engine: Engine) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: migrate.upgrade(blank_engine), range(3)))
    assert migrate.check(blank_engine) == []


def test_a_failed_upgrade_leaves_nothing_behind(blank_engine: Engine) -> None:
    with blank_engine.begin() as connection:
        connection.execute(text("CREATE TABLE decision (id INTEGER)"))
    with pytest.raises(DBAPIError, match=r"decision.*already exists"):
        migrate.upgrade(blank_engine)
    assert inspect(blank_engine).get_table_names() == ["decision"]


def test_foreign_keys_hold_again_after_an_upgrade(blank_engine: Engine) -> None:
    migrate.upgrade(blank_engine)
    with blank_engine.begin() as connection, pytest.raises(IntegrityError):
        add(connection, t.Listing, LISTING)


def test_every_constraint_is_named_by_the_convention(engine: Engine) -> None:
    found = inspect(engine)
    for table in t.METADATA.tables:
        named: dict[str, list[Any]] = {
            "pk": [found.get_pk_constraint(table)],
            "fk": found.get_foreign_keys(table),
            "uq": found.get_unique_constraints(table),
            "ck": found.get_check_constraints(table),
            "ix": [index for index in found.get_indexes(table) if not index["unique"]],
        }
        for kind, constraints in named.items():
            for constraint in constraints:
                assert re.match(rf"{kind}_{table}(_|$)", constraint["name"] or "unnamed")


def test_money_is_kept_as_integer_minor_units(engine: Engine) -> None:
    for table in t.METADATA.tables:
        for column in inspect(engine).get_columns(table):
            where = f"{table}.{column['name']}"
            inexact = isinstance(column["type"], (Float, Numeric)) and not isinstance(column["type"], Integer)
            assert not inexact or where in SHARES, f"{where} is {column['type']!r}"
            assert not where.endswith("_minor") or isinstance(column["type"], BigInteger), where


def test_instants_come_back_as_aware_utc_and_naive_ones_are_refused(engine: Engine) -> None:
    in_berlin = NOON.astimezone(timezone(timedelta(hours=2)))
    with engine.begin() as connection:
        add(connection, t.PricingRun, {"at": in_berlin, "publication": "published"})
        read = connection.scalars(select(t.PricingRun.at)).one()
        assert (read, read.utcoffset()) == (NOON, timedelta(0))
        assert connection.scalar(select(t.PricingRun.id).where(t.PricingRun.at == in_berlin)) == 1
        with pytest.raises(StatementError, match="has no time zone"):
            add(connection, t.PricingRun, {"at": NOON.replace(tzinfo=None), "publication": "published"})


def test_the_database_refuses_rows_that_contradict_one_another(engine: Engine) -> None:
    with engine.begin() as connection:
        for table, row in ALLOWED:
            add(connection, table, row)
    for rule, (table, row, constraint) in REFUSED.items():
        with engine.connect() as connection:
            with pytest.raises(IntegrityError) as refusal:
                add(connection, table, row)
            assert engine.dialect.name == "sqlite" or constraint in str(refusal.value), rule
