"""A page parsed once, with what every layer asks of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser
from w3lib.encoding import html_to_unicode

from spiders.read.address import listing_url, own_url
from spiders.read.text import clean

# The parser's time grows with the square of the depth of block elements: ordinary pages nest below 300.
MAX_DEPTH = 3000
_SUSPICIOUS_TAGS = 15_000
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.IGNORECASE)
_UNNESTED = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "option",
        "dt",
        "dd",
        "path",
        "use",
    ]
)


@dataclass(frozen=True, slots=True)
class PageHints:
    """What is known of a shop before its page is read; what the page itself says goes first.

    `region` is ISO 3166 (`AT`), `currency` ISO 4217, `language` a locale (`de`, `de-AT`); `tax_included`
    says whether the shop's prices include VAT.
    """

    region: str = ""
    currency: str = ""
    language: str = ""
    tax_included: bool = True

    def locale(self, page_language: str) -> str:
        """The locale to read numbers and symbols in; a language without a territory gets the shop's."""
        language = (self.language or page_language).replace("-", "_")
        return f"{language}_{self.region.upper()}" if language and self.region and "_" not in language else language


class TooDeep(ValueError):
    """A page nests its elements so deeply that it can only be meant to harm its reader."""


@dataclass(frozen=True, slots=True)
class Document:
    """The tree of one page; `url` is where it was fetched, `address` the listing it stands for."""

    tree: LexborHTMLParser
    url: str
    address: str
    page_hash: str
    hints: PageHints
    language: str
    headline: str

    @classmethod
    def parse(cls, html: str | bytes, url: str, hints: PageHints) -> Document:
        """Parse a page that was fetched from `url`; raises TooDeep for a nesting bomb."""
        body = html if isinstance(html, bytes) else html.encode(errors="replace")
        text = html if isinstance(html, str) else html_to_unicode(None, html)[1]
        refuse_bomb(text)
        tree = LexborHTMLParser(text)
        link, root, headline = tree.css_first("link[rel=canonical i]"), tree.css_first("html"), tree.css_first("h1")
        canonical = (link.attributes.get("href") if link else "") or ""
        return cls(
            tree,
            url,
            own_url(canonical, url) or listing_url(url),
            hashlib.sha256(body).hexdigest()[:32],
            hints,
            hints.locale(((root.attributes.get("lang") if root else "") or "")[:20]),
            clean(headline.text()) if headline else "",
        )

    def is_here(self, found: str) -> bool:
        """Whether an address found on the page is the page's own."""
        own = own_url(found, self.url)
        return bool(own) and own in {self.address, listing_url(self.url)}


def refuse_bomb(text: str) -> None:
    """Raise TooDeep where open elements pile up beyond any real page."""
    if text.count("<") < _SUSPICIOUS_TAGS:
        return
    depth = 0
    for closing, tag in _TAG.findall(text):
        if tag.lower() not in _UNNESTED:
            depth = max(depth - 1, 0) if closing else depth + 1
            if depth > MAX_DEPTH:
                raise TooDeep(f"elements nest deeper than {MAX_DEPTH}: the page is not read")
