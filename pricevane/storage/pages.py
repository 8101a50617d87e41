"""The addresses that a site's crawls asked for: when, what stood there, whether it had changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, or_, select, update

from pricevane.model import Publication, Visit
from pricevane.storage.history import AnyRow, upsert
from pricevane.storage.tables import CrawlRun, Listing, Observation, Page, Reading, State

Key = tuple[str, str]
ADDRESS = ("site_id", "region", "url")
REPEATED = tuple(Reading.__annotations__)


def keep_visits(connection: Connection, run_id: int, visits: Sequence[Visit]) -> int:
    """Store a batch of a run's visits in the caller's transaction; how many observations unchanged pages repeated.

    A visit no later than the page's last one adds nothing, so a batch may be delivered twice.
    """
    site_id = connection.execute(select(CrawlRun.site_id).where(CrawlRun.id == run_id)).scalar_one()
    known = _known(connection, site_id, {visit.url for visit in visits})
    latest = {(visit.region, visit.url): visit for visit in visits}
    news = [visit for key, visit in latest.items() if key not in known or known[key].seen_at < visit.at]
    repeated, rows = 0, []
    for visit in news:
        before = known.get((visit.region, visit.url))
        repeated += _repeat(connection, run_id, visit, before) if before and visit.is_unchanged else 0
        rows.append(_row(visit, site_id, run_id, before))
    if rows:
        statement = upsert(connection, Page)
        told = {name: getattr(statement.excluded, name) for name in rows[0] if name not in ADDRESS}
        connection.execute(statement.on_conflict_do_update(index_elements=ADDRESS, set_=told), rows)
    return repeated


def _known(connection: Connection, site_id: int, urls: Collection[str]) -> dict[Key, AnyRow]:
    query = select(Page.__table__).where(Page.site_id == site_id, Page.url.in_(urls))
    return {(row.region, row.url): row for row in connection.execute(query)}


def _row(visit: Visit, site_id: int, run_id: int, before: AnyRow | None) -> dict[str, Any]:
    """An unchanged page keeps its kind and its listings."""
    row = {
        "site_id": site_id,
        "region": visit.region,
        "url": visit.url,
        "kind": visit.kind.value,
        "listings": list(visit.keys),
        "etag": visit.etag,
        "last_modified": visit.last_modified,
        "run_id": run_id,
        "seen_at": visit.at,
    }
    return {**row, "kind": before.kind, "listings": before.listings} if before and visit.is_unchanged else row


def _repeat(connection: Connection, run_id: int, visit: Visit, page: AnyRow) -> int:
    """Store what was read on a page the last time once more, at the time of the visit; how many observations.

    Only listings that were not read anywhere else since then.
    """
    mine = select(Listing.id).where(
        Listing.site_id == page.site_id, Listing.region == page.region, Listing.key.in_(page.listings)
    )
    last = (Observation.listing_id == State.listing_id) & (Observation.at == State.seen_at)
    again = (
        select(
            Observation.listing_id,
            literal(visit.at, Observation.at.type),
            literal(run_id),
            Observation.evidence_id,
            *(getattr(Observation, name) for name in REPEATED),
        )
        .join(State, last)
        .where(State.listing_id.in_(mine), State.run_id == page.run_id, State.seen_at < visit.at)
    )
    columns = ["listing_id", "at", "run_id", "evidence_id", *REPEATED]
    found = connection.execute(insert(Observation).from_select(columns, again).returning(Observation.listing_id))
    ids = found.scalars().all()
    connection.execute(update(State).where(State.listing_id.in_(ids)).values(seen_at=visit.at, run_id=run_id))
    return len(ids)


def validators(connection: Connection, site_id: int, region: str) -> dict[str, tuple[str, str]]:
    """address -> (ETag, Last-Modified) of pages whose last reading is of a published run, and was good."""
    query = (
        select(Page.url, Page.etag, Page.last_modified)
        .join(CrawlRun, CrawlRun.id == Page.run_id)
        .where(
            Page.site_id == site_id,
            Page.region == region,
            or_(Page.etag != "", Page.last_modified != ""),
            CrawlRun.publication == Publication.PUBLISHED,
        )
    )
    return {url: (etag, modified) for url, etag, modified in connection.execute(query)}


def barren(connection: Connection, site_id: int, region: str, kinds: Collection[str], since: datetime) -> list[str]:
    """The addresses of a site's pages of these kinds that were read since then."""
    query = select(Page.url).where(Page.site_id == site_id, Page.region == region)
    return list(connection.execute(query.where(Page.kind.in_(kinds), Page.seen_at >= since)).scalars())


def pages_of(connection: Connection, site_id: int, region: str) -> list[AnyRow]:
    """A site's pages, a row each of the table's columns."""
    query = select(Page.__table__).where(Page.site_id == site_id, Page.region == region)
    return list(connection.execute(query))
