"""What the house keeps about the saved pages, traced back to them by the hash in the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from pricevane.model import Money
from pricevane.storage.tables import Evidence, Match, Move, Observation, Product


@dataclass(frozen=True, slots=True)
class Read:
    """One observation: the page it was read from, its listing, its price in major units if it is a good one."""

    page_id: str
    listing_id: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Matched:
    """One confirmed match of a listing and the product with our number `sku`."""

    listing_id: int
    sku: str
    method: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One move that screening accepted: the page that showed it and the new price in major units."""

    page_id: str
    to: Decimal


def observed(connection: Connection, page_of: Mapping[str, str], until: datetime) -> list[Read]:
    """The observations made up to an instant, the page's own variant first; `page_of` is page hash -> page id."""
    query = (
        select(
            *(Observation.listing_id, Observation.price_minor, Observation.currency),
            *(Observation.status, Evidence.page_hash),
        )
        .join(Evidence, Evidence.id == Observation.evidence_id)
        .where(Observation.at < until)
        .order_by(Observation.listing_id)
    )
    found = []
    for row in connection.execute(query):
        good = row.status == "good" and row.price_minor is not None
        price = Money.from_minor(row.price_minor, row.currency).amount if good else None
        found.append(Read(page_of[row.page_hash], row.listing_id, price))
    return found


def own_prices(read: Sequence[Read]) -> dict[str, Decimal]:
    """Page id -> the first good price on the page, which is its own variant's."""
    prices: dict[str, Decimal] = {}
    for one in read:
        if one.price is not None:
            prices.setdefault(one.page_id, one.price)
    return prices


def several_prices(read: Sequence[Read]) -> int:
    """On how many pages variants have different good prices; labels speak of the page's own variant only."""
    pairs = {(one.page_id, one.price) for one in read if one.price is not None}
    return sum(count > 1 for count in Counter(page_id for page_id, _ in pairs).values())


def matched(connection: Connection) -> list[Matched]:
    """Every confirmed match."""
    query = select(Match.listing_id, Match.method, Product.sku).join(Product, Product.id == Match.product_id)
    rows = connection.execute(query.where(Match.state == "confirmed"))
    return [Matched(row.listing_id, row.sku, row.method) for row in rows]


def product_ids(connection: Connection) -> dict[str, int]:
    """Our number for a product -> its id."""
    return {row.sku: row.id for row in connection.execute(select(Product.sku, Product.id))}


def moves(connection: Connection, page_of: Mapping[str, str]) -> list[Moved]:
    """Every accepted move."""
    query = (
        select(Move.to_minor, Move.currency, Evidence.page_hash)
        .join(Observation, (Observation.listing_id == Move.listing_id) & (Observation.at == Move.at))
        .join(Evidence, Evidence.id == Observation.evidence_id)
    )
    return [
        Moved(page_of[row.page_hash], Money.from_minor(row.to_minor, row.currency).amount)
        for row in connection.execute(query)
    ]
