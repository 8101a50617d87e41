"""Which of a site's known pages its next crawl asks for, and what the last one taught about how often they change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pricevane.config import Site
from pricevane.house import House
from pricevane.model import SiteState
from pricevane.storage import history, memory, pages
from pricevane.storage.rates import Known, known_listings, seen_again, set_rates
from pricevane.visit import site_named, site_state
from spiders.find.priors import fit_prior
from spiders.find.rates import UNKNOWN, Prior, Rate
from spiders.find.recrawl import plan
from spiders.find.units import Member, Unit, importance

SOLD = timedelta(days=90)
UNMATCHED = 1.0
# Of a budget, where new listings are looked for as well.
KNOWN_SHARE = 0.8


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
        budget = site.budget if strategy == "refresh" else round(KNOWN_SHARE * site.budget)
        known = addresses(connection, site_id, state.region, as_of, budget)
        trusted = memory.VALIDATORS not in learned
        validators = pages.validators(connection, site_id, state.region) if trusted else {}
    return replace(
        state,
        learned=learned,
        known=known,
        validators=validators,
        strategy=strategy if known else "both",
        max_requests=site.budget,
    )


def _strategy(site: Site, discovered_at: datetime | None, as_of: datetime) -> str:
    """Known pages only, unless it is time to look for new ones."""
    is_time = discovered_at is None or as_of - discovered_at >= timedelta(days=site.discover_days)
    return "both" if is_time else "refresh"


def addresses(connection: Connection, site_id: int, region: str, as_of: datetime, budget: int) -> tuple[str, ...]:
    """The known addresses that so many requests are best spent on, the most valuable first; all where there is none.

    A page is worth what its listings are: how likely they have changed since they were read, and what we earn with
    the products that they are matched to. A list of many listings may be asked for in the place of their own pages.
    """
    if not budget:
        return tuple(dict.fromkeys(history.known_addresses(connection, site_id)))
    known = known_listings(connection, site_id, region, as_of - SOLD)
    members = {listing.key: member for listing, member in zip(known, _members(known), strict=True)}
    shown: defaultdict[str, list[str]] = defaultdict(list)
    for listing in known:
        shown[listing.url].append(listing.key)
    for page in pages.pages_of(connection, site_id, region):
        shown[page.url] = [*shown[page.url], *(key for key in page.listings if key not in shown[page.url])]
    units = [Unit(url, tuple(members[key] for key in keys if key in members)) for url, keys in shown.items()]
    chosen = plan([unit for unit in units if unit.members], budget, as_of, seed=as_of.toordinal())
    return tuple(visit.url for visit in chosen.visits)


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
