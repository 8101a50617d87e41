"""How often listings change: what a run saw of each, and what is known of all of a site's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, func, or_, select, update
from sqlalchemy.orm import aliased

from pricevane.storage.tables import Listing, Match, Observation, Product, Sales, State


class Seen(NamedTuple):
    """A listing that a run read again: whether price or availability had changed, after how many days."""

    listing_id: int
    has_changed: bool
    days: float
    rate_changes: float
    rate_days: float


class Known(NamedTuple):
    """A listing with what planning asks of it; revenue in minor units is of the product that it is matched to."""

    listing_id: int
    key: str
    url: str
    category: str
    seen_at: datetime
    rate_changes: float
    rate_days: float
    revenue_minor: int | None
    is_key_value_item: bool


def seen_again(connection: Connection, run_id: int) -> list[Seen]:
    """The run's good readings set against the good ones before them, with what was known of their rates."""
    before, earlier = aliased(Observation), aliased(Observation)
    last = (
        select(func.max(earlier.at))
        .where(earlier.listing_id == Observation.listing_id, earlier.at < Observation.at, earlier.status == "good")
        .scalar_subquery()
    )
    query = (
        select(
            Observation.listing_id,
            or_(
                Observation.price_minor.is_distinct_from(before.price_minor),
                Observation.availability != before.availability,
            ),
            Observation.at,
            before.at,
            State.rate_changes,
            State.rate_days,
        )
        .select_from(Observation)
        .join(before, (before.listing_id == Observation.listing_id) & (before.at == last))
        .join(State, State.listing_id == Observation.listing_id)
        .where(Observation.run_id == run_id, Observation.status == "good")
    )
    return [
        Seen(listing_id, has_changed, (at - at_before).total_seconds() / 86400, changes, days)
        for listing_id, has_changed, at, at_before, changes, days in connection.execute(query)
    ]


def set_rates(connection: Connection, rates: Iterable[tuple[int, float, float]]) -> None:
    """Keep (listing id, changes, days) of each listing; see `State`."""
    rows = [{"listing": listing, "changes": changes, "days": days} for listing, changes, days in rates]
    if rows:
        columns = State.__table__.c
        told: dict[str, Any] = {"rate_changes": bindparam("changes"), "rate_days": bindparam("days")}
        connection.execute(update(State).where(columns.listing_id == bindparam("listing")).values(told), rows)


def known_listings(connection: Connection, site_id: int, region: str, since: datetime) -> list[Known]:
    """Every listing of a site and region, with what the products that they are matched to sold since then."""
    sold = (
        select(Sales.product_id, func.sum(Sales.revenue_minor).label("revenue_minor"))
        .where(Sales.sold_on >= since.date())
        .group_by(Sales.product_id)
        .subquery()
    )
    query = (
        select(
            Listing.id,
            Listing.key,
            Listing.url,
            Listing.category,
            State.seen_at,
            State.rate_changes,
            State.rate_days,
            case((Product.id.is_not(None), func.coalesce(sold.c.revenue_minor, 0))),
            func.coalesce(Product.key_value_item, False),
        )
        .join(State, State.listing_id == Listing.id)
        .outerjoin(Match, (Match.listing_id == Listing.id) & (Match.state == "confirmed"))
        .outerjoin(Product, Product.id == Match.product_id)
        .outerjoin(sold, sold.c.product_id == Product.id)
        .where(Listing.site_id == site_id, Listing.region == region)
    )
    return [Known(*row) for row in connection.execute(query)]
