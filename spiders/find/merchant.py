"""Feeds in the form of Google Merchant Center that the user names: RSS 2.0, Atom, or tables of text, read in a stream.

Source: Google's product data specification (support.google.com/merchants/answer/7052112).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from lxml import etree

from pricevane.model import Availability, Condition, Money, Offer
from spiders.find.feed import PLAIN, FeedPage, FeedProduct, Source, UnreadableFeed, amount
from spiders.find.sitemaps import LONGEST_TAG, pieces_of
from spiders.read.address import own_url
from spiders.read.money import Amount
from spiders.read.offer import money
from spiders.read.text import gtin

MOST = 100_000
LONGEST_FIELD, LONGEST_LINE = 20_000, 500_000
_PRICE = re.compile(r"(?:(?P<before>[A-Z]{3})\s*)?(?P<amount>\d[\d.]*)(?:\s*(?P<after>[A-Z]{3}))?", re.ASCII)
_ENTRIES = ("{*}item", "{*}entry")
_FIELDS = frozenset(
    (
        *("id", "title", "link", "price", "sale_price", "sale_price_effective_date", "availability", "condition"),
        *("gtin", "mpn", "brand", "image_link", "product_type"),
    )
)
_AVAILABILITY = {
    "in_stock": Availability.IN_STOCK,
    "out_of_stock": Availability.OUT_OF_STOCK,
    "preorder": Availability.PREORDER,
    "backorder": Availability.BACKORDER,
}
_CONDITION = {"": Condition.UNKNOWN, "new": Condition.NEW, "used": Condition.USED, "refurbished": Condition.REFURBISHED}


def products(body: bytes, page: FeedPage) -> list[FeedProduct]:
    """The products of a merchant feed, packed or not, at most MOST; those that share an address have no price.

    Broken entries are left out and the others kept; entities are never resolved. Raises UnreadableFeed.
    """
    pieces = pieces_of(body)
    first = next(pieces, b"")
    is_xml = first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    by_address: dict[str, list[Offer]] = {}
    for place, fields in enumerate((_elements if is_xml else _rows)(chain([first], pieces))):
        if place >= MOST:
            break
        if url := own_url(fields.get("link", ""), page.url):
            by_address[url] = [] if url in by_address else _offer(fields, place, url, page)
    if not by_address:
        raise UnreadableFeed("the feed names no product of this shop: an item needs a link")
    return [FeedProduct(url, namings={PLAIN: found} if found else {}) for url, found in by_address.items()]


def source(url: str) -> Source:
    """The feed at an address that the user named."""
    return Source(name=url, address=lambda number: url if number == 1 else None, read=products, where="feed")


def _elements(pieces: Iterator[bytes]) -> Iterator[dict[str, str]]:
    """The fields of each item of RSS or entry of Atom, by their names without prefix."""
    parser = etree.XMLPullParser(
        ("end",), tag=_ENTRIES, recover=True, resolve_entities=False, no_network=True, load_dtd=False
    )
    untold = 0
    for piece in pieces:
        end = piece.rfind(b">")
        untold = len(piece) - end - 1 if end >= 0 else untold + len(piece)
        if untold > LONGEST_TAG:
            return
        with suppress(etree.XMLSyntaxError):
            parser.feed(piece)
        for _, node in parser.read_events():
            fields: dict[str, str] = {}
            for child in node.iterchildren("*"):
                name = etree.QName(child).localname
                if name in _FIELDS and not len(child):
                    fields.setdefault(name, (child.text or child.get("href") or "").strip()[:LONGEST_FIELD])
            yield fields
            node.clear()
            while (before := node.getprevious()) is not None:
                before.getparent().remove(before)


def _rows(pieces: Iterator[bytes]) -> Iterator[dict[str, str]]:
    """The rows of a table with tabs, commas or semicolons, by the names in its first line."""
    file = io.TextIOWrapper(io.BufferedReader(_Pieces(pieces)), "utf-8-sig", "replace", newline="")
    lines = iter(partial(file.readline, LONGEST_LINE), "")
    head = next(lines, "")
    mark = max("\t,;", key=head.count)
    names = [_column(name) for name in next(csv.reader([head], delimiter=mark))]
    if "link" not in names:
        raise UnreadableFeed("the feed is neither XML nor a table with a column named link")
    with suppress(csv.Error):
        for row in csv.reader(lines, delimiter=mark):
            yield {name: value.strip() for name, value in zip(names, row, strict=False) if name in _FIELDS}


class _Pieces(io.RawIOBase):
    """Pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = filter(None, pieces)
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.rest = self.rest or next(self.pieces, b"")
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


def _column(name: str) -> str:
    return name.strip().lower().replace(" ", "_").removeprefix("g:")


def _offer(fields: Mapping[str, str], place: int, url: str, page: FeedPage) -> list[Offer]:
    """The offer of one entry as a list of one, or none where its price is not plain."""
    price = _money(fields.get("price", ""))
    sale = (
        _money(fields.get("sale_price", "")) if _is_on(fields.get("sale_price_effective_date", ""), page.at) else None
    )
    condition = _CONDITION.get(fields.get("condition", "").lower())
    if price is None or condition is None or (sale and sale.currency != price.currency):
        return []
    named = "sale_price" if sale else "price"
    state = fields.get("availability", "").lower().replace(" ", "_")
    offer = page.offer(
        url,
        fields[named],
        f"[{place}].{named}",
        sale or price,
        price if sale else None,
        name=fields.get("title", ""),
        brand=fields.get("brand", ""),
        mpn=fields.get("mpn", ""),
        sku=fields.get("id", ""),
        image=fields.get("image_link", ""),
        category=fields.get("product_type", ""),
        gtin=gtin(fields.get("gtin", "")),
        availability=_AVAILABILITY.get(state, Availability.UNKNOWN),
        condition=condition,
    )
    return [offer]


def _money(text: str) -> Money | None:
    """An amount like `12.50 EUR`; None for a decimal comma, grouped digits, or no currency: they are not plain."""
    found = _PRICE.fullmatch(text)
    currency = (found["before"] or found["after"] or "") if found else ""
    value = amount(found["amount"]) if found else None
    return money(Amount(value, currency, text)) if value and currency else None


def _is_on(span: str, at: datetime) -> bool:
    """Whether a sale's span of ISO 8601 instants holds `at`; a sale without one is on, one that is unclear is not."""
    if not span:
        return True
    first, _, last = span.partition("/")
    try:
        return datetime.fromisoformat(first) <= at <= datetime.fromisoformat(last)
    except (ValueError, TypeError):
        return False
