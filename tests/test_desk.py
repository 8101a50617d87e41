"""What matching and pricing found, what people decided, and the outbox: kept apart and never rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from pricevane.config import Config, build
from pricevane.storage import desk, outbox
from pricevane.storage.base import Base
from pricevane.storage.sync import sync
from pricevane.storage.tables import (
    Alert,
    Blocked,
    Category,
    Competitor,
    Decision,
    Listing,
    Move,
    PricingRun,
    Proposal,
    Quarantine,
    Schedule,
    Site,
)
from tests.house_rows import AT, add_product, add_site, crawl, offer, rows

DAY = timedelta(days=1)
SITES = (
    {"name": "rival-fr", "url": "https://rival.example/", "currency": "EUR", "vat": 0.2, "delivery_fee": "4.90"},
    {"name": "rival-jp", "url": "https://rival.example:8443/jp/", "currency": "JPY", "region": "JP"},
)


def config(**changed: Any) -> Config:
    """A small configuration."""
    usual: dict[str, Any] = {
        "vat": 0.19,
        "competitors": [{"name": "Rival", "country": "FR", "sites": list(SITES)}],
        "categories": [{"name": "Coffee", "manager": "ana@shop.example", "floor_margin": 0.12}],
        "schedules": [{"name": "nightly", "cron": "30 2 * * *", "sites": ["rival-fr"]}],
    }
    return build(usual | changed, Path(), {})


def told(engine: Engine, table: type[Base], *columns: str) -> list[Any]:
    """Some columns of all rows of a table."""
    return [tuple(getattr(row, name) for name in columns) for row in rows(engine, table)]


def test_the_toml_becomes_rows_and_again_changes_nothing(engine: Engine) -> None:
    tables = (Competitor, Site, Category, Schedule)
    with engine.begin() as connection:
        sync(connection, config())
    first = [rows(engine, table) for table in tables]
    with engine.begin() as connection:
        sync(connection, config())
    assert [rows(engine, table) for table in tables] == first
    assert told(engine, Site, "name", "key", "currency", "region", "vat_bp", "delivery_minor", "enabled") == [
        ("rival-fr", "rival.example:443", "EUR", "", 2000, 490, True),
        ("rival-jp", "rival.example:8443", "JPY", "JP", 1900, 0, True),
    ]
    assert told(engine, Category, "name", "floor_margin_bp", "manager") == [("Coffee", 1200, "ana@shop.example")]
    assert told(engine, Schedule, "name", "cron", "every_s", "time_zone", "sites", "latest_s") == [
        ("nightly", "30 2 * * *", None, "UTC", ["rival-fr"], 3600)
    ]


def test_what_leaves_the_toml_is_disabled_and_comes_back_with_its_history(engine: Engine) -> None:
    with engine.begin() as connection:
        sync(connection, config())
    site_id = rows(engine, Site)[0].id
    crawl(engine, site_id, [offer(1)])
    with engine.begin() as connection:
        sync(connection, config(competitors=[], categories=[], schedules=[]))
    for table in (Competitor, Site, Category, Schedule):
        assert {enabled for (enabled,) in told(engine, table, "enabled")} == {False}
    assert len(rows(engine, Listing)) == 1
    moved = [{**SITES[0], "url": "https://new.example/"}]
    with engine.begin() as connection:
        sync(connection, config(competitors=[{"name": "Rival", "sites": moved}]))
    assert told(engine, Site, "id", "name", "key", "enabled")[0] == (site_id, "rival-fr", "new.example:443", True)
    assert told(engine, Site, "name", "enabled")[1] == ("rival-jp", False)


@dataclass
class Desk:
    """Two listings of a site, two products, and the engine."""

    engine: Engine
    listings: list[int]
    products: list[int]


@pytest.fixture
def work(engine: Engine) -> Desk:
    """A desk with something on it."""
    crawl(engine, add_site(engine), [offer(1), offer(2)])
    products = [add_product(engine, sku) for sku in ("K-1", "K-2")]
    return Desk(engine, [row.id for row in rows(engine, Listing)], products)


def entry(listing_id: int, reason: str = "too far", state: str = "open") -> dict[str, Any]:
    return {"listing_id": listing_id, "at": AT, "reason": reason, "state": state}


def screen(work: Desk, *entries: dict[str, Any], moves: desk.Rows = (), since: Any = AT - DAY) -> None:
    with work.engine.begin() as connection:
        desk.save_screening(connection, moves, entries, since)


def states(work: Desk) -> list[tuple[str, str]]:
    return told(work.engine, Quarantine, "reason", "state")


@pytest.mark.parametrize("verdict", ["accepted", "refused"])
def test_a_persons_verdict_on_a_quarantined_price_stays(work: Desk, verdict: str) -> None:
    screen(work, entry(work.listings[0]))
    entry_id = rows(work.engine, Quarantine)[0].id
    with work.engine.begin() as connection:
        assert desk.decide_quarantine(connection, entry_id, verdict, "ana", "seen it", AT)
        assert not desk.decide_quarantine(connection, entry_id, "accepted", "ben", "", AT)
    screen(work, entry(work.listings[0], "another reason"))
    screen(work)
    assert states(work) == [("too far", verdict)]
    assert told(work.engine, Decision, "quarantine_id", "verdict", "who", "why", "at") == [
        (entry_id, verdict, "ana", "seen it", AT)
    ]


def test_quarantine_that_screening_no_longer_finds_is_cleared_and_may_open_again(work: Desk) -> None:
    screen(work, entry(work.listings[0]), entry(work.listings[1], state="cleared"))
    screen(work)
    assert states(work) == [("too far", "cleared"), ("too far", "cleared")]
    screen(work, entry(work.listings[0], "too far again"))
    assert states(work) == [("too far again", "open"), ("too far", "cleared")]


def test_what_lies_before_the_window_is_left_alone(work: Desk) -> None:
    move = {"listing_id": work.listings[0], "at": AT, "from_minor": 2490, "to_minor": 1990, "currency": "EUR"}
    screen(work, entry(work.listings[0]), moves=[{**move, "kind": "permanent"}])
    screen(work, since=AT)
    assert (len(rows(work.engine, Move)), states(work)) == (1, [("too far", "open")])
    screen(work, moves=[{**move, "kind": "promotion"}])
    assert told(work.engine, Move, "kind") == [("promotion",)]


def proposal(product_id: int, proposed: int = 1890, **changed: Any) -> dict[str, Any]:
    """What the pricing stages say of one product."""
    usual = {
        "product_id": product_id,
        "at": AT,
        "expires_at": AT + 2 * DAY,
        "current_minor": 1990,
        "currency": "EUR",
        "proposed_minor": proposed,
        "rule": "follow",
        "reason": "rival cut",
        "binding": "",
        "trail": [],
        "rivals": [],
        "effect": {},
        "score": 1.0,
    }
    return usual | changed


def price(work: Desk, *proposals: dict[str, Any], at: Any = AT, publication: str = "published") -> int:
    """One pricing run; its id."""
    run = {"at": at, "publication": publication, "reason": "", "report": {}}
    with work.engine.begin() as connection:
        return desk.save_pricing(connection, run, proposals, [])


def decide(work: Desk, proposal_id: int, verdict: str, who: str = "ana", why: str = "agreed") -> bool:
    with work.engine.begin() as connection:
        return desk.decide_proposal(connection, proposal_id, verdict, who, why, AT)


def test_a_proposal_made_again_keeps_its_number_and_is_renewed(work: Desk) -> None:
    price(work, proposal(work.products[0]))
    second = price(work, proposal(work.products[0], at=AT + DAY, expires_at=AT + 3 * DAY, reason="still so"))
    assert told(work.engine, Proposal, "pricing_run_id", "state", "at", "expires_at", "reason") == [
        (second, "proposed", AT + DAY, AT + 3 * DAY, "still so")
    ]


@pytest.mark.parametrize(
    "changed",
    [{"proposed_minor": 1850}, {"current_minor": 1980}, None],
    ids=["another price", "own price moved", "not found any more"],
)
def test_a_proposal_that_is_not_made_again_expires(work: Desk, changed: dict[str, Any] | None) -> None:
    price(work, proposal(work.products[0]), proposal(work.products[1]))
    again = [] if changed is None else [proposal(work.products[0], **changed)]
    price(work, proposal(work.products[1]), *again)
    expected = ["expired", "proposed", *(["proposed"] if again else [])]
    assert [state for (state,) in told(work.engine, Proposal, "state")] == expected


def test_a_product_that_cannot_move_is_kept_with_the_reason(work: Desk) -> None:
    run = {"at": AT, "publication": "published", "reason": "", "report": {}}
    with work.engine.begin() as connection:
        desk.save_pricing(connection, run, [], [{"product_id": work.products[0], "reason": "cost is missing"}])
    assert told(work.engine, Blocked, "product_id", "reason") == [(work.products[0], "cost is missing")]


@pytest.mark.parametrize("verdict", ["approved", "rejected"])
def test_a_proposal_is_decided_once_and_the_log_says_by_whom(work: Desk, verdict: str) -> None:
    price(work, proposal(work.products[0]))
    proposal_id = rows(work.engine, Proposal)[0].id
    assert decide(work, proposal_id, verdict)
    assert not decide(work, proposal_id, "rejected", "ben")
    assert not decide(work, 999, "approved")
    assert told(work.engine, Decision, "proposal_id", "verdict", "who", "why", "at") == [
        (proposal_id, verdict, "ana", "agreed", AT)
    ]
    price(work)
    assert told(work.engine, Proposal, "state") == [(verdict,)]


def test_an_approval_takes_the_place_of_an_earlier_one_of_the_same_product(work: Desk) -> None:
    for amount in (1890, 1850):
        price(work, proposal(work.products[0], amount), proposal(work.products[1]))
        for row in rows(work.engine, Proposal):
            decide(work, row.id, "approved")
    assert told(work.engine, Proposal, "proposed_minor", "state") == [
        (1890, "expired"),
        (1890, "expired"),
        (1850, "approved"),
        (1890, "approved"),
    ]


def test_a_rejection_leaves_an_earlier_approval(work: Desk) -> None:
    price(work, proposal(work.products[0]))
    decide(work, rows(work.engine, Proposal)[0].id, "approved")
    price(work, proposal(work.products[0], 1850))
    decide(work, rows(work.engine, Proposal)[1].id, "rejected")
    assert told(work.engine, Proposal, "state") == [("approved",), ("rejected",)]


def test_a_held_run_is_released_with_the_reason(work: Desk) -> None:
    run_id = price(work, proposal(work.products[0]), publication="suspect")
    with work.engine.begin() as connection:
        last = desk.last_pricing_run(connection)
        assert last is not None
        assert (last.id, last.publication) == (run_id, "suspect")
        desk.release_run(connection, run_id, "looked at all")
        assert [row.publication for row in connection.execute(desk.proposals_query())] == ["published"]
    assert told(work.engine, PricingRun, "publication", "reason") == [("published", "looked at all")]


def test_proposals_are_listed_with_the_most_money_first(work: Desk) -> None:
    price(work, proposal(work.products[0], score=1.0), proposal(work.products[1], score=9.0))
    with work.engine.connect() as connection:
        assert [row.sku for row in connection.execute(desk.proposals_query())] == ["K-2", "K-1"]


def add(connection: Connection, key: str, message: str = "first") -> None:
    outbox.add_alert(connection, key, "ana@shop.example", "Prices", message, AT)


def test_a_mail_of_the_same_key_is_kept_once(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, "digest-1-ana")
        add(connection, "digest-1-ana", "second")
        add(connection, "digest-1-ben")
        assert outbox.is_told(connection, "digest-1-ana")
        assert not outbox.is_told(connection, "digest-2-ana")
    assert told(engine, Alert, "key", "message") == [("digest-1-ana", "first"), ("digest-1-ben", "first")]


def test_a_mail_that_failed_is_tried_again_until_it_is_sent(engine: Engine) -> None:
    with engine.begin() as connection:
        add(connection, "digest-1-ana")
    for _ in range(2):
        with engine.begin() as connection:
            (waiting,) = outbox.pending(connection)
            outbox.failed(connection, waiting.id, "no route")
    assert told(engine, Alert, "state", "attempts", "error") == [("failed", 2, "no route")]
    with engine.begin() as connection:
        outbox.sent(connection, waiting.id, AT + DAY)
        assert outbox.pending(connection) == []
        add(connection, "digest-1-ana", "second")
    assert told(engine, Alert, "state", "attempts", "error", "sent_at") == [("sent", 3, "", AT + DAY)]
