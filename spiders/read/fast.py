"""The fast path: what JSON-LD alone says of a page of a well-known type, without parsing the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html import unescape
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from pricevane.model import Availability, Offer, PriceKind, Status, page_hash
from spiders.read import jsonld, states
from spiders.read.address import listing_url, own_url
from spiders.read.clues import HEADLINES, first, words
from spiders.read.consensus import Verdict
from spiders.read.document import Document, PageHints, in_utf8
from spiders.read.fields import choose
from spiders.read.money import Amount
from spiders.read.offer import build
from spiders.read.reading import Reading
from spiders.read.specs import Specs
from spiders.read.text import clean
from spiders.read.variants import amount_of

# One layer's word that is only compared with what others say on some other pages.
CONFIDENCE = 0.9
LONGEST_HEAD = 200_000
NAMED_SHARE = 0.5
MOST_PLACES = 20
NEAR = 400
_INSTEAD = ("gone", "blocked", "wait", "consent", "locale")
# A second price stands beside the first: which of them is meant takes a closer look.
_STRUCK = re.compile(rb"</?(?:del|s|strike)[\s>]")
_SPACES = ("", ",", ".", " ", "\xa0", "\u202f", "&nbsp;", "'", "\u2019")
_LINK = re.compile(r"<link\s[^>]{0,2000}>")
_HTML = re.compile(r"<html\s[^>]{0,2000}>")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TAG = re.compile(r"<[^<>]*>")
_GOES_ON = re.compile(r"\d|[.,](?!00?(?!\d))\d")
_COMES_FROM = re.compile(r"\d[.,]?$")
_ZEROS = re.compile(r"[.,](?:00|-|\u2013)")
_CURRENCY = re.compile(r"[$£¥\u20a0-\u20cf]|&(?:euro|pound|yen);|[A-Z]{3}|kr|zł|Kč|Ft|lei|лв|р")
_UNPARSED = LexborHTMLParser("")
_IDENTITY = ("brand", "sku", "gtin", "mpn")


def read_fast(html: str | bytes, url: str, at: datetime, hints: PageHints) -> list[Offer] | None:
    """The offer of a page that was fetched from `url`, as `read_page` would say it; None where anything is unusual.

    Unusual is all but one product, with one plain price in JSON-LD that stands outside of scripts as well, a known
    availability, and a title or headline that names it. To be used only where full readings say the same.
    """
    body = in_utf8(html)
    cut = None if b"<SCRIPT" in body else _cut(body)
    if cut is None:
        return None
    shown, linked = cut
    page = _page(body, shown, url, hints)
    reading = _single(jsonld.readings_of(linked, page)) if page else None
    if page is None or reading is None or not _is_about(reading, _element(shown, "title"), page):
        return None
    amount = amount_of(reading, page)
    if amount is None or not amount.currency or not _is_shown(amount, shown):
        return None
    offer = build(Verdict(_identified(reading, page), amount, confidence=CONFIDENCE), page, at)
    return [offer] if offer.status is Status.GOOD and offer.price else None


def _cut(body: bytes) -> tuple[bytes, list[str]] | None:
    """The page without scripts and comments, and its JSON-LD; None without any, or where something does not end."""
    shown: list[bytes] = []
    linked: list[str] = []
    at, script, comment = 0, body.find(b"<script"), body.find(b"<!--")
    while script >= 0 or comment >= 0:
        is_script = script >= 0 and (comment < 0 or script < comment)
        start = script if is_script else comment
        inner = body.find(b">", start) + 1 if is_script else start + 2
        end = body.find(b"</script" if is_script else b"-->", inner) if inner else -1
        if end < 0:
            return None
        shown.append(body[at:start])
        if is_script and b"ld+json" in body[start:inner].lower():
            linked.append(body[inner:end].decode(errors="replace"))
        at = end + len("</script>" if is_script else "-->")
        script = body.find(b"<script", at) if 0 <= script < at else script
        comment = body.find(b"<!--", at) if 0 <= comment < at else comment
    return (b"".join([*shown, body[at:]]), linked) if linked else None


def _page(body: bytes, shown: bytes, url: str, hints: PageHints) -> Document | None:
    """The page without its tree; None where its canonical address stands where it is not expected."""
    end = shown.find(b"<body")
    head = shown[: end if 0 <= end < LONGEST_HEAD else LONGEST_HEAD].decode(errors="replace")
    canonical = next((tag["href"] for tag in _links(head) if tag.get("rel", "").lower() == "canonical"), "")
    if not canonical and b"canonical" in shown:
        return None
    opening = _HTML.search(head)
    language = _attributes(opening.group()).get("lang", "") if opening else ""
    own = listing_url(url)
    return Document(
        _UNPARSED,
        own,
        own_url(canonical, url) or own,
        page_hash(body),
        hints,
        hints.locale(language[:20]),
        _element(shown, "h1"),
        scripts=(),
        metas=(),
        inline=(),
        body=body,
    )


def _links(head: str) -> Iterator[dict[str, str]]:
    return (tag for found in _LINK.finditer(head) if "href" in (tag := _attributes(found.group())))


def _attributes(tag: str) -> dict[str, str]:
    """The attributes of an opening tag, the first of each name."""
    found = reversed(_ATTRIBUTE.findall(tag))
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in found}


def _element(shown: bytes, tag: str) -> str:
    """The text of the first element of a kind, or ""."""
    start = shown.find(f"<{tag}".encode())
    end = shown.find(f"</{tag}".encode(), start) if start >= 0 else -1
    return clean(unescape(_TAG.sub(" ", shown[start:end][:5000].decode(errors="replace")))) if end >= 0 else ""


def _single(readings: list[Reading]) -> Reading | None:
    """The one reading of a plain price in stock or out of it, if there is no other."""
    if len(readings) != 1:
        return None
    one = readings[0]
    plain = one.price and one.currency and one.kind is PriceKind.STANDARD and not one.doubts and not one.variant
    known = plain and states.availability(clean(one.availability)) is not Availability.UNKNOWN
    return one if known else None


def _is_about(reading: Reading, title: str, page: Document) -> bool:
    """Whether title or headline name the product, and neither says that something else stands in its place."""
    top, name = words(f"{title}|{page.headline}"), words(reading.name[:300]).split()[:30]
    named = bool(name) and sum(f" {word} " in top for word in name) >= NAMED_SHARE * len(name)
    return named and not any(first(top, HEADLINES[kind]) for kind in _INSTEAD)


def _is_shown(amount: Amount, shown: bytes) -> bool:
    """Whether the price stands outside of scripts as people write it, like 1.299,50 or 1299.50 €, and alone."""
    whole, _, part = f"{amount.amount:f}".partition(".")
    cents = part.rstrip("0") and part.ljust(2, "0")
    heads = {f"{int(whole):,}".replace(",", space) for space in _SPACES}
    tails = (f".{cents}", f",{cents}") if cents else ("",)
    numbers = [(head + tail).encode() for head in heads for tail in tails]
    places = [at for number in numbers for at in islice(_places(number, shown, not cents), MOST_PLACES)]
    return bool(places) and not any(_STRUCK.search(shown, max(at - NEAR, 0), at + NEAR) for at in places)


def _places(number: bytes, shown: bytes, is_whole: bool) -> Iterator[int]:
    """Where the number stands as a number of its own; a whole one only beside a currency or with zeros."""
    at = shown.find(number)
    while at >= 0:
        end = at + len(number)
        before, after = (part.decode(errors="replace") for part in (shown[max(at - 10, 0) : at], shown[end : end + 12]))
        is_price = not is_whole or _ZEROS.match(after) or _CURRENCY.search(before) or _CURRENCY.search(after)
        if is_price and not _GOES_ON.match(after) and not _COMES_FROM.search(before):
            yield at
        at = shown.find(number, end)


def _identified(reading: Reading, page: Document) -> Reading:
    """The reading with its codes and brand chosen as a full reading chooses them."""
    chosen: dict[str, Any] = {field: choose(field, [reading], Specs(), page)[0] for field in _IDENTITY}
    return replace(reading, **chosen)
