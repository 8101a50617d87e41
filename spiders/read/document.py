"""A page parsed once, with what every layer asks of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, LexborNode
from w3lib.encoding import html_body_declared_encoding, html_to_unicode, read_bom

from pricevane.model import page_hash
from spiders.read.address import listing_url, own_url
from spiders.read.crowds import crowded
from spiders.read.text import clean

# The parser's time grows with the square of the depth of block elements: ordinary pages nest below 300.
MAX_DEPTH = 3000
# Its memory grows by 250 bytes a tag: 40 MB for so many. The longest lists of real shops have a third of them.
MOST_TAGS = 150_000
_SUSPICIOUS_TAGS = 15_000
_PART = 16_384
# One query for all layers: each walks the whole tree.
_ASKED = 'html, h1, link[rel="canonical" i], meta[content], script'
# Elements that never hold others, or whose next sibling closes them.
_UNNESTED = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|td|th|tr|option|dt|dd|path|use"
_NESTING = re.compile(rf"<(/?)(?!(?:{_UNNESTED})\b)[a-z]".encode(), re.IGNORECASE)


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

    `scripts` hold JSON-LD, `metas` have content, `inline` are the other scripts without a source, `body` is the page
    in UTF-8 for cheap first looks.
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
    body: bytes

    @cached_property
    def source(self) -> str:
        """The page as text, decoded when first asked for."""
        return self.body.decode(errors="replace")

    @classmethod
    def parse(cls, html: str | bytes, url: str, hints: PageHints) -> Document:
        """Parse a page that was fetched from `url`; raises TooDeep for a nesting bomb."""
        body = in_utf8(html)
        tags = body.count(b"<")
        _refuse_depth(body, tags)
        if reason := crowded(body, tags):
            raise TooDeep(f"{reason}: the page is not read")
        tree = LexborHTMLParser(bytes(body))
        address = listing_url(url)
        nodes: dict[str, list[LexborNode]] = {}
        for node in tree.css(_ASKED):
            nodes.setdefault(_sort(node), []).append(node)
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
            body,
        )

    def is_here(self, found: str) -> bool:
        """Whether an address found on the page is the page's own."""
        own = own_url(found, self.url)
        return bool(own) and own in {self.address, self.url}


class Utf8(bytes):
    """A page in UTF-8, whatever it says of its encoding."""


def in_utf8(body: str | bytes) -> Utf8:
    """The page in UTF-8; the parser itself replaces what is not valid in it."""
    if isinstance(body, Utf8):
        return body
    if isinstance(body, str):
        return Utf8(body, "utf-8", "replace")
    mark, bom = read_bom(body)
    if bom and mark == "utf-8":
        return Utf8(body[len(bom) :])
    if bom is None and html_body_declared_encoding(body) == "utf-8":
        return Utf8(body)
    try:
        return Utf8(html_to_unicode(None, body)[1], "utf-8", "replace")
    except (LookupError, UnicodeError):
        # Python knows encodings that are none of texts: base64, zip, idna.
        return Utf8(body)


def _attribute(nodes: list[LexborNode] | None, name: str) -> str:
    return (nodes[0].attributes.get(name) or "") if nodes else ""


def _sort(node: LexborNode) -> str:
    """The tag, but `ld+json` for a script with linked data and nothing for one that lies elsewhere."""
    if node.tag != "script":
        return node.tag or ""
    attributes = node.attributes
    if "ld+json" in (attributes.get("type") or "").lower():
        return "ld+json"
    return "" if "src" in attributes else "script"


def refuse_bomb(html: str | bytes) -> None:
    """Raise TooDeep where elements pile up, or are more, than on any real page."""
    body = html.encode(errors="replace") if isinstance(html, str) else html
    _refuse_depth(body, body.count(b"<"))


def _refuse_depth(body: bytes, tags: int) -> None:
    if tags > MOST_TAGS:
        raise TooDeep(f"more than {MOST_TAGS} tags: the page is not read")
    if tags < _SUSPICIOUS_TAGS or not _piles_up(body):
        return
    depth = 0
    for closing in _NESTING.findall(body):
        depth = max(depth - 1, 0) if closing else depth + 1
        if depth > MAX_DEPTH:
            raise TooDeep(f"elements nest deeper than {MAX_DEPTH}: the page is not read")


def _piles_up(body: bytes) -> bool:
    """Whether anywhere so many more tags are opened than closed; a part is too short to nest that deep and back."""
    piled = 0
    for start in range(0, len(body), _PART):
        piled += body.count(b"<", start, start + _PART) - 2 * body.count(b"</", start, start + _PART)
        if piled > MAX_DEPTH:
            return True
    return False
