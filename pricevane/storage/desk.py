"""Writing what matching and pricing found and what people decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, insert, select, update

from pricevane.storage.history import AnyRow, update_rows, upsert
from pricevane.storage.tables import (
    Blocked,
    Category,
    Decision,
    Listing,
    Move,
    Observation,
    PricingRun,
    Product,
    Proposal,
    Quarantine,
    Site,
)

Rows = Sequence[Mapping[str, Any]]


def save_screening(connection: Connection, moves: Rows, quarantine: Rows, since: datetime) -> None:
    """Make moves and open quarantine after `since` say what screening found; people's verdicts stay."""
    connection.execute(delete(Move).where(Move.at > since))
    if moves:
        connection.execute(insert(Move), list(moves))
    connection.execute(
        update(Quarantine).where(Quarantine.at > since, Quarantine.state == "open").values(state="cleared")
    )
    if quarantine:
        statement = upsert(connection, Quarantine)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["listing_id", "at"],
                set_={"state": statement.excluded.state, "reason": statement.excluded.reason},
                where=and_(Quarantine.state != "accepted", Quarantine.state != "refused"),
            ),
            list(quarantine),
        )


def save_pricing(connection: Connection, run: Mapping[str, Any], proposals: Rows, blocked: Rows) -> int:
    """Write one pricing run: same proposals are renewed, others expire, new ones are added; returns its id."""
    run_id = int(connection.execute(insert(PricingRun).values(**run).returning(PricingRun.id)).scalar_one())
    standing = {
        row.product_id: row
        for row in connection.execute(
            select(Proposal.id, Proposal.product_id, Proposal.current_minor, Proposal.proposed_minor).where(
                Proposal.state == "proposed"
            )
        )
    }
    renewed = {
        standing[row["product_id"]].id: row
        for row in proposals
        if (row["product_id"] in standing)
        and standing[row["product_id"]].current_minor == row["current_minor"]
        and standing[row["product_id"]].proposed_minor == row["proposed_minor"]
    }
    connection.execute(
        update(Proposal).where(Proposal.state == "proposed", Proposal.id.not_in(renewed)).values(state="expired")
    )
    update_rows(connection, Proposal, [{"id": key, "pricing_run_id": run_id, **row} for key, row in renewed.items()])
    again = {row["product_id"] for row in renewed.values()}
    new = [{"pricing_run_id": run_id, **row} for row in proposals if row["product_id"] not in again]
    if new:
        connection.execute(insert(Proposal), new)
    if blocked:
        connection.execute(insert(Blocked), [{"pricing_run_id": run_id, **row} for row in blocked])
    return run_id


def shown_products(connection: Connection) -> list[int]:
    """Products with an open proposal of a published run: a person has it before them already."""
    query = (
        select(Proposal.product_id)
        .join(PricingRun, PricingRun.id == Proposal.pricing_run_id)
        .where(Proposal.state == "proposed", PricingRun.publication == "published")
    )
    return list(connection.execute(query).scalars())


def proposals_query() -> Select[*tuple[Any, ...]]:
    """Every proposal with its product, category and the publication of its run."""
    return (
        select(
            Proposal,
            Product.sku,
            Product.name,
            Category.name.label("category"),
            PricingRun.publication,
            PricingRun.reason.label("held"),
        )
        .join(Product, Product.id == Proposal.product_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .join(PricingRun, PricingRun.id == Proposal.pricing_run_id)
        .order_by(Proposal.score.desc(), Proposal.id)
    )


def quarantine_query() -> Select[*tuple[Any, ...]]:
    """Every quarantined price with its listing and observation, oldest first."""
    return (
        select(
            Quarantine.id,
            Quarantine.at,
            Quarantine.reason,
            Quarantine.state,
            Site.name.label("site"),
            Listing.name,
            Listing.url,
            Observation.price_minor,
            Observation.currency,
        )
        .join(Listing, Listing.id == Quarantine.listing_id)
        .join(Site, Site.id == Listing.site_id)
        .join(Observation, and_(Observation.listing_id == Quarantine.listing_id, Observation.at == Quarantine.at))
        .order_by(Quarantine.at, Quarantine.id)
    )


def decide_proposal(connection: Connection, proposal_id: int, verdict: str, who: str, why: str, at: datetime) -> bool:
    """Move an open proposal to approved or rejected and log it; False if it is not open any more.

    One price a product waits for the shop at most: an approval takes the place of an earlier one.
    """
    if not _decide(connection, Proposal, "proposed", proposal_id, verdict, "proposal_id", who, why, at):
        return False
    if verdict == "approved":
        product = select(Proposal.product_id).where(Proposal.id == proposal_id).scalar_subquery()
        earlier = (Proposal.product_id == product, Proposal.state == "approved", Proposal.id != proposal_id)
        connection.execute(update(Proposal).where(*earlier).values(state="expired"))
    return True


def decide_quarantine(connection: Connection, entry_id: int, verdict: str, who: str, why: str, at: datetime) -> bool:
    """Accept or refuse an open quarantined price and log it; False if it is not open any more."""
    return _decide(connection, Quarantine, "open", entry_id, verdict, "quarantine_id", who, why, at)


def _decide(
    connection: Connection,
    table: type[Proposal] | type[Quarantine],
    open_state: str,
    row_id: int,
    verdict: str,
    subject: str,
    who: str,
    why: str,
    at: datetime,
) -> bool:
    moved = connection.execute(
        update(table).where(table.id == row_id, table.state == open_state).values(state=verdict).returning(table.id)
    ).first()
    if moved is None:
        return False
    connection.execute(insert(Decision).values({subject: row_id, "verdict": verdict, "who": who, "why": why, "at": at}))
    return True


def last_pricing_run(connection: Connection) -> AnyRow | None:
    """The newest pricing run: id, at, publication, reason, report."""
    return connection.execute(
        select(PricingRun.id, PricingRun.at, PricingRun.publication, PricingRun.reason, PricingRun.report)
        .order_by(PricingRun.id.desc())
        .limit(1)
    ).one_or_none()


def release_run(connection: Connection, run_id: int, reason: str) -> None:
    """Let the proposals of a held run be decided."""
    connection.execute(update(PricingRun).where(PricingRun.id == run_id).values(publication="published", reason=reason))
