"""Keeping what a crawl brings: listings, observations, evidence, current state, the run itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, bindparam, case, func, insert, or_, select, tuple_, update

from pricevane.model import CrawlReport, Offer, Publication, RunState, Status
from pricevane.storage.base import Base
from pricevane.storage.memory import beware, learn
from pricevane.storage.tables import CrawlRun, Evidence, Listing, Observation, Site, State

# What a page says of its price, beyond the amount itself; a new stock count alone is no new reading.
TERMS = ("unit_price_micro", "unit_base", "shipping_minor", "promotion", "promotion_ends_on", "seller_is_shop")
PRICE = ("price_minor", "regular_minor", "currency", "kind", "tax_included", *TERMS[:-1])
AnyRow = Row[*tuple[Any, ...]]
CHUNK = 500
T = TypeVar("T")
MOST_REPAIRS = 100
# As the frontier calls a crawl's bounds, and the ledger and the hours theirs.
CAPS = frozenset(("page cap", "request cap"))
BOUNDS = CAPS | {"time cap", "outside its hours"}
LONGEST_REPAIR = 4000
DESCRIPTION = ("url", "name", "brand", "gtin", "mpn", "sku", "image", "category", "pack", "attributes")
ASKED = (
    "price_minor",
    "regular_minor",
    "currency",
    "availability",
    "kind",
    "tax_included",
    "condition",
    "seller",
    "status",
)
READING = (*ASKED, *TERMS, "stock")


@dataclass(frozen=True, slots=True)
class Kept:
    """How many offers became observations, and how many of them said something new; the hashes of their pages."""

    stored: int
    changed: int
    pages: frozenset[str] = field(default=frozenset(), compare=False)
    proofs: frozenset[str] = field(default=frozenset(), compare=False)


def upsert(connection: Connection, table: type[Base]) -> Any:
    """An INSERT that knows ON CONFLICT, for SQLite or PostgreSQL."""
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert(table)


def chunks(ids: Iterable[T]) -> Iterator[list[T]]:
    """Ids in parts that one statement takes."""
    every = list(ids)
    return (every[start : start + CHUNK] for start in range(0, len(every), CHUNK))


def update_rows(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the given columns of rows named by their `id`; every mapping has the same keys."""
    if rows:
        columns = table.__table__.c
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "id"}
        statement = update(table).where(columns.id == bindparam("row_id")).values(values)
        connection.execute(statement, [{**row, "row_id": row["id"]} for row in rows])


def start_run(connection: Connection, site_id: int, at: datetime) -> int:
    """A new running crawl of a site; returns its id."""
    return int(
        connection.execute(
            insert(CrawlRun).values(site_id=site_id, started_at=at, state=RunState.RUNNING).returning(CrawlRun.id)
        ).scalar_one()
    )


def keep(connection: Connection, run_id: int, offers: Sequence[Offer]) -> Kept:
    """Store one batch of a run's offers (distinct keys) in the caller's transaction.

    Offers of listings that this run has stored already add nothing, so a batch may be delivered twice.
    """
    site_id = connection.execute(select(CrawlRun.site_id).where(CrawlRun.id == run_id)).scalar_one()
    rows = _listings(connection, site_id, run_id, offers)
    fresh = [(offer, rows[offer.region, offer.key]) for offer in offers if not rows[offer.region, offer.key].delivered]
    if not fresh:
        return Kept(0, 0)
    readings = [(offer, row, reading := _reading(offer), _fingerprint(offer, reading)) for offer, row in fresh]
    changed = [(offer, row.id) for offer, row, _, said in readings if row.reading != said]
    proofs = _prove(connection, changed)
    observed, states = [], []
    for offer, row, reading, said in readings:
        evidence_id = proofs.get(row.id, row.evidence_id)
        observed.append({"listing_id": row.id, "at": offer.at, "run_id": run_id, "evidence_id": evidence_id, **reading})
        states.append(
            {
                "listing_id": row.id,
                "seen_at": offer.at,
                "run_id": run_id,
                "evidence_id": evidence_id,
                "reading": said,
            }
        )
    connection.execute(insert(Observation), observed)
    _touch(connection, states)
    pages = frozenset(offer.evidence.page_hash for offer, _ in fresh)
    return Kept(len(observed), len(changed), pages, frozenset(offer.evidence.page_hash for offer, _ in changed))


def _reading(offer: Offer) -> dict[str, Any]:
    money = offer.price or offer.regular_price
    return {
        "price_minor": offer.price.minor if offer.price else None,
        "regular_minor": offer.regular_price.minor if offer.regular_price else None,
        "currency": money.currency if money else "",
        "availability": offer.availability,
        "kind": offer.kind,
        "tax_included": offer.tax_included,
        "condition": offer.condition,
        "seller": offer.seller,
        "confidence": offer.confidence,
        "status": offer.status,
        "unit_price_micro": offer.unit_price.micro if offer.unit_price else None,
        "unit_base": str(offer.unit_base or ""),
        "shipping_minor": offer.shipping.minor if offer.shipping else None,
        "promotion": offer.promotion,
        "promotion_ends_on": offer.promotion_ends_on,
        "seller_is_shop": offer.seller_is_shop,
        "stock": offer.stock,
    }


def _description(offer: Offer) -> dict[str, Any]:
    texts = {name: getattr(offer, name) for name in DESCRIPTION[:-2]}
    return {**texts, "pack": str(offer.pack or ""), "attributes": dict(offer.attributes)}


def _fingerprint(offer: Offer, reading: dict[str, Any]) -> str:
    """What a reading says, as text; terms that a page does not name leave no trace, so older ones stay valid."""
    asked = [str(reading[name]) for name in ASKED]
    terms = [f"{name}={reading[name]}" for name in TERMS if reading[name] not in (None, "")]
    return "|".join([*asked, offer.evidence.path, *terms])


def _listings(
    connection: Connection, site_id: int, run_id: int, offers: Sequence[Offer]
) -> dict[tuple[str, str], AnyRow]:
    """(region, key) -> id, reading, evidence_id, delivered; new listings are added, changed ones told."""
    found = _find(connection, site_id, run_id, offers)
    missing = [offer for offer in offers if (offer.region, offer.key) not in found]
    if missing:
        connection.execute(
            upsert(connection, Listing).on_conflict_do_nothing(index_elements=["site_id", "region", "key"]),
            [
                {"site_id": site_id, "region": offer.region, "key": offer.key, "first_seen_at": offer.at}
                | _description(offer)
                for offer in missing
            ],
        )
        found = _find(connection, site_id, run_id, offers)
    told = []
    for offer in offers:
        if offer.status is not Status.GOOD:
            continue
        row = found[offer.region, offer.key]
        values = {name: said or getattr(row, name) for name, said in _description(offer).items()}
        if any(values[name] != getattr(row, name) for name in DESCRIPTION):
            told.append({"id": row.id, **values})
    update_rows(connection, Listing, told)
    return found


def _find(connection: Connection, site_id: int, run_id: int, offers: Sequence[Offer]) -> dict[tuple[str, str], AnyRow]:
    query = (
        select(
            Listing.id,
            Listing.region,
            Listing.key,
            *(getattr(Listing, name) for name in DESCRIPTION),
            State.reading,
            State.evidence_id,
            Observation.run_id.label("delivered"),
        )
        .outerjoin(State, State.listing_id == Listing.id)
        .outerjoin(Observation, and_(Observation.listing_id == Listing.id, Observation.run_id == run_id))
        .where(Listing.site_id == site_id, Listing.key.in_({offer.key for offer in offers}))
    )
    return {(row.region, row.key): row for row in connection.execute(query)}


def _prove(connection: Connection, changed: Iterable[tuple[Offer, int]]) -> dict[int, int]:
    """Evidence rows for changed readings: listing id -> evidence id."""
    rows = [
        {
            "listing_id": listing_id,
            "at": offer.at,
            "url": offer.url,
            "currency_raw": offer.currency_raw,
            **asdict(offer.evidence),
        }
        for offer, listing_id in changed
    ]
    if not rows:
        return {}
    made = connection.execute(insert(Evidence).returning(Evidence.listing_id, Evidence.id), rows)
    return dict(made.all())


def _touch(connection: Connection, states: list[dict[str, Any]]) -> None:
    statement = upsert(connection, State)
    told = {name: getattr(statement.excluded, name) for name in ("seen_at", "run_id", "evidence_id", "reading")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["listing_id"], set_=told, where=State.seen_at <= statement.excluded.seen_at
        ),
        states,
    )


def doubt(connection: Connection, run_id: int, keys: Iterable[tuple[str, str]]) -> int:
    """Mark a still unpublished run's good observations of these (region, key) listings as doubtful; how many."""
    site = select(CrawlRun.site_id).where(CrawlRun.id == run_id).scalar_subquery()
    marked = 0
    for part in chunks(keys):
        wanted = tuple_(Listing.region, Listing.key).in_(part)
        listings = select(Listing.id).where(Listing.site_id == site, wanted)
        marked += connection.execute(
            update(Observation)
            .where(
                Observation.run_id == run_id, Observation.listing_id.in_(listings), Observation.status == Status.GOOD
            )
            .values(status=Status.DOUBTFUL)
        ).rowcount
    return marked


def end_run(
    connection: Connection,
    run_id: int,
    at: datetime,
    report: CrawlReport,
    publication: Publication,
    reason: str,
) -> None:
    """Close a run; if it is published, its good readings become the listings' current state.

    What it learned is kept for the next crawl only if it also went on to its end, or to the bounds that were set for
    it: a held run, released or not, teaches nothing but distrust of the shop's validators.
    """
    state = RunState.COMPLETE if report.finished else RunState.INCOMPLETE
    kept = {name: value for name, value in report.as_json().items() if name != "learned"}
    kept["repairs"] = [text[:LONGEST_REPAIR] for text in report.repairs[:MOST_REPAIRS]]
    connection.execute(
        update(CrawlRun)
        .where(CrawlRun.id == run_id)
        .values(ended_at=at, state=state, publication=publication, reason=reason, report=kept)
    )
    if publication is Publication.PUBLISHED:
        publish(connection, run_id)
        if report.finished or report.reason in BOUNDS:
            learn(connection, run_id, report.learned)
    beware(connection, run_id, report.learned)


def publish(connection: Connection, run_id: int) -> None:
    """Make a run's good readings the current state of their listings, unless a later one is there.

    A page that shows no price because the thing is sold out leaves the last price standing.
    """
    priced = Observation.price_minor.is_not(None)
    values = {name: getattr(Observation, name) for name in READING}
    kept = {name: case((priced, values[name]), else_=getattr(State, name)) for name in PRICE}
    connection.execute(
        update(State)
        .where(
            State.listing_id == Observation.listing_id,
            Observation.run_id == run_id,
            Observation.status == Status.GOOD,
            or_(State.good_at.is_(None), State.good_at <= Observation.at),
        )
        .values({**values, **kept, "good_at": Observation.at})
    )


def release(connection: Connection, run_id: int, reason: str) -> bool:
    """Publish a held run after a person's look, and note that; False if it is not held."""
    held = connection.execute(
        update(CrawlRun)
        .where(CrawlRun.id == run_id, CrawlRun.publication == Publication.SUSPECT)
        .values(publication=Publication.PUBLISHED, reason=CrawlRun.reason + "; " + reason)
        .returning(CrawlRun.id)
    ).first()
    if held is not None:
        publish(connection, run_id)
    return held is not None


def known_addresses(connection: Connection, site_id: int) -> dict[str, datetime]:
    """The addresses of a site's listings with when each was read last, the longest unread first."""
    seen_at = func.max(State.seen_at)
    query = select(Listing.url, seen_at).join(State, State.listing_id == Listing.id).where(Listing.site_id == site_id)
    found = connection.execute(query.group_by(Listing.url).order_by(seen_at, Listing.url))
    return {row.url: row[1] for row in found}


def last_discovery(connection: Connection, site_id: int) -> datetime | None:
    """When a site's last crawl began that looked for new listings and left none for later; None without one lately."""
    query = select(CrawlRun.started_at, CrawlRun.report).where(CrawlRun.state == RunState.COMPLETE)
    reports = connection.execute(_latest(query, site_id).limit(CHUNK))
    return next((at for at, report in reports if report.get("strategy") != "refresh" and not _is_cut(report)), None)


def left_some(connection: Connection, site_id: int) -> bool:
    """Whether the site's last crawl had to leave addresses that it had found for later ones."""
    query = select(CrawlRun.report).where(CrawlRun.ended_at.is_not(None))
    return any(_is_cut(report) for report in connection.execute(_latest(query, site_id).limit(1)).scalars())


def _latest(query: Any, site_id: int) -> Any:
    return query.where(CrawlRun.site_id == site_id).order_by(CrawlRun.started_at.desc(), CrawlRun.id.desc())


def _is_cut(report: Mapping[str, Any]) -> bool:
    return not CAPS.isdisjoint(report.get("skipped", ()))


def site_id(connection: Connection, name: str) -> int:
    """The id of the site of that name."""
    return connection.execute(select(Site.id).where(Site.name == name)).scalar_one()
