"""Normalise an offer once, at the door: spaces, GTIN, currency, a regular price that is none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pricevane.model import Money, Offer, PriceKind, gtin14

TEXTS = ("name", "brand", "mpn", "sku", "seller", "category", "image")
# Control and direction marks, zero-width characters, and half characters that no database takes.
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
CURRENCY = re.compile("[A-Z]{3}")


def one_line(text: str) -> str:
    """Text without control characters, zero-width and direction marks; runs of spaces become one."""
    return " ".join(UNSAFE.sub(" ", text).split())


def clean(offer: Offer) -> Offer:
    """The same offer with tidy texts, a 14-digit GTIN or none, and a regular price only if higher."""
    price, regular = _coded(offer.price), _coded(offer.regular_price)
    if not (price and regular and _is_above(regular, price)):
        regular = None
    kind = offer.kind
    if kind in (PriceKind.STANDARD, PriceKind.SALE):
        kind = PriceKind.SALE if regular else PriceKind.STANDARD
    texts: dict[str, Any] = {name: one_line(getattr(offer, name)) for name in TEXTS}
    proof = replace(offer.evidence, raw=one_line(offer.evidence.raw), path=one_line(offer.evidence.path))
    return replace(
        offer,
        **texts,
        gtin=gtin14(offer.gtin),
        price=price,
        regular_price=regular,
        kind=kind,
        evidence=proof,
    )


def _coded(money: Money | None) -> Money | None:
    """The amount with a currency in capitals, or with none if it is no code."""
    if money is None:
        return None
    code = money.currency.strip().upper()
    return Money(money.amount, code if CURRENCY.fullmatch(code) else "")


def _is_above(regular: Money, price: Money) -> bool:
    finite = regular.amount.is_finite() and price.amount.is_finite()
    return finite and regular.currency == price.currency and regular.amount > price.amount


class CleanPipeline:
    """First step."""

    def process_item(self, item: Offer) -> Offer:
        return clean(item)
