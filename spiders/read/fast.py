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
from spiders.read.clues import HEADLINES, words
from spiders.read.consensus import Verdict
from spiders.read.document import Document, Html, PageHints, in_utf8
from spiders.read.money import Amount
from spiders.read.offer import build
from spiders.read.reading import Reading
from spiders.read.text import clean
from spiders.read.variants import amount_of

# One layer's word that is only compared with what others say on some other pages.
CONFIDENCE = 0.9
LONGEST_HEAD, LONGEST_TAG, LONGEST_TEXT = 200_000, 2000, 5000
NAMED_SHARE = 0.5
MOST_PLACES = 20
MOST_SCRIPTS = 30
NEAR = 400
# Longer numbers are written in groups.
SHORT = 3
# How far from the headline the price is looked for, in bytes.
ABOVE, BELOW = 5_000, 40_000
_INSTEAD = tuple(phrase for kind in ("gone", "blocked", "wait", "consent", "locale") for phrase in HEADLINES[kind])
# A second price stands beside the first: which of them is meant takes a closer look.
_STRUCK = re.compile(r"</?(?:del|s|strike)[\s>]")
_SPACE = r"(?:[,. \xa0\u202f'\u2019]|&nbsp;)?"
_OF_PRODUCTS = (b"roduct", b"ffer")
# As patterns these are found faster than by bytes.find.
_HEADING, _CANONICAL = re.compile(rb"<h1"), re.compile(rb"canonical")
_UNSEEN = re.compile(rb"<script\b(?:[^<]++|<(?!/script))*+|<!--(?:[^-]++|-(?!->))*+")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TAG = re.compile(r"<[^<>]*>")
_GOES_ON = re.compile(r"\d|[.,](?!00?(?!\d))\d")
_COMES_FROM = re.compile(r"\d[.,]?$")
_ZEROS = re.compile(r"[.,](?:00|-|\u2013)")
_CURRENCY = re.compile(r"[$£¥\u20a0-\u20cf]|&(?:euro|pound|yen);|[A-Z]{3}|kr|zł|Kč|Ft|lei|лв|р")
_UNPARSED = LexborHTMLParser("")
# What only a full reading chooses well; a known listing keeps what it has.
_LEFT_OUT = ("brand", "sku", "gtin", "mpn", "category", "image", "pack")


def read_fast(html: Html, url: str, at: datetime, hints: PageHints) -> list[Offer] | None:
    """The offer of a page that was fetched from `url`, as `read_page` would say it; None where anything is unusual.

    Unusual is all but one product, with one plain price in JSON-LD that stands outside of scripts as well, a known
    availability, and a title or headline that names it. To be used only where full readings say the same.
    """
    body = in_utf8(html)
    linked = list(_linked(body))
    heading = _HEADING.search(body) if linked else None
    page = _page(body, url, hints, heading.start()) if heading else None
    reading = _single(jsonld.readings_of(linked, page)) if page else None
    if (
        heading is None
        or page is None
        or reading is None
        or not _is_about(reading, _element(body, "title", body.find(b"<title", 0, LONGEST_HEAD)), page)
    ):
        return None
    amount = amount_of(reading, page)
    if amount is None or not amount.currency or not _is_shown(amount, body, heading.start()):
        return None
    left_out: dict[str, Any] = dict.fromkeys(_LEFT_OUT, "")
    told = replace(reading, **left_out)
    offer = build(Verdict(told, amount, confidence=CONFIDENCE), page, at)
    return [offer] if offer.status is Status.GOOD and offer.price else None


def _linked(body: bytes) -> Iterator[str]:
    """The JSON-LD scripts of a page that may speak of a product, as far as they end and stand in no comment."""
    end, commented = 0, False
    for at in _places_of(b"ld+json", body)[:MOST_SCRIPTS]:
        if at < end:
            continue
        opened = body.rfind(b"<!--", end, at)
        if opened >= 0 or commented:
            closed = body.find(b"-->", max(opened, end), at)
            commented = closed < 0
        start, inner = body.rfind(b"<script", end, at), body.find(b">", at) + 1
        last = body.find(b"</script", inner) if inner else -1
        is_script = last >= 0 and start >= 0 and b">" not in body[start:at] and not commented
        if is_script and any(word in (text := body[inner:last]) for word in _OF_PRODUCTS):
            yield text.decode(errors="replace")
        end = max(last, at)


def _places_of(sought: bytes, body: bytes) -> list[int]:
    """Where something stands, first things first; Python finds from the end in half the time."""
    found, at = [], len(body)
    while (at := body.rfind(sought, 0, at)) >= 0:
        found.append(at)
    return found[::-1]


def _page(body: bytes, url: str, hints: PageHints, heading: int) -> Document:
    """The page without its tree."""
    canonical = next((tag["href"] for tag in _links(body, heading) if tag.get("rel", "").lower() == "canonical"), "")
    language = _attributes(_tag(body, body.find(b"<html", 0, LONGEST_HEAD))).get("lang", "")
    own = listing_url(url)
    return Document(
        _UNPARSED,
        own,
        own_url(canonical, url) or own,
        page_hash(body),
        hints,
        hints.locale(language[:20]),
        _element(body, "h1", heading),
        scripts=(),
        metas=(),
        inline=(),
        scopes=(),
        typed=(),
        body=body,
    )


def _links(body: bytes, heading: int) -> Iterator[dict[str, str]]:
    """The links before the headline that speak of a canonical address."""
    for found in _CANONICAL.finditer(body, 0, min(heading, LONGEST_HEAD)):
        at = found.start()
        tag = _attributes(_tag(body, body.rfind(b"<link", max(at - LONGEST_TAG, 0), at)))
        if "href" in tag:
            yield tag


def _tag(body: bytes, start: int) -> str:
    """An opening tag that begins at `start`, or ""."""
    end = body.find(b">", start, start + LONGEST_TAG) if start >= 0 else -1
    return body[start:end].decode(errors="replace") if end >= 0 else ""


def _attributes(tag: str) -> dict[str, str]:
    """The attributes of an opening tag, the first of each name."""
    found = reversed(_ATTRIBUTE.findall(tag))
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in found}


def _element(body: bytes, tag: str, start: int) -> str:
    """The text of the element of a kind that begins at `start`, or ""."""
    end = body.find(f"</{tag}".encode(), start, start + LONGEST_TEXT) if start >= 0 else -1
    return clean(unescape(_TAG.sub(" ", body[start:end].decode(errors="replace")))) if end >= 0 else ""


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
    return named and not any(map(top.__contains__, _INSTEAD))


def _is_shown(amount: Amount, body: bytes, heading: int) -> bool:
    """Whether the price stands near the headline as people write it, like 1.299,50 or 1299.50 €, and alone."""
    part = body[max(heading - ABOVE, 0) : heading + BELOW]
    # A script that began before the part ends in it.
    end = part.find(b"</script")
    begun_before = end >= 0 and part.find(b"<script", 0, end) < 0
    text = _UNSEEN.sub(b" ", part[end if begun_before else 0 :]).decode(errors="replace")
    places = list(islice(_places(amount, text), MOST_PLACES))
    return bool(places) and not any(_STRUCK.search(text, max(at - NEAR, 0), at + NEAR) for at in places)


def _places(amount: Amount, text: str) -> Iterator[int]:
    """Where the amount stands as a number of its own; a whole one only beside a currency or with zeros."""
    whole, _, part = f"{amount.amount:f}".partition(".")
    cents = part.rstrip("0") and part.ljust(2, "0")
    for start, end in _numbers(whole, cents, text):
        before, after = text[max(start - 10, 0) : start], text[end : end + 12]
        priced = cents or _ZEROS.match(after) or _CURRENCY.search(before) or _CURRENCY.search(after)
        if priced and not _GOES_ON.match(after) and not _COMES_FROM.search(before):
            yield start


def _numbers(whole: str, cents: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the digits stand with any separators: long numbers by a pattern, short ones without making one."""
    if len(whole) > SHORT:
        pattern = _SPACE.join(f"{int(whole):,}".split(",")) + (f"[.,]{cents}" if cents else "")
        yield from (found.span() for found in re.finditer(pattern, text))
        return
    for form in (f"{whole}.{cents}", f"{whole},{cents}") if cents else (whole,):
        at = text.find(form)
        while at >= 0:
            yield at, at + len(form)
            at = text.find(form, at + 1)
