"""Pages are remembered with their validators; an unchanged one repeats what was read of it, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from pricevane.model import CrawlReport, Offer, PageKind, Publication, Visit
from pricevane.storage import history
from pricevane.storage.pages import keep_visits, validators
from pricevane.storage.tables import Evidence, Observation, Page, State
from tests.house_rows import AT, add_site, offer, rows

DAY = timedelta(days=1)
SOLD = Publication.PUBLISHED


def visit(number: int = 1, at: datetime = AT, keys: Sequence[str] | None = None, etag: str = '"1"') -> Visit:
    """A visit to the page of listing `number`."""
    one = offer(number)
    return Visit(one.url, at, PageKind.PRODUCT, keys=tuple(keys if keys is not None else [one.key]), etag=etag)


def unchanged(number: int = 1, at: datetime = AT + DAY) -> Visit:
    """A page that its server calls unchanged."""
    return replace(visit(number, at), keys=(), is_unchanged=True)


def crawl(
    engine: Engine,
    site_id: int,
    offers: Sequence[Offer],
    visits: Sequence[Visit],
    publication: Publication = SOLD,
    times: int = 1,
) -> int:
    """A crawl with these in one batch, delivered so often; how many observations were repeated."""
    repeated = 0
    with engine.begin() as connection:
        run_id = history.start_run(connection, site_id, AT)
        for _ in range(times):
            history.keep(connection, run_id, offers)
            repeated += keep_visits(connection, run_id, visits)
        history.end_run(connection, run_id, AT, CrawlReport(finished=True), publication, "")
    return repeated


def test_an_unchanged_page_repeats_the_reading_of_all_its_listings_with_their_proof(engine: Engine) -> None:
    site = add_site(engine)
    red, blue = (replace(offer(1, price), key=f"rival.example/p/1#variant={price}") for price in ("19.90", "24.90"))
    crawl(engine, site, [red, blue], [visit(keys=[red.key, blue.key])])
    assert crawl(engine, site, [], [unchanged()], times=2) == 2
    seen = rows(engine, Observation)
    assert [(row.at, row.price_minor, row.status) for row in seen] == [
        (AT, 1990, "good"),
        (AT + DAY, 1990, "good"),
        (AT, 2490, "good"),
        (AT + DAY, 2490, "good"),
    ]
    assert [row.evidence_id for row in seen] == [1, 1, 2, 2]
    assert len(rows(engine, Evidence)) == 2
    assert [(row.seen_at, row.good_at) for row in rows(engine, State)] == [(AT + DAY, AT + DAY)] * 2
    page = rows(engine, Page)[0]
    assert (page.listings, page.seen_at, page.kind) == ([red.key, blue.key], AT + DAY, "product")


def test_what_was_read_elsewhere_since_is_not_repeated(engine: Engine) -> None:
    site = add_site(engine)
    crawl(engine, site, [offer(1)], [visit(1)])
    crawl(engine, site, [offer(1, "9.90", AT + DAY)], [])
    assert crawl(engine, site, [], [unchanged(at=AT + 2 * DAY)]) == 0
    assert [row.price_minor for row in rows(engine, Observation)] == [1990, 990]


def test_a_listing_that_the_same_crawl_read_is_not_repeated(engine: Engine) -> None:
    site = add_site(engine)
    crawl(engine, site, [offer(1)], [visit(1)])
    assert crawl(engine, site, [offer(1, "9.90", AT + DAY)], [unchanged()]) == 0
    assert [row.price_minor for row in rows(engine, Observation)] == [1990, 990]


def test_an_unknown_unchanged_page_repeats_nothing(engine: Engine) -> None:
    assert crawl(engine, add_site(engine), [], [unchanged()]) == 0
    assert rows(engine, Observation) == []


@pytest.mark.parametrize(("publication", "kept"), [(SOLD, True), (Publication.SUSPECT, False)])
def test_only_published_readings_lend_their_validators(engine: Engine, publication: Publication, kept: bool) -> None:
    site = add_site(engine)
    crawl(engine, site, [offer(1), offer(2)], [visit(1), visit(2, etag="")], publication)
    with engine.connect() as connection:
        assert validators(connection, site, "") == ({offer(1).url: ('"1"', "")} if kept else {})
        assert validators(connection, site, "FR") == {}
