"""Normalise an offer once, at the door: spaces, GTIN, currency, a regular price that is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.bound import coded, one_line, terms
from pricevane.model import Condition, Money, Offer, PriceKind, gtin14

TEXTS = ("name", "brand", "mpn", "sku", "seller", "category", "image")
PREOWNED = (Condition.USED, Condition.REFURBISHED)
PLAIN = (PriceKind.STANDARD, PriceKind.SALE, PriceKind.EX_TAX)


def clean(offer: Offer) -> Offer:
    """The same offer with tidy texts, a public 14-digit GTIN or none, a regular price only if higher, sound terms."""
    price, regular = coded(offer.price), coded(offer.regular_price)
    if not (price and regular and _is_above(regular, price)):
        regular = None
    texts: dict[str, Any] = {name: one_line(getattr(offer, name)) for name in TEXTS}
    proof = replace(offer.evidence, raw=one_line(offer.evidence.raw), path=one_line(offer.evidence.path))
    return replace(
        offer,
        **texts,
        **terms(offer, price),
        gtin=gtin14(offer.gtin, public=True),
        price=price,
        regular_price=regular,
        kind=_kind(offer, regular),
        evidence=proof,
    )


def _kind(offer: Offer, regular: Money | None) -> PriceKind:
    """The kind that the regular price and the state of the goods make of a plain price."""
    if offer.condition in PREOWNED and offer.kind in PLAIN:
        return PriceKind.USED
    if offer.kind in (PriceKind.STANDARD, PriceKind.SALE):
        return PriceKind.SALE if regular else PriceKind.STANDARD
    return offer.kind


def _is_above(regular: Money, price: Money) -> bool:
    finite = regular.amount.is_finite() and price.amount.is_finite()
    return finite and regular.currency == price.currency and regular.amount > price.amount


class CleanPipeline:
    """First step."""

    def process_item(self, item: Offer) -> Offer:
        return clean(item)
