"""Listings that a shop has taken away: what a complete crawl makes of their missing pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pricevane.model import Availability, PageKind
from pricevane.storage.history import AnyRow
from pricevane.storage.tables import Evidence, Listing, Observation, Page, State

# The fingerprint of such a listing's state, which no reading has.
DELISTED = "delisted"
NO_PAGE = {"raw": "gone", "path": "status", "layers": [], "page_hash": ""}


def delist(connection: Connection, run_id: int) -> int:
    """Enter that listings whose pages were gone in a run are discontinued; how many that is news of.

    To be called for complete runs before they are published. Those that the run read elsewhere are not gone.
    """
    gone = _gone(connection, run_id)
    news = [row for row in gone if row.reading != DELISTED]
    proofs = _prove(connection, news)
    if news:
        said = {"run_id": run_id, "availability": Availability.DISCONTINUED}
        seen = ({"listing_id": row.id, "at": row.seen_at, "currency": row.currency, **said} for row in news)
        connection.execute(insert(Observation), [{**one, "evidence_id": proofs[one["listing_id"]]} for one in seen])
    for row in gone:
        told = {"run_id": run_id, "evidence_id": proofs[row.id], "reading": DELISTED} if row.id in proofs else {}
        connection.execute(update(State).where(State.listing_id == row.id).values(seen_at=row.seen_at, **told))
    return len(news)


def delisted(connection: Connection, site_id: int, since: datetime) -> frozenset[str]:
    """The addresses of a site's listings that were found gone, or still gone, since then."""
    query = select(Listing.url).join(State, State.listing_id == Listing.id)
    query = query.where(Listing.site_id == site_id, State.reading == DELISTED, State.seen_at >= since)
    return frozenset(connection.execute(query).scalars())


def _gone(connection: Connection, run_id: int) -> Sequence[AnyRow]:
    on_page = (Page.site_id == Listing.site_id) & (Page.region == Listing.region) & (Page.url == Listing.url)
    read = select(Observation.listing_id).where(Observation.run_id == run_id)
    query = (
        select(Listing.id, Listing.url, Page.seen_at, State.reading, State.currency)
        .join(Page, on_page)
        .join(State, State.listing_id == Listing.id)
        .where(Page.run_id == run_id, Page.kind == PageKind.GONE, Listing.id.not_in(read))
    )
    return connection.execute(query).all()


def _prove(connection: Connection, news: Sequence[AnyRow]) -> dict[int, int]:
    """Evidence of each listing's missing page, by listing."""
    rows: list[dict[str, Any]] = [{"listing_id": row.id, "at": row.seen_at, "url": row.url, **NO_PAGE} for row in news]
    statement = insert(Evidence).returning(Evidence.listing_id, Evidence.id)
    return {row.listing_id: row.id for row in connection.execute(statement, rows)} if rows else {}
