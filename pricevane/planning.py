"""Which of a site's known pages its next crawl asks for, and what the last one taught about how often they change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pricevane.config import Site
from pricevane.house import House
from pricevane.model import PageKind, SiteState
from pricevane.storage import history, memory, pages
from pricevane.storage.delisting import delisted
from pricevane.storage.rates import Known, known_listings, seen_again, set_rates
from pricevane.visit import site_named, site_state
from spiders.find.finding import PART as FINDING
from spiders.find.heard import LASTMOD, TILE, Heard
from spiders.find.priors import fit_prior
from spiders.find.rates import UNKNOWN, Prior, Rate
from spiders.find.recrawl import Planned, plan
from spiders.find.units import Member, Unit, greatest_days, importance

SOLD = timedelta(days=90)
# A listing that the shop has taken away is asked for once a week, whatever the time of day.
REST = timedelta(days=6.5)
UNMATCHED = 1.0
# Of a budget, where new listings are looked for as well, or pages asked for that a signal says have changed; and as
# long as the crawl before left new listings for later.
KNOWN_SHARE, CATCHING_UP = 0.8, 0.5
ROBOTS = 1
# What a sitemap names beside products is looked at once in so many days; lists too, where requests are counted.
FORGOTTEN = timedelta(days=30)
BARREN = frozenset((PageKind.OTHER, PageKind.HOME, PageKind.SEARCH, PageKind.LISTING))


def next_visit(house: House, name: str, as_of: datetime, clock_at: datetime | None = None) -> SiteState:
    """What the next crawl of a site must know, from the toml and from its crawls so far; its `run_id` is still 0.

    Raises UnknownSite or ContactMissing.
    """
    site = site_named(house.config, name)
    state = site_state(house.config, site, (), clock_at)
    with house.engine.connect() as connection:
        site_id = history.site_id(connection, name)
        learned = memory.learned(connection, site_id)
        strategy = _strategy(site, history.last_discovery(connection, site_id), as_of)
        known = tuple(visit.url for visit in _visits(connection, site, site_id, as_of))
        trusted = memory.VALIDATORS not in learned
        validators = pages.validators(connection, site_id, state.region) if trusted else {}
        seen = history.known_addresses(connection, site_id)
        kinds = BARREN if site.budget else BARREN - {PageKind.LISTING}
        barren = pages.barren(connection, site_id, state.region, kinds, as_of - FORGOTTEN)
    return replace(
        state,
        learned=learned,
        known=known,
        seen=seen,
        barren=tuple(barren),
        validators=validators,
        strategy=strategy if known else "both",
        max_requests=site.budget,
    )


def planned(house: House, name: str, as_of: datetime) -> tuple[Planned, ...]:
    """The known pages that a site's next crawl would ask for, in their order, and why; raises UnknownSite."""
    site = site_named(house.config, name)
    with house.engine.connect() as connection:
        return _visits(connection, site, history.site_id(connection, name), as_of)


def _visits(connection: Connection, site: Site, site_id: int, as_of: datetime) -> tuple[Planned, ...]:
    resting = delisted(connection, site_id, as_of - REST)
    if not site.budget:
        seen = history.known_addresses(connection, site_id)
        return tuple(Planned(url, "every known page", 0.0) for url in seen if url not in resting)
    strategy = _strategy(site, history.last_discovery(connection, site_id), as_of)
    learned, is_behind = memory.learned(connection, site_id), history.left_some(connection, site_id)
    budget = max(round(_share_of_known(strategy, learned, is_behind) * site.budget) - ROBOTS, 1)
    return best_visits(connection, site_id, site.region, as_of, budget, resting)


def _strategy(site: Site, discovered_at: datetime | None, as_of: datetime) -> str:
    """Known pages only, unless it is time to look for new ones."""
    is_time = discovered_at is None or as_of - discovered_at >= timedelta(days=site.discover_days)
    return "both" if is_time else "refresh"


def _share_of_known(strategy: str, learned: Mapping[str, Any], is_behind: bool) -> float:
    """The share of a budget that is planned for known pages."""
    if strategy != "refresh" and is_behind:
        return CATCHING_UP
    said = learned.get(FINDING)
    heard = Heard(said.get("heard") if isinstance(said, dict) else None)
    return KNOWN_SHARE if strategy != "refresh" or any(map(heard.convinces, (LASTMOD, TILE))) else 1.0


def best_visits(
    connection: Connection, site_id: int, region: str, as_of: datetime, budget: int, resting: Collection[str] = ()
) -> tuple[Planned, ...]:
    """The known pages that so many requests are best spent on, the most valuable first, none of those `resting`.

    A page is worth what its listings are: how likely they have changed since they were read, and what we earn with
    the products that they are matched to. A list of many listings may be asked for in the place of their own pages.
    """
    known = known_listings(connection, site_id, region, as_of - SOLD)
    members = {listing.key: member for listing, member in zip(known, _members(known), strict=True)}
    shown: defaultdict[str, list[str]] = defaultdict(list)
    for listing in known:
        shown[listing.url].append(listing.key)
    for page in pages.pages_of(connection, site_id, region):
        shown[page.url] = [*shown[page.url], *(key for key in page.listings if key not in shown[page.url])]
    units = [
        Unit(url, tuple(members[key] for key in keys if key in members))
        for url, keys in shown.items()
        if url not in resting
    ]
    return plan([unit for unit in units if unit.members], budget, as_of, seed=as_of.toordinal()).visits


def _members(known: Sequence[Known]) -> list[Member]:
    priors = _priors(known)
    revenues = [listing.revenue_minor for listing in known if listing.revenue_minor is not None]
    mean = round(sum(revenues) / len(revenues)) if revenues else 0
    return [
        Member(
            listing.key,
            Rate(priors.get(listing.category, priors[""]), listing.rate_changes, listing.rate_days),
            UNMATCHED
            if listing.revenue_minor is None
            else importance(listing.revenue_minor, mean, listing.is_key_value_item),
            listing.seen_at,
            greatest_days=greatest_days(listing.is_key_value_item, listing.revenue_minor is not None),
        )
        for listing in known
    ]


def _priors(known: Sequence[Known]) -> Mapping[str, Prior]:
    return {"": UNKNOWN, **fit_prior((one.category, one.rate_changes, one.rate_days) for one in known)}


def learn_rates(connection: Connection, site_id: int, region: str, run_id: int, as_of: datetime) -> None:
    """Enter what a published run saw of its listings."""
    known = {one.listing_id: one for one in known_listings(connection, site_id, region, as_of)}
    priors = _priors(list(known.values()))
    seen = [one for one in seen_again(connection, run_id) if one.listing_id in known]
    rates = []
    for one in seen:
        prior = priors.get(known[one.listing_id].category, priors[""])
        rate = Rate(prior, one.rate_changes, one.rate_days).after(one.has_changed, one.days)
        rates.append((one.listing_id, rate.changes, rate.days))
    set_rates(connection, rates)
