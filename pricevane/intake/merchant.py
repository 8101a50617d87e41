"""Our own feed for Google Merchant Center as a table: RSS 2.0 or Atom, read in a stream; no entity is ever resolved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from pricevane.intake.sheet import MOST_ROWS, BadFile, Table

_GOOGLE = "http://base.google.com/ns/1.0"
_ENTRIES = ("{*}item", "{*}entry")
_PIECE = 256 * 1024
# What may stand between two products; pages and other XML have none at all.
_LARGEST = 4 * 1024 * 1024
_MOST_FIELDS = 200
# rss > channel > item.
_DEEPEST = 2


def read_feed(source: str, body: bytes) -> Table:
    """The products of a feed, an element's name a heading; raises BadFile for another or a broken XML."""
    try:
        products = list(_products(source, body))
    except etree.XMLSyntaxError as error:
        raise BadFile(f"{source}: line {error.lineno or 1} is no XML ({error.msg}); export the feed again") from error
    headings = tuple(dict.fromkeys(name for fields in products for name in fields))
    if not headings:
        raise BadFile(f"{source} is no product feed: it has neither an item of RSS nor an entry of Atom")
    blank = dict.fromkeys(headings, "")
    rows = ((f"product {number}", {**blank, **fields}) for number, fields in enumerate(products, 1))
    return Table(source, headings, rows)


def _products(source: str, body: bytes) -> Iterator[dict[str, str]]:
    parser = etree.XMLPullParser(
        ("end",), tag=_ENTRIES, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    told_at, count, names = 0, 0, set[str]()
    for place in range(0, len(body), _PIECE):
        parser.feed(body[place : place + _PIECE])
        for _, node in parser.read_events():
            if node.getroottree().docinfo.doctype:
                raise BadFile(f"{source} is no product feed: it defines entities of its own (<!DOCTYPE>)")
            if sum(1 for _ in node.iterancestors()) > _DEEPEST:
                continue
            fields = _fields(node)
            told_at, count = place, count + 1
            names.update(fields)
            if count > MOST_ROWS or len(names) > _MOST_FIELDS:
                raise BadFile(f"{source} has more than {MOST_ROWS} products or {_MOST_FIELDS} fields; split it")
            yield fields
            _forget(node)
        if place - told_at > _LARGEST:
            raise BadFile(f"{source} is no product feed: no product in {_LARGEST // 2**20} MB of it")
    parser.close()


def _fields(node: Any) -> dict[str, str]:
    """Texts by name without prefix; Google's own go before those of RSS and Atom of the same name."""
    fields: dict[str, str] = {}
    for child in node.iterchildren("*"):
        name = etree.QName(child)
        text = (child.text or "").strip()
        if not len(child) and text and (name.namespace == _GOOGLE or name.localname not in fields):
            fields[name.localname] = text
    return fields


def _forget(node: Any) -> None:
    """Free what was read."""
    node.clear()
    while (before := node.getprevious()) is not None:
        before.getparent().remove(before)
