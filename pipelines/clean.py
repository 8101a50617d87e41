"""Normalise an offer once, at the door: spaces, GTIN, a regular price that is none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pricevane.model import Offer, PriceKind, gtin14

TEXTS = ("name", "brand", "mpn", "sku", "seller", "category")
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def one_line(text: str) -> str:
    """Text without control characters, zero-width and direction marks; runs of spaces become one."""
    return " ".join(UNSAFE.sub(" ", text).split())


def clean(offer: Offer) -> Offer:
    """The same offer with tidy texts, a 14-digit GTIN or none, and a regular price only if higher."""
    regular, price = offer.regular_price, offer.price
    if regular and (not price or regular.currency != price.currency or regular.amount <= price.amount):
        regular = None
    kind = offer.kind
    if kind in (PriceKind.STANDARD, PriceKind.SALE):
        kind = PriceKind.SALE if regular else PriceKind.STANDARD
    texts: dict[str, Any] = {name: one_line(getattr(offer, name)) for name in TEXTS}
    return replace(offer, **texts, gtin=gtin14(offer.gtin), regular_price=regular, kind=kind)


class CleanPipeline:
    """First step."""

    def process_item(self, item: Offer) -> Offer:
        return clean(item)
