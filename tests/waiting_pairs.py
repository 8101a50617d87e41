"""Listings and products with the pairs between them, for tests of the review."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from pricevane.storage.tables import Listing, Match, Sales
from tests.house_rows import AT, add_product, crawl, offer


def list_goods(engine: Engine, site_id: int, *prices: str, at: datetime = AT, **changed: Any) -> list[int]:
    """A crawl with one listing a price; returns the ids of the site's listings."""
    crawl(engine, site_id, [offer(number, price, at, **changed) for number, price in enumerate(prices, 1)], at)
    with engine.connect() as connection:
        query = select(Listing.id).where(Listing.site_id == site_id).order_by(Listing.id)
        return list(connection.execute(query).scalars())


def sell(engine: Engine, sku: str, revenue: int = 0, **changed: Any) -> int:
    """One of our products, with this revenue (minor units) two days ago; returns its id."""
    product_id = add_product(engine, sku, **changed)
    row = {"product_id": product_id, "sold_on": (AT - timedelta(days=2)).date(), "units": 1, "revenue_minor": revenue}
    with engine.begin() as connection:
        connection.execute(insert(Sales).values(row))
    return product_id


def pair(engine: Engine, listing_id: int, product_id: int, score: float = 0.5, **changed: Any) -> int:
    """A candidate by text; returns its id."""
    usual = {"state": "candidate", "method": "text", "score": score, "made_at": AT}
    row = {"listing_id": listing_id, "product_id": product_id, **usual, **changed}
    with engine.begin() as connection:
        return int(connection.execute(insert(Match).values(row).returning(Match.id)).scalar_one())
