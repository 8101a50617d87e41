"""Sitemaps and robots.txt as shops write them (sitemaps.org 0.9, RFC 9309)."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from html import escape

from pricevane.market.storefront import TEXT, XML, Reply

SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def robots(disallowed: Iterable[str], sitemap: str = "") -> Reply:
    """One group for everybody, and a Sitemap line where an address is given."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in disallowed)]
    if sitemap:
        lines += ["", f"Sitemap: {sitemap}"]
    return Reply("".join(f"{line}\n" for line in lines).encode(), TEXT)


def sitemap(urls: Iterable[str], *, packed: bool = False) -> Reply:
    """A sitemap of addresses; packed ones are gzip files."""
    body = _xml("urlset", "url", urls)
    return Reply(gzip.compress(body, mtime=0), "application/gzip") if packed else Reply(body, XML)


def sitemap_index(urls: Iterable[str]) -> Reply:
    """A sitemap of sitemaps."""
    return Reply(_xml("sitemapindex", "sitemap", urls), XML)


def _xml(root: str, entry: str, urls: Iterable[str]) -> bytes:
    entries = "".join(f"<{entry}><loc>{escape(url)}</loc></{entry}>\n" for url in urls)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{SPACE}">\n{entries}</{root}>\n'.encode()
