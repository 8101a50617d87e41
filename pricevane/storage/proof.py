"""What was stored of a listing's latest reading and why: the row with its evidence."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, select

from pricevane.storage.history import AnyRow
from pricevane.storage.tables import CrawlRun, Evidence, Listing, Observation, Site, State


def proof_of(connection: Connection, listing_id: int) -> list[AnyRow]:
    """The latest proof of a listing by its number; one row or none, see `_proofs`."""
    return _proofs(connection, Listing.id == listing_id)


def proofs_of_key(connection: Connection, site: str, key: str) -> list[AnyRow]:
    """The latest proofs of a site's listings with that key, one for each region."""
    return _proofs(connection, and_(Site.name == site, Listing.key == key))


def proofs_at(connection: Connection, site: str, url: str) -> list[AnyRow]:
    """The latest proofs of a site's listings at an address, one for each variant and region."""
    return _proofs(connection, and_(Site.name == site, Listing.url == url))


def _proofs(connection: Connection, wanted: ColumnElement[bool]) -> list[AnyRow]:
    """Rows by listing: what the reading said when its evidence was made, in minor units and UTC, and the evidence.

    Columns: listing_id, site, region, key, url, name, price_minor, currency, kind, availability, status, confidence,
    run_id, publication, at, page_url, raw, currency_raw, path, layers, page_hash, seen_at.
    """
    seen = ("price_minor", "currency", "kind", "availability", "status", "confidence", "run_id")
    proof = ("at", "raw", "currency_raw", "path", "layers", "page_hash")
    query = (
        select(
            Listing.id.label("listing_id"),
            Site.name.label("site"),
            *(getattr(Listing, name) for name in ("region", "key", "url", "name")),
            *(getattr(Observation, name) for name in seen),
            CrawlRun.publication,
            *(getattr(Evidence, name) for name in proof),
            Evidence.url.label("page_url"),
            State.seen_at,
        )
        .join(Site, Site.id == Listing.site_id)
        .join(State, State.listing_id == Listing.id)
        .join(Evidence, Evidence.id == State.evidence_id)
        .join(Observation, and_(Observation.listing_id == Listing.id, Observation.at == Evidence.at))
        .join(CrawlRun, CrawlRun.id == Observation.run_id)
        .where(wanted)
        .order_by(Listing.id)
    )
    return list(connection.execute(query))
