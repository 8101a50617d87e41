"""From the database to digests: who is told what about the last pricing run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from pricevane.alerts.digest import Digest, Line, Rival
from pricevane.alerts.series import Series
from pricevane.config import Config
from pricevane.model import Money
from pricevane.storage import frames
from pricevane.storage.desk import last_pricing_run, proposals_query
from pricevane.storage.history import AnyRow
from pricevane.storage.outbox import is_told
from pricevane.storage.tables import (
    Blocked,
    Category,
    CrawlRun,
    Listing,
    Product,
    Proposal,
    Quarantine,
    Site,
)

CHART = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Letter:
    """A digest and the key that keeps it from being told twice."""

    key: str
    digest: Digest


def gather(connection: Connection, config: Config, as_of: datetime) -> Iterator[Letter]:
    """One letter per manager with proposals or notices of the last pricing run, unless told already."""
    run = last_pricing_run(connection)
    if run is None:
        return
    by_manager: dict[str, list[AnyRow]] = defaultdict(list)
    query = proposals_query().where(Proposal.pricing_run_id == run.id, Proposal.state == "proposed")
    for row in connection.execute(query):
        by_manager[config.manager_of(row.category or "")].append(row)
    blocked = _blocked(connection, config, run.id)
    notices = tuple(run.report.get("notices", ()))
    if notices or run.reason:
        by_manager.setdefault(config.mail.fallback, [])
    crawls = _crawls(connection, as_of)
    shared = _shared(connection, run)
    for manager in sorted(by_manager):
        key = f"digest-{run.id}-{manager}"
        if not is_told(connection, key):
            rows = by_manager[manager]
            told = rows[: config.mail.proposals]
            yield Letter(
                key,
                Digest(
                    recipient=manager,
                    as_of=as_of,
                    time_zone=config.time_zone,
                    lines=_lines(connection, told, as_of),
                    more=len(rows) - len(told),
                    held=run.reason if run.publication == "suspect" else "",
                    blocked=blocked.get(manager, {}),
                    notices=notices,
                    runs=crawls,
                    **shared,
                ),
            )


def _shared(connection: Connection, run: AnyRow) -> dict[str, Any]:
    return {
        "quarantined": connection.execute(
            select(func.count()).select_from(Quarantine).where(Quarantine.state == "open")
        ).scalar_one(),
        "not_comparable": run.report.get("not_comparable", {}),
        "listings": connection.execute(
            select(func.count()).select_from(Listing).join(Site, Site.id == Listing.site_id).where(Site.enabled)
        ).scalar_one(),
    }


def _blocked(connection: Connection, config: Config, run_id: int) -> Mapping[str, Mapping[str, int]]:
    """Manager -> reason -> products that cannot move."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    query = (
        select(Category.name, Blocked.reason, func.count())
        .select_from(Blocked)
        .join(Product, Product.id == Blocked.product_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Blocked.pricing_run_id == run_id)
        .group_by(Category.name, Blocked.reason)
    )
    for category, reason, count in connection.execute(query):
        counted[config.manager_of(category or "")][reason] += count
    return counted


def _crawls(connection: Connection, as_of: datetime) -> tuple[str, ...]:
    """A sentence for each crawl of the last day that is incomplete or held."""
    query = (
        select(Site.name, CrawlRun.state, CrawlRun.publication, CrawlRun.reason)
        .join(Site, Site.id == CrawlRun.site_id)
        .where(CrawlRun.started_at > as_of - timedelta(days=1), CrawlRun.started_at <= as_of)
        .order_by(CrawlRun.id)
    )
    told = []
    for row in connection.execute(query):
        if row.publication == "suspect":
            told.append(f"{row.name}: the crawl is held: {row.reason}")
        elif row.state != "complete":
            told.append(f"{row.name}: the crawl is {row.state}")
    return tuple(told)


def _lines(connection: Connection, rows: list[AnyRow], as_of: datetime) -> tuple[Line, ...]:
    ids = [row.product_id for row in rows]
    rivals = frames.history(connection, ids, as_of - CHART)
    rivals = rivals[~rivals["quarantined"] & rivals["price_minor"].notna()]
    own = frames.own_prices(connection, as_of)
    return tuple(_line(row, rivals, own, as_of) for row in rows)


def _line(row: AnyRow, rivals: pd.DataFrame, own: pd.DataFrame, as_of: datetime) -> Line:
    currency = row.currency
    return Line(
        proposal_id=row.id,
        sku=row.sku,
        name=row.name,
        category=row.category or "",
        current=Money.from_minor(row.current_minor, currency),
        proposed=Money.from_minor(row.proposed_minor, currency),
        rule=row.rule,
        reason=row.reason,
        binding=row.binding,
        trail=tuple(
            (name, Money.from_minor(before, currency), Money.from_minor(after, currency))
            for name, before, after in row.trail
        ),
        rivals=tuple(_rival(rival) for rival in row.rivals),
        effect=row.effect,
        series=(_own_series(row, own, as_of), *_series(row, rivals)),
    )


def _rival(rival: Mapping[str, Any]) -> Rival:
    moved_from = rival.get("moved_from_minor")
    return Rival(
        site=rival["site"],
        price=Money.from_minor(rival["price_minor"], rival["currency"]),
        url=rival["url"],
        at=datetime.fromisoformat(rival["at"]),
        availability=rival["availability"],
        was=None if moved_from is None else Money.from_minor(moved_from, rival["currency"]),
    )


def _own_series(row: AnyRow, own: pd.DataFrame, as_of: datetime) -> Series:
    mine = own[own["product_id"] == row.product_id]
    points = _points(mine["valid_from"], mine["price_minor"], row.currency)
    start = as_of - CHART
    before = [price for at, price in points if at <= start]
    inside = [point for point in points if point[0] > start]
    return Series("you", tuple([(start, before[-1])] if before else []) + tuple(inside), own=True)


def _series(row: AnyRow, rivals: pd.DataFrame) -> Iterator[Series]:
    theirs = rivals[(rivals["product_id"] == row.product_id) & (rivals["currency"] == row.currency)]
    shown: Counter[str] = Counter()
    for (site, _), seen in theirs.groupby(["site", "listing_id"], sort=True):
        shown[site] += 1
        name = site if shown[site] == 1 else f"{site} ({shown[site]})"
        yield Series(name, tuple(_points(seen["at"], seen["price_minor"], row.currency)), own=False)


def _points(at: pd.Series[Any], minor: pd.Series[Any], currency: str) -> list[tuple[datetime, Any]]:
    return [
        (moment.to_pydatetime(), Money.from_minor(int(price), currency).amount)
        for moment, price in zip(at, minor, strict=True)
    ]
