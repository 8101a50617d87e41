"""Make the rows of competitors, sites, categories and schedules say what pricevane.toml says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from pricevane.config import Config
from pricevane.config import Schedule as ScheduleOptions
from pricevane.model import Money
from pricevane.storage.base import Base
from pricevane.storage.history import upsert
from pricevane.storage.tables import Category, Competitor, Schedule, Site


def sync(connection: Connection, config: Config) -> None:
    """Upsert every row of the toml by its name; rows gone from it are disabled, never deleted.

    A name is for life: a site that moves to another address keeps its history, a renamed one starts anew.
    """
    _write(connection, Competitor, {c.name: {"country": c.country} for c in config.competitors})
    owners = dict(connection.execute(select(Competitor.name, Competitor.id)).all())
    sites = {
        site.name: {
            "competitor_id": owners[competitor.name],
            "key": site.origin.key,
            "url": site.url,
            "region": site.region,
            "currency": site.currency or "",
            "vat_bp": round((config.vat if site.vat is None else site.vat) * 10_000),
            "delivery_minor": Money(site.delivery_fee, site.currency or config.currency).minor,
        }
        for competitor in config.competitors
        for site in competitor.sites
    }
    _write(connection, Site, sites)
    _write(
        connection,
        Category,
        {c.name: {"floor_margin_bp": _bp(c.floor_margin), "manager": c.manager or ""} for c in config.categories},
    )
    _write(connection, Schedule, {s.name: _schedule(s, config) for s in config.schedules})


def _bp(share: float | None) -> int | None:
    return None if share is None else round(share * 10_000)


def _schedule(options: ScheduleOptions, config: Config) -> dict[str, Any]:
    return {
        "cron": options.cron,
        "every_s": options.every_minutes * 60 if options.every_minutes else None,
        "time_zone": options.time_zone or config.time_zone,
        "sites": list(options.sites),
        "then": list(options.then),
        "latest_s": options.latest_minutes * 60,
    }


def _write(connection: Connection, table: type[Base], rows: Mapping[str, Mapping[str, Any]]) -> None:
    columns = table.__table__.c
    connection.execute(update(table).where(columns.name.not_in(rows)).values(enabled=False))
    for name, values in rows.items():
        written = {"name": name, "enabled": True, **values}
        statement = upsert(connection, table).values(written)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"], set_={k: v for k, v in written.items() if k != "name"}
            )
        )
