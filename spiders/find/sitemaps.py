"""Reads sitemaps and sitemap indexes, packed, broken or hostile, and picks those that list products."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from xml.sax.saxutils import unescape

from lxml import etree

LARGEST = 50 * 1024 * 1024
MOST = 100_000
LONGEST = 2083
MOST_TWINS = 200
GZIP = b"\x1f\x8b\x08"
# Where shops keep their sitemap when robots.txt names none, the likeliest first; no answer counts as a failure.
USUAL = (
    *("/sitemap.xml", "/sitemap_index.xml", "/sitemap-index.xml", "/wp-sitemap.xml", "/sitemap_products_1.xml"),
    *("/sitemap/sitemap.xml", "/sitemap.xml.gz", "/sitemaps/sitemap.xml", "/sitemap.txt"),
)
PRODUCTS = re.compile(r"prod|item|artikel|goods|sku|pdp", re.IGNORECASE)
OTHERS = re.compile(
    r"blog|news|post|image|video|author|tag|store-?locat|cms|faq|help|_cat|categor|kategor|collection|brand|manufact",
    re.IGNORECASE,
)
_PIECE = 256 * 1024
# Of a list without markup; as text, cut into lines, it takes several times its length of memory.
_MOST_PIECES = 32
_HEAD = 8 * 1024
LONGEST_TAG = 1024 * 1024
_LONE_AMPERSAND = re.compile(rb"&(?!#?\w{1,10};)")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_OTHER_CHARSET = re.compile(rb"""<\?xml[^>]{0,80}encoding\s*=\s*["'](?!utf-?8)""", re.IGNORECASE)
_ASIDE = re.compile(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_ROOT = re.compile(rb"\s*<(?:[\w-]+:)?(urlset|sitemapindex)\b", re.IGNORECASE)
_TORN = re.compile(r"[\s\ufffd]")
_LOC = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<>\s]{1,2083})\s*(?:\]\]>)?\s*</loc>")
_ENTITY = re.compile(r"&\w+;")
_ENTRIES = ("{*}url", "{*}sitemap")


class UnreadableSitemap(ValueError):
    """The file is neither a sitemap nor a list of addresses: a page, another XML, or broken from its start."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One address in a sitemap; `changed_at` is its lastmod in UTC, `twins` its language copies by hreflang."""

    url: str
    changed_at: datetime | None = None
    twins: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What a sitemap names: further sitemaps, or pages; `is_cut` says that more stood there than could be read."""

    sitemaps: tuple[Entry, ...] = ()
    pages: tuple[Entry, ...] = ()
    is_cut: bool = False


def read_sitemap(body: bytes) -> Listed:
    """The addresses in a sitemap (sitemaps.org 0.9: XML, plain text, or either in gzip); at most MOST.

    Of a broken file the entries that can be read are kept; entities are never resolved. Raises UnreadableSitemap.
    """
    pieces = pieces_of(body)
    first = next(pieces, b"").lstrip(b"\xef\xbb\xbf \t\r\n")
    if not first.startswith(b"<"):
        return _lines(first, pieces)
    if not _ROOT.match(_ASIDE.sub(b"", first[:_HEAD])):
        raise UnreadableSitemap("the sitemap is a page or another XML")
    listed, said = _listed(_mended(first, pieces))
    missing = said > len(listed.pages) + len(listed.sitemaps)
    return _completed(listed, _mended(b"", pieces_of(body))) if missing and not listed.is_cut else listed


def worth_reading(sitemaps: Sequence[Entry]) -> list[Entry]:
    """Those sitemaps of an index that are named after products; else all but those named after something else."""
    rest = [one for one in sitemaps if not OTHERS.search(one.url)]
    return [one for one in rest if PRODUCTS.search(one.url)] or rest or list(sitemaps)


def pieces_of(body: bytes) -> Iterator[bytes]:
    """A file in pieces, unpacked where it is packed."""
    if body.startswith(GZIP):
        return _unpacked(body)
    return (body[at : at + _PIECE] for at in range(0, len(body), _PIECE))


def _unpacked(body: bytes) -> Iterator[bytes]:
    """The unpacked file in pieces, as far as it is sound and up to LARGEST bytes."""
    unpacker = zlib.decompressobj(wbits=31)
    rest, total = body, 0
    with suppress(zlib.error):
        while rest and total < LARGEST and not unpacker.eof:
            piece = unpacker.decompress(rest, _PIECE)
            rest, total = unpacker.unconsumed_tail, total + len(piece)
            yield piece


def _lines(first: bytes, pieces: Iterator[bytes]) -> Listed:
    text = b"".join([first, *islice(pieces, _MOST_PIECES)]).decode("utf-8", "replace")
    urls = [line for line in text.split() if line.startswith(("http://", "https://")) and len(line) <= LONGEST]
    if not urls and text.strip():
        raise UnreadableSitemap("the sitemap is neither XML nor a list of addresses")
    return Listed(pages=tuple(Entry(url) for url in urls[:MOST]), is_cut=len(urls) > MOST)


def _listed(pieces: Iterator[bytes]) -> tuple[Listed, int]:
    """The entries of an XML sitemap, read in pieces so that memory stays small, and how many seem to stand there."""
    parser = etree.XMLPullParser(
        ("end",), tag=_ENTRIES, recover=True, resolve_entities=False, no_network=True, load_dtd=False
    )
    found: dict[str, list[Entry]] = {"url": [], "sitemap": []}
    said = 0
    for piece in pieces:
        said += piece.count(b"<loc>")
        with suppress(etree.XMLSyntaxError):
            parser.feed(piece)
        for _, node in parser.read_events():
            found[etree.QName(node).localname] += _entry(node)
        if len(found["url"]) + len(found["sitemap"]) >= MOST:
            break
    pages, sitemaps = found["url"], found["sitemap"]
    return Listed(tuple(sitemaps[:MOST]), tuple(pages[:MOST]), len(pages) + len(sitemaps) >= MOST), said


def _completed(listed: Listed, pieces: Iterator[bytes]) -> Listed:
    """The same with the addresses that stand behind tags which closed the list too early, as plain text tells them."""
    known = dict.fromkeys(entry.url for entry in (*listed.pages, *listed.sitemaps))
    for piece in pieces:
        for found in _LOC.findall(piece):
            url = unescape(found.decode("utf-8", "replace"))
            if len(known) < MOST and len(url) <= LONGEST and not _TORN.search(url) and not _ENTITY.search(url):
                known.setdefault(url)
    more = tuple(Entry(url) for url in list(known)[len(listed.pages) + len(listed.sitemaps) :])
    if listed.sitemaps:
        return replace(listed, sitemaps=listed.sitemaps + more)
    return replace(listed, pages=listed.pages + more)


def _mended(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, each cut at the end of a tag and sound: recovery would tear addresses at a lone ampersand."""
    is_utf8 = not _OTHER_CHARSET.match(first)
    held = first
    for piece in pieces:
        whole, bracket, rest = held.rpartition(b">")
        if bracket:
            yield _sound(whole + bracket, is_utf8)
        held = rest + piece if bracket else held + piece
        if len(held) > LONGEST_TAG:
            return
    yield _sound(held, is_utf8)


def _sound(piece: bytes, is_utf8: bool) -> bytes:
    """What XML does not allow, replaced so that the address around it is dropped and not another one."""
    text = piece.decode("utf-8", "replace").encode() if is_utf8 else piece
    return _CONTROL.sub(b" ", _LONE_AMPERSAND.sub(b"&amp;", text))


def _entry(node: Any) -> list[Entry]:
    """The entry as a list of one, or none where its address is missing or torn; frees what was read."""
    texts: dict[str, str] = {}
    twins = []
    for child in node.iterchildren("{*}loc", "{*}lastmod", "{*}link"):
        name = etree.QName(child).localname
        if name == "link" and child.get("hreflang"):
            twins.append((child.get("hreflang").lower(), child.get("href", "").strip()))
        elif not len(child):
            texts.setdefault(name, (child.text or "").strip())
    node.clear()
    while (before := node.getprevious()) is not None:
        before.getparent().remove(before)
    url = texts.get("loc", "")
    if not url or len(url) > LONGEST or _TORN.search(url):
        return []
    return [Entry(url, instant(texts.get("lastmod", "")), tuple(twins[:MOST_TWINS]))]


def instant(text: str) -> datetime | None:
    """A W3C date or date with time as UTC; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
