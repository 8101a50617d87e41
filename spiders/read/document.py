"""A page parsed once, with what every layer asks of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode
from w3lib.encoding import html_body_declared_encoding, html_to_unicode, read_bom

from pricevane.model import page_hash
from spiders.read.address import listing_url, own_url
from spiders.read.crowds import refusal
from spiders.read.text import clean
from spiders.read.tree import each

# One query for all layers: each walks the whole tree.
_SORTED, _BEGINNINGS = frozenset(["html", "h1", "link", "meta"]), ("itemscope", "typeof")
_ASKED = 'html, h1, link[rel="canonical" i], meta[content], script, [itemscope], [typeof]'


@dataclass(frozen=True, slots=True)
class PageHints:
    """What is known of a shop before its page is read; what the page itself says goes first.

    `region` is ISO 3166 (`AT`), `currency` ISO 4217, `language` a locale (`de`, `de-AT`); `tax_included`
    says whether the shop's prices include VAT, None that nobody knows.
    """

    region: str = ""
    currency: str = ""
    language: str = ""
    tax_included: bool | None = None

    def locale(self, page_language: str) -> str:
        """The locale to read numbers and symbols in; territories are the shop's, for templates copy `en-US`."""
        language = self.language.replace("-", "_") or re.split("[-_]", page_language)[0]
        return f"{language}_{self.region.upper()}" if language and self.region and "_" not in language else language


class TooDeep(ValueError):
    """A page nests or crowds its elements so much that it can only be meant to harm its reader."""


@dataclass(frozen=True)
class Document:
    """The tree of one page; `url` is where it was fetched, `address` the listing it stands for.

    `scripts` hold JSON-LD, `metas` have content, `inline` are the other scripts without a source, `scopes` and `typed`
    begin what microdata and RDFa speak of, `body` is the page in UTF-8 for cheap first looks.
    """

    tree: LexborHTMLParser
    url: str
    address: str
    page_hash: str
    hints: PageHints
    language: str
    headline: str
    scripts: tuple[LexborNode, ...]
    metas: tuple[LexborNode, ...]
    inline: tuple[LexborNode, ...]
    scopes: tuple[LexborNode, ...]
    typed: tuple[LexborNode, ...]
    body: bytes

    @classmethod
    def parse(cls, html: Html, url: str, hints: PageHints) -> Document:
        """Parse a page that was fetched from `url`; raises TooDeep for a nesting bomb."""
        body = in_utf8(html)
        if reason := refusal(body):
            raise TooDeep(f"{reason}: the page is not read")
        tree = LexborHTMLParser(body)
        address = listing_url(url)
        nodes: dict[str, list[LexborNode]] = {}
        for node in each(tree, _ASKED):
            attributes = node.attributes
            if sort := _sort(node.tag or "", attributes):
                nodes.setdefault(sort, []).append(node)
            for name in _BEGINNINGS:
                if name in attributes:
                    nodes.setdefault(name, []).append(node)
        return cls(
            tree,
            address,
            own_url(_attribute(nodes.get("link"), "href"), url) or address,
            page_hash(body),
            hints,
            hints.locale(_attribute(nodes.get("html"), "lang")[:20]),
            clean(nodes["h1"][0].text()) if "h1" in nodes else "",
            tuple(nodes.get("ld+json", ())),
            tuple(nodes.get("meta", ())),
            tuple(nodes.get("script", ())),
            tuple(nodes.get("itemscope", ())),
            tuple(nodes.get("typeof", ())),
            body,
        )

    def is_here(self, found: str) -> bool:
        """Whether an address found on the page is the page's own."""
        own = own_url(found, self.url)
        return bool(own) and own in {self.address, self.url}


@dataclass(frozen=True, slots=True)
class Utf8:
    """A page in UTF-8, whatever it says of its encoding."""

    body: bytes


Html = str | bytes | Utf8


def in_utf8(html: Html) -> bytes:
    """The page in UTF-8; the parser itself replaces what is not valid in it."""
    if isinstance(html, Utf8):
        return html.body
    if isinstance(html, str):
        return html.encode("utf-8", "replace")
    mark, bom = read_bom(html)
    if bom and mark == "utf-8":
        return html[len(bom) :]
    if bom is None and html_body_declared_encoding(html) in (None, "utf-8"):
        return html
    try:
        return html_to_unicode(None, html)[1].encode("utf-8", "replace")
    except (LookupError, UnicodeError):
        # Python knows encodings that are none of texts: base64, zip, idna.
        return html


def _attribute(nodes: list[LexborNode] | None, name: str) -> str:
    return (nodes[0].attributes.get(name) or "") if nodes else ""


def _sort(tag: str, attributes: Mapping[str, str | None]) -> str:
    """The tag, but `ld+json` for a script with linked data, and nothing for one that lies elsewhere."""
    if tag == "script":
        return "ld+json" if "ld+json" in (attributes.get("type") or "").lower() else "" if "src" in attributes else tag
    return tag if tag in _SORTED and (tag != "link" or (attributes.get("rel") or "").lower() == "canonical") else ""
