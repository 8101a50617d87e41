"""The links of a page as absolute addresses, without fragments, sessions and tracking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from selectolax.lexbor import LexborHTMLParser
from w3lib.url import safe_url_string

from spiders.read.crowds import refusal

NOISE = re.compile(
    r"(utm_\w+|gclid|fbclid|msclkid|srsltid|ref|referrer"
    r"|sid|phpsessid|jsessionid|oscsid|zenid|session_?id)(=|$)",
    re.IGNORECASE,
)
JSESSION = re.compile(r";jsessionid=[^?]*", re.IGNORECASE)
# Addresses that joining and tidying would leave as they are.
_PLAIN = re.compile(r"/(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?", re.ASCII)
MOST = 5000
# Where buttons that load more of a list keep the address of its next page.
MORE = ("data-next-url", "data-next-page-url", "data-next-href", "data-load-more-url", "data-more-url")


@dataclass(frozen=True, slots=True)
class Link:
    """An address and whether the page calls it the next page of a list."""

    url: str
    is_next: bool = False


def tidy(base: str, href: str) -> str:
    """An absolute address without fragment, session ids and tracking, or "" for what cannot be one."""
    if _PLAIN.fullmatch(href):
        return f"{base[: base.find('/', len('https://'))]}{href}" if base.count("/") > 2 else f"{base}{href}"
    try:
        url = safe_url_string(urldefrag(urljoin(base, href.strip())).url)
    except ValueError:
        return ""
    if not url.startswith(("http://", "https://")):
        return ""
    address, mark, query = JSESSION.sub("", url).partition("?")
    kept = "&".join(part for part in query.split("&") if not NOISE.match(part))
    return address + mark + kept if kept else address


def tree_of(html: str | bytes) -> LexborHTMLParser | None:
    """The tree of a page; None for one that nests or crowds its elements to harm its reader."""
    body = html.encode(errors="replace") if isinstance(html, str) else html
    return None if refusal(body) else LexborHTMLParser(body)


def links(html: str | bytes, url: str) -> list[Link]:
    """The page's links in order, each once, those marked nofollow left out; at most MOST, none of a bomb."""
    page = tree_of(html)
    if page is None:
        return []
    base_tag = page.css_first("base[href]")
    base = urljoin(url, base_tag.attributes.get("href") or "") if base_tag else url
    found: dict[str, bool] = {}
    for node in page.css("a[href], link[rel=next][href]")[:MOST]:
        rel = (node.attributes.get("rel") or "").lower().split()
        address = tidy(base, node.attributes.get("href") or "")
        if address and "nofollow" not in rel:
            found[address] = found.get(address, False) or "next" in rel
    for name in MORE:
        for node in page.css(f"[{name}]")[:MOST]:
            if address := tidy(base, node.attributes.get(name) or ""):
                found[address] = True
    return [Link(address, is_next) for address, is_next in found.items()]
