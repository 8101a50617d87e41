"""A site's memory: what its crawls learned of its pages, for the next one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from pricevane.storage.tables import CrawlRun, Site

MOST_BYTES = 256 * 1024
# As the conditional requests call it.
VALIDATORS = "validators"

log = logging.getLogger(__name__)


def learned(connection: Connection, site_id: int) -> dict[str, Any]:
    """What earlier crawls of a site learned; {} for a site that is new."""
    found: dict[str, Any] = connection.execute(select(Site.learned).where(Site.id == site_id)).scalar_one()
    return found


def learn(connection: Connection, run_id: int, lessons: Mapping[str, Any]) -> bool:
    """Replace the memory of a run's site; False, and the old one stays, for what is empty, no JSON or too large."""
    if not lessons:
        return False
    try:
        size = len(json.dumps(lessons, allow_nan=False))
    except (TypeError, ValueError) as error:
        log.warning("what crawl %d learned is not kept: %s", run_id, error)
        return False
    if size > MOST_BYTES:
        log.warning("what crawl %d learned is not kept: %d bytes, at most %d are", run_id, size, MOST_BYTES)
        return False
    site = select(CrawlRun.site_id).where(CrawlRun.id == run_id).scalar_subquery()
    connection.execute(update(Site).where(Site.id == site).values(learned=dict(lessons)))
    return True


def beware(connection: Connection, run_id: int, lessons: Mapping[str, Any]) -> None:
    """Add to the memory of a run's site what even a held crawl teaches: that its validators are not to be trusted."""
    if VALIDATORS in lessons:
        site_id = connection.execute(select(CrawlRun.site_id).where(CrawlRun.id == run_id)).scalar_one()
        learn(connection, run_id, {**learned(connection, site_id), VALIDATORS: lessons[VALIDATORS]})
