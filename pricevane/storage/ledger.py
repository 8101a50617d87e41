"""How the last crawls asked each host: read from their reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from pricevane.storage.tables import CrawlRun, Site

MEGA = 1_000_000


def asked_hosts(connection: Connection, site: str = "", last: int = 10) -> list[dict[str, Any]]:
    """A row for each crawl and host:port of the last crawls that ended, of one site or of all, newest first.

    `requests` are those that left, `mb` million bytes as they came, `unchanged_share` 304s among the requests,
    `blocked` and `refused` pages by the shop and by its robots.txt; seconds: `delay_s` that was to be kept,
    `gap_least_s` and `gap_median_s` between two requests as measured, `waited_s` for its Retry-After.
    """
    query = select(CrawlRun.id, CrawlRun.started_at, CrawlRun.report, Site.name.label("site"))
    query = query.join(Site, Site.id == CrawlRun.site_id).where(CrawlRun.ended_at.is_not(None))
    if site:
        query = query.where(Site.name == site)
    return [
        _row(run.id, run.site, run.started_at, host, counts)
        for run in connection.execute(query.order_by(CrawlRun.id.desc()).limit(last))
        for host, counts in (run.report or {}).get("hosts", {}).items()
    ]


def _row(run: int, site: str, started_at: datetime, host: str, counts: dict[str, Any]) -> dict[str, Any]:
    requests = counts.get("requests", 0)
    return {
        **counts,
        "run": run,
        "site": site,
        "started_at": started_at,
        "host": host,
        "mb": round(counts.get("bytes", 0) / MEGA, 2),
        "unchanged_share": round(counts.get("unchanged", 0) / requests, 3) if requests else None,
    }
