"""What a crawl may reach: its own site over http(s), and no address inside a private network."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.resolver import dnscache
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.error import DNSLookupError

from pricevane.model import DEFAULT_PORTS, Origin, SiteState
from spiders.fetch.failures import NotThisSite, PrivateAddress

# Teredo, NAT64, 6to4 (RFC 4380, 6052, 3056).
TRANSITION = [ip_network(network) for network in ("2001::/32", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")]


def bare(host: str) -> str:
    """A host name without its leading `www.`."""
    return host.removeprefix("www.")


def same_site(site: Origin, url: str) -> bool:
    """Whether an address is on the site: its origin, its www variant, or its https twin."""
    try:
        other = Origin.of(url)
    except ValueError:
        return False
    if other == site:
        return True
    ports_are_usual = all(DEFAULT_PORTS[o.scheme] == o.port for o in (site, other))
    return ports_are_usual and bare(other.host) == bare(site.host) and other.scheme in (site.scheme, "https")


def is_public(address: str) -> bool:
    """Whether an IP address is reachable by anyone: not loopback, private, link-local or multicast.

    IPv6 addresses that carry an IPv4 one are refused, as they may lead to any of these.
    """
    parsed = ip_address(address)
    return parsed.is_global and not parsed.is_multicast and not any(parsed in network for network in TRANSITION)


def may_connect(state: SiteState, address: str, port: int) -> bool:
    """Whether a connection may lead there: a public address, or where one of the operator's own origins or proxy is."""
    named = (*state.local, state.proxy) if state.proxy else state.local
    own = {(dnscache.get(origin.host, origin.host), origin.port) for origin in map(Origin.of, named)}
    return (address, port) in own or is_public(address)


async def resolve(host: str) -> str:
    """The address that Scrapy will connect to.

    Its resolver keeps the first answer for the whole crawl, so a name cannot pass the check with one
    address and be fetched from another. Raises CannotResolveHostError.
    """
    from twisted.internet import reactor

    try:
        return await maybe_deferred_to_future(reactor.resolve(host))  # type: ignore[arg-type]
    except (DNSLookupError, UnicodeError) as error:
        raise CannotResolveHostError(f"no address found for host {host!r}") from error


async def check(state: SiteState, url: str, is_elsewhere: bool = False) -> None:
    """Raise NotThisSite or PrivateAddress for what this crawl may not reach.

    A robots.txt may have been moved to any other public host (RFC 9309, 2.3.1.2), and prices may come from one.
    """
    try:
        origin = Origin.of(url)
    except ValueError as error:
        raise NotThisSite(str(error)) from error
    if not is_elsewhere and not same_site(state.origin, url):
        raise NotThisSite(f"{url!r} is not on {state.origin.url}")
    if origin.url in state.local:
        return
    address = origin.host if ":" in origin.host else await resolve(origin.host)
    if not is_public(address):
        raise PrivateAddress(
            f"{origin.host} is {address}, inside a private network; "
            f"set local = true for the site if {origin.url} is your own shop"
        )


class GuardMiddleware:
    """First middleware: checks every request, those for robots.txt, retries and redirects included."""

    def __init__(self, state: SiteState) -> None:
        self.state = state

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.state)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        is_elsewhere = request.meta.get("is_robots") or request.meta.get("is_replay")
        await check(self.state, request.url, bool(is_elsewhere))
