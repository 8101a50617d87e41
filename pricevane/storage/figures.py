"""A run in figures: its pages set against the state that the published runs before it left."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from pricevane.model import Availability, Publication, Status
from pricevane.storage.tables import CrawlRun, Listing, Observation, State

VARIANT = "#variant="
LEAST_MOVE = 0.004
FIFTYFOLD = 50
COUNTED = ("good", "priced", "stocked", "compared", "currency_changed", "up", "down", "hundredfold")
FILLED = ("priced", "stocked")


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What health judges a run by, before it is published; `observed` counts listings, all others pages.

    Variants without an address of their own come and go with a page's mood, so a page counts once, however
    many it shows: it is good, or has moved, if one of its listings is or has. `priced` ones show a price, `stocked`
    ones say whether the thing can be had; `..._before` are the last published and complete run's.
    """

    observed: int
    pages: int
    good: int
    priced: int
    stocked: int
    known_before: int
    priced_before: int
    stocked_before: int
    compared: int
    currency_changed: int
    up: int
    down: int
    hundredfold: int


def figures(connection: Connection, run_id: int) -> RunFigures:
    """A run's observations, page by page, beside the last published and complete run of its site."""
    pages = defaultdict[tuple[str, str], set[str]](set)
    observed = 0
    for region, key, *reading in connection.execute(_compared(run_id)):
        observed += 1
        pages[_page(region, key)].update(_says(*reading))
    counted = {name: sum(name in said for said in pages.values()) for name in COUNTED}
    return RunFigures(observed=observed, pages=len(pages), **_before(connection, run_id), **counted)


def _compared(run_id: int) -> Select[*tuple[Any, ...]]:
    """(region, key, status, availability, price, currency, price before, its currency) of a run's observations."""
    return (
        select(
            Listing.region,
            Listing.key,
            Observation.status,
            Observation.availability,
            Observation.price_minor,
            Observation.currency,
            State.price_minor,
            State.currency,
        )
        .join(Listing, Listing.id == Observation.listing_id)
        .outerjoin(State, State.listing_id == Observation.listing_id)
        .where(Observation.run_id == run_id)
    )


def _page(region: str, key: str) -> tuple[str, str]:
    """The (region, address) of a listing's page."""
    return region, key.split(VARIANT, 1)[0]


def _says(
    status: str, availability: str, price: int | None, currency: str, before: int | None, currency_before: str
) -> tuple[str, ...]:
    """The figures that a listing counts its page into."""
    filled = _filled(availability, price)
    if status != Status.GOOD:
        return filled
    if price is None or not before:
        return ("good", *filled)
    if currency != currency_before:
        return ("good", *filled, "compared", "currency_changed")
    ratio = price / before
    if abs(ratio - 1) <= LEAST_MOVE:
        return ("good", *filled, "compared")
    way = "up" if ratio > 1 else "down"
    wild = ratio > FIFTYFOLD or ratio < 1 / FIFTYFOLD
    return ("good", *filled, "compared", way, *(("hundredfold",) if wild else ()))


def _filled(availability: str, price: int | None) -> tuple[str, ...]:
    shown = {"priced": price is not None, "stocked": availability != Availability.UNKNOWN}
    return tuple(name for name in FILLED if shown[name])


def _before(connection: Connection, run_id: int) -> dict[str, int]:
    """How many pages the site's last published and complete run read, and how many of them were filled."""
    site = select(CrawlRun.site_id).where(CrawlRun.id == run_id).scalar_subquery()
    previous = (
        select(CrawlRun.id)
        .where(CrawlRun.site_id == site, CrawlRun.publication == Publication.PUBLISHED, CrawlRun.state == "complete")
        .order_by(CrawlRun.started_at.desc(), CrawlRun.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(Listing.region, Listing.key, Observation.availability, Observation.price_minor)
    query = query.join(Observation, Observation.listing_id == Listing.id).where(Observation.run_id == previous)
    pages = defaultdict[tuple[str, str], set[str]](set)
    for region, key, availability, price in connection.execute(query):
        pages[_page(region, key)].update(_filled(availability, price))
    filled = {f"{name}_before": sum(name in said for said in pages.values()) for name in FILLED}
    return {"known_before": len(pages), **filled}
