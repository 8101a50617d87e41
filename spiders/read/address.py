"""Which address a listing is known by: canonical, on the page's own host, without tracking."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from pricevane.model import DEFAULT_PORTS, Origin
from spiders.read.text import http_url

_TRACKING = re.compile(
    r"utm_\w+|gclid|gbraid|wbraid|dclid|gclsrc|fbclid|msclkid|yclid|ttclid|twclid|igshid|li_fat_id|mc_[ce]id|_ga|_gl"
    r"|s?rsltid|awc|irclickid|epik|mkt_tok|_hs(?:enc|mi)|vero_id|pk_\w+|mtm_\w+|matomo_\w+|_branch_match_id",
    re.IGNORECASE,
)


# Addresses that canonical form leaves as they are.
_PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?/(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?", re.ASCII)


def listing_url(url: str) -> str:
    """The address in canonical form, without fragment and tracking parameters."""
    if _PLAIN.fullmatch(url):
        return url
    parts = urlsplit(url)
    if parts.query:
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        kept = urlencode([pair for pair in pairs if not _TRACKING.fullmatch(pair[0])])
        url = urlunsplit(parts._replace(query=kept))
    return canonicalize_url(url, keep_blank_values=True, keep_fragments=False)


def own_url(found: str, page_url: str) -> str:
    """`found` as a listing's address if it is on the page's host and port, else an empty string.

    The address keeps the page's own scheme.
    """
    if found == page_url and _PLAIN.fullmatch(found):
        return found
    absolute = http_url(found, page_url) if found.strip() else ""
    if not absolute or _place(absolute) != _place(page_url):
        return ""
    page = urlsplit(page_url)
    return listing_url(urlunsplit(urlsplit(absolute)._replace(scheme=page.scheme, netloc=page.netloc)))


def _place(url: str) -> tuple[str, int]:
    """Host and port; the default ports are one, for pages on https often call themselves http."""
    origin = Origin.of(url)
    return origin.host, 0 if origin.port in DEFAULT_PORTS.values() else origin.port


def key(url: str) -> str:
    """Path and query: the part of a listing's address that is unique within its site."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
