"""Reads a site's pages with what is remembered of them: skims where that is safe, else reads in full, and learns."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from pricevane.model import Examination, Offer, PageKind, Status
from spiders.memory import Memory, page_type
from spiders.read.document import Document, PageHints, TooDeep, Utf8
from spiders.read.fast import read_fast
from spiders.read.page import examined

FAST = "fast path"
# Request meta: what was seen on a page that was read while it was fetched.
READ = "examination"
# Layers of what a shopper sees, which no template writes from the same source as the structured ones.
SEEN = frozenset(["dom", "place", "selectors"])
# What may not differ between the two paths: all that is priced on. Codes and texts are left to full readings.
_SAME: tuple[str, ...] = ("url", "key", "price", "regular_price", "kind", "availability", "condition")
_SAME += ("tax_included", "seller", "unit_price", "promotion", "shipping")
_INSTEAD = frozenset([PageKind.BLOCKED, PageKind.GONE, PageKind.CONSENT, PageKind.LOCALE, PageKind.SHELL])


class PageReader:
    """Reads pages of one site; `known` are the addresses of its listings, `hints` what is known of the shop.

    Only known listings are skimmed: their codes and texts are stored already, and a fast reading names none.
    """

    def __init__(self, memory: Memory, hints: PageHints, known: Collection[str]) -> None:
        self.memory = memory
        self.hints = hints
        self.known = known

    def examine(self, page: bytes, url: str, at: datetime, selectors: Mapping[str, str]) -> Examination:
        """All that is seen on a page in UTF-8 from `url`; raises BadSelector for a site file's wrong selector."""
        began, kind, html = time.perf_counter(), page_type(url), Utf8(page)
        if url in self.known and self.memory.is_fast(kind) and (offers := read_fast(html, url, at, self.hints)):
            self._skim(kind, offers[0])
            return Examination(url, PageKind.PRODUCT, FAST, tuple(offers), (), time.perf_counter() - began)
        try:
            document = Document.parse(html, url, self.hints)
        except TooDeep as error:
            return Examination(url, PageKind.OTHER, str(error), (), ())
        seen = examined(document, url, at, selectors, self.memory.places_for(kind), began)
        agreed = _is_agreed(seen)
        skimmed = read_fast(html, url, at, self.hints) if agreed else None
        return self._learned(seen, document, kind, agreed, _is_same(seen, skimmed) if skimmed else None)

    def _skim(self, kind: str, offer: Offer) -> None:
        if offer.price:
            self.memory.skimmed(kind, offer.url, offer.price.amount)

    def _learned(self, seen: Examination, page: Document, kind: str, agreed: bool, is_same: bool | None) -> Examination:
        """Note a page that is a product's, or was one, in the memory; what a failing place may name is doubtful."""
        if not self._is_noted(seen):
            return seen
        offer = seen.offers[0] if seen.kind is PageKind.PRODUCT and seen.offers else None
        self.memory.note(kind, page, offer, agreed, is_same)
        reason = self.memory.doubt(kind)
        if not reason or seen.kind is not PageKind.PRODUCT:
            return seen
        return replace(seen, offers=tuple(one if _agrees(one) else one.doubt(reason) for one in seen.offers))

    def _is_noted(self, seen: Examination) -> bool:
        return seen.kind is PageKind.PRODUCT or (seen.kind not in _INSTEAD and seen.url in self.known)


def _agrees(offer: Offer) -> bool:
    return len(set(offer.evidence.layers)) > 1


def _is_agreed(seen: Examination) -> bool:
    """Whether at least two layers name the price of the page's own offer, which is good, and none names another."""
    if seen.kind is not PageKind.PRODUCT or not seen.offers:
        return False
    against = any(set(one.layers) - {"dom"} for one in seen.candidates if not one.chosen)
    return seen.offers[0].status is Status.GOOD and _agrees(seen.offers[0]) and not against


def _is_same(seen: Examination, skimmed: list[Offer]) -> bool:
    """Whether the fast path said just what the full reading says, and a shopper sees its price."""
    if len(seen.offers) != 1 or not SEEN & set(seen.offers[0].evidence.layers):
        return False
    offer, fast = seen.offers[0], skimmed[0]
    return all(getattr(offer, name) == getattr(fast, name) for name in _SAME)
