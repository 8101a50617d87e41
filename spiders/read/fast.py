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
# How far from the headline the price is looked for, in bytes.
ABOVE, BELOW = 5_000, 40_000
_INSTEAD = ("gone", "blocked", "wait", "consent", "locale")
# A second price stands beside the first: which of them is meant takes a closer look.
_STRUCK = re.compile(r"</?(?:del|s|strike)[\s>]")
_SPACE = r"(?:[,. \xa0\u202f'\u2019]|&nbsp;)?"
_UNSEEN = re.compile(r"<script\b.*?</script|<!--.*?-->", re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TAG = re.compile(r"<[^<>]*>")
_GOES_ON = re.compile(r"\d|[.,](?!00?(?!\d))\d")
_COMES_FROM = re.compile(r"\d[.,]?$")
_ZEROS = re.compile(r"[.,](?:00|-|\u2013)")
_CURRENCY = re.compile(r"[$£¥\u20a0-\u20cf]|&(?:euro|pound|yen);|[A-Z]{3}|kr|zł|Kč|Ft|lei|лв|р")
_UNPARSED = LexborHTMLParser("")
# What only a full reading chooses well; a known listing keeps what it has.
_LEFT_OUT = ("brand", "sku", "gtin", "mpn", "category", "image", "pack")


def read_fast(html: str | bytes, url: str, at: datetime, hints: PageHints) -> list[Offer] | None:
    """The offer of a page that was fetched from `url`, as `read_page` would say it; None where anything is unusual.

    Unusual is all but one product, with one plain price in JSON-LD that stands outside of scripts as well, a known
    availability, and a title or headline that names it. To be used only where full readings say the same.
    """
    body = in_utf8(html)
    linked = list(_linked(body))
    heading = body.find(b"<h1") if linked else -1
    page = _page(body, url, hints, heading) if heading >= 0 else None
    reading = _single(jsonld.readings_of(linked, page)) if page else None
    if (
        page is None
        or reading is None
        or not _is_about(reading, _element(body, "title", body.find(b"<title", 0, LONGEST_HEAD)), page)
    ):
        return None
    amount = amount_of(reading, page)
    if amount is None or not amount.currency or not _is_shown(amount, body, heading):
        return None
    left_out: dict[str, Any] = dict.fromkeys(_LEFT_OUT, "")
    told = replace(reading, **left_out)
    offer = build(Verdict(told, amount, confidence=CONFIDENCE), page, at)
    return [offer] if offer.status is Status.GOOD and offer.price else None


def _linked(body: bytes) -> Iterator[str]:
    """The JSON-LD scripts of a page, as far as they end and stand in no comment."""
    at = body.find(b"ld+json")
    for _ in range(MOST_SCRIPTS):
        if at < 0:
            return
        start, inner = body.rfind(b"<script", 0, at), body.find(b">", at) + 1
        end = body.find(b"</script", inner) if inner else -1
        commented = body.rfind(b"<!--", 0, at) > body.rfind(b"-->", 0, at)
        if end >= 0 and start >= 0 and b">" not in body[start:at] and not commented:
            yield body[inner:end].decode(errors="replace")
        at = body.find(b"ld+json", end if end >= 0 else at + 1)


def _page(body: bytes, url: str, hints: PageHints, heading: int) -> Document:
    """The page without its tree."""
    canonical = next((tag["href"] for tag in _links(body) if tag.get("rel", "").lower() == "canonical"), "")
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
        body=body,
    )


def _links(body: bytes) -> Iterator[dict[str, str]]:
    """The links of the head that speak of a canonical address."""
    at = body.find(b"canonical", 0, LONGEST_HEAD)
    while at >= 0:
        tag = _attributes(_tag(body, body.rfind(b"<link", max(at - LONGEST_TAG, 0), at)))
        if "href" in tag:
            yield tag
        at = body.find(b"canonical", at + 1, LONGEST_HEAD)


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
    return named and not any(first(top, HEADLINES[kind]) for kind in _INSTEAD)


def _is_shown(amount: Amount, body: bytes, heading: int) -> bool:
    """Whether the price stands near the headline as people write it, like 1.299,50 or 1299.50 €, and alone."""
    text = _UNSEEN.sub(" ", body[max(heading - ABOVE, 0) : heading + BELOW].decode(errors="replace"))
    places = list(islice(_places(amount, text), MOST_PLACES))
    return bool(places) and not any(_STRUCK.search(text, max(at - NEAR, 0), at + NEAR) for at in places)


def _places(amount: Amount, text: str) -> Iterator[int]:
    """Where the amount stands as a number of its own; a whole one only beside a currency or with zeros."""
    whole, _, part = f"{amount.amount:f}".partition(".")
    cents = part.rstrip("0") and part.ljust(2, "0")
    number = _SPACE.join(f"{int(whole):,}".split(",")) + (f"[.,]{cents}" if cents else "")
    for found in re.finditer(number, text):
        before, after = text[max(found.start() - 10, 0) : found.start()], text[found.end() : found.end() + 12]
        priced = cents or _ZEROS.match(after) or _CURRENCY.search(before) or _CURRENCY.search(after)
        if priced and not _GOES_ON.match(after) and not _COMES_FROM.search(before):
            yield found.start()
