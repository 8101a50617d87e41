"""From configuration or a typed address to the SiteState of one visit: whose shop it is, and what is owed to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address

from pricevane.config import Config, Site
from pricevane.environment import ConfigError
from pricevane.model import Origin, SiteState


class UnknownSite(LookupError):
    """No enabled site has this name."""


class ContactMissing(ConfigError):
    """A shop of others is crawled only with an address for complaints."""


def site_named(config: Config, name: str) -> Site:
    """The site of that name; raises UnknownSite, naming those there are."""
    if name not in config.sites:
        known = ", ".join(config.sites) or "none yet; add one under [[competitors]] in pricevane.toml"
        raise UnknownSite(f"no site is called {name!r}; known: {known}")
    return config.sites[name]


def site_state(config: Config, site: Site, known: tuple[str, ...], clock_at: datetime | None) -> SiteState:
    """What a crawl of a configured site must know; raises ContactMissing for a stranger's without contact."""
    return with_contact(_owed(config, site, known, clock_at))


def _owed(config: Config, site: Site, known: tuple[str, ...] = (), clock_at: datetime | None = None) -> SiteState:
    return SiteState(
        url=site.url,
        name=site.name,
        region=site.region,
        currency=site.currency or config.currency,
        currency_asked=site.currency or "",
        cookies=dict(site.cookies),
        query=dict(site.query),
        proxy=config.proxy_of(site),
        language=site.language,
        render=site.render,
        tax_included=site.tax_included,
        local=tuple(other.origin.url for other in config.sites.values() if other.local),
        contact=config.contact,
        delay_s=site.delay_s,
        hours=site.hours,
        time_zone=site.time_zone or config.time_zone,
        max_pages=site.max_pages,
        feeds=site.feeds,
        known=known,
        clock_at=clock_at,
    )


def with_contact(state: SiteState) -> SiteState:
    """The same state; raises ContactMissing if it leads to a stranger's shop and names no contact."""
    if not state.is_local and not state.contact:
        raise ContactMissing(
            f"{state.origin.url} is somebody else's shop: set contact in pricevane.toml to an address where its"
            ' owner can complain, for example contact = "pricing@retailer.example"'
        )
    return state


def scan_state(state: SiteState) -> SiteState:
    """The state of a scan of an address that the caller typed.

    An address on this machine's loopback is local then: no delay, no contact. Raises ValueError for what
    is no http address, ContactMissing for a shop of others.
    """
    return with_contact(replace(_typed(state), single_page=True))


def _typed(state: SiteState) -> SiteState:
    return replace(state, local=(state.origin.url,) if is_loopback(state.origin.host) else ())


def page_state(config: Config | None, typed: SiteState) -> SiteState:
    """The state for reading one page alone, fetched or saved: as a crawl would if it belongs to a configured site.

    The site is the one that `typed` names, else the one of its origin; what was typed goes before what the site
    says. Raises UnknownSite, and ValueError for what is no http address. Before fetching ask `with_contact`.
    """
    site = site_of(config, typed.url) if config and not typed.name else None
    if config and typed.name:
        site = site_named(config, typed.name)
    if config is None or site is None:
        return replace(_typed(typed), only_page=True)
    owed = _owed(config, site)
    render = owed.render if typed.render == "auto" else typed.render
    said = {name: value for name in ("contact", "currency", "language") if (value := getattr(typed, name))}
    return replace(owed, **said, url=typed.url, render=render, clock_at=typed.clock_at, only_page=True)


def site_of(config: Config, url: str) -> Site | None:
    """The configured site whose origin an address has; raises ValueError for what is no http address."""
    origin = Origin.of(url)
    return next((site for site in config.sites.values() if site.origin == origin), None)


def is_loopback(host: str) -> bool:
    """Whether a host, as written, is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
