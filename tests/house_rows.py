"""Offers, sites, runs and products for tests of the house's own parts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from pricevane.house import House
from pricevane.model import CrawlReport, Evidence, Money, Offer, Publication
from pricevane.storage import history
from pricevane.storage.base import Base
from pricevane.storage.history import AnyRow
from pricevane.storage.tables import Competitor, OwnPrice, Product, Site

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
GTIN = "04006381333931"
FILES = Path(__file__).parent / "house"


def euros(amount: str) -> Money:
    """An amount in EUR."""
    return Money(Decimal(amount), "EUR")


def offer(number: int = 1, price: str | Money | None = "19.90", at: datetime = AT, **changed: Any) -> Offer:
    """A good offer of listing `number`; a text is an amount in EUR."""
    usual: dict[str, Any] = {
        "url": f"https://rival.example/p/{number}",
        "key": f"rival.example/p/{number}",
        "name": f"Kettle {number}",
        "price": euros(price) if isinstance(price, str) else price,
        "evidence": Evidence(f"{price} €", "ld+json", ("jsonld",), f"{number:032x}"),
    }
    return Offer(at=at, **usual | changed)


def add_site(engine: Engine, name: str = "rival-fr") -> int:
    """A site of a competitor of its own; returns its id."""
    with engine.begin() as connection:
        owner = connection.execute(insert(Competitor).values(name=f"{name} Ltd").returning(Competitor.id)).scalar_one()
        values = {"competitor_id": owner, "name": name, "key": f"{name}:443", "url": f"https://{name}.example/"}
        return connection.execute(insert(Site).values(values).returning(Site.id)).scalar_one()


def crawl(
    engine: Engine,
    site_id: int,
    offers: Iterable[Offer],
    at: datetime = AT,
    publication: Publication = Publication.PUBLISHED,
    finished: bool = True,
) -> int:
    """A crawl that stored these offers in one batch and was judged; returns its run id."""
    kept = list(offers)
    with engine.begin() as connection:
        run_id = history.start_run(connection, site_id, at)
        history.keep(connection, run_id, kept)
        report = CrawlReport(offers=len(kept), stored=len(kept), finished=finished)
        history.end_run(connection, run_id, at, report, publication, "")
    return run_id


def add_product(engine: Engine, sku: str = "K-1", price: int | None = 1990, **changed: Any) -> int:
    """One of our products in EUR with its own price since a month; returns its id."""
    usual = {"sku": sku, "name": f"Kettle {sku}", "gtin": GTIN, "currency": "EUR"}
    with engine.begin() as connection:
        made = connection.execute(insert(Product).values(usual | changed).returning(Product.id)).scalar_one()
        if price is not None:
            add_price(connection, made, price, datetime(2026, 2, 1, tzinfo=UTC))
    return made


def add_price(connection: Connection, product_id: int, minor: int, at: datetime) -> None:
    """Our shelf price of a product from an instant on."""
    row = {"product_id": product_id, "valid_from": at, "price_minor": minor, "currency": "EUR", "source": "test"}
    connection.execute(insert(OwnPrice).values(row))


def rows(source: Engine | House, table: type[Base]) -> list[AnyRow]:
    """Everything in a table, by its primary key."""
    engine = source.engine if isinstance(source, House) else source
    columns = table.__table__
    with engine.connect() as connection:
        return list(connection.execute(select(columns).order_by(*columns.primary_key)))
