"""A verdict to the Offer that leaves this room: harmless text, exact money, and every doubt named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pricevane.model import Availability, Evidence, LostDigits, Money, Offer, PriceKind
from spiders.read import states
from spiders.read.address import key, own_url
from spiders.read.consensus import SURE, Verdict
from spiders.read.currency import iso
from spiders.read.document import Document
from spiders.read.money import Amount, thousands_or_decimals
from spiders.read.reading import Reading
from spiders.read.terms import pieces, symbol, terms
from spiders.read.text import RAW_LENGTH, clean, gtin, http_url
from spiders.read.trail import category, is_own
from spiders.read.variants import SHOWN, amount_of

GOOD_KINDS = frozenset([PriceKind.STANDARD, PriceKind.SALE])
_PRICELESS = frozenset([Availability.OUT_OF_STOCK, Availability.DISCONTINUED])


def build(verdict: Verdict, page: Document, at: datetime) -> Offer:
    """The offer of one variant, seen at `at`; doubtful where anything about its price is unclear."""
    reading = verdict.reading
    amount = verdict.amount or _gift(reading, page)
    price = money(amount)
    is_range = amount is not None and amount.kind is PriceKind.FROM
    regular = None if is_range else _regular(price, amount_of(reading, page, reading.regular_price))
    url = reading.url if _is_variant_address(reading, page) else page.address
    offer = Offer(
        url=url,
        key=key(url) + (f"#variant={clean(reading.variant, 100)}" if reading.variant else ""),
        at=at,
        evidence=_evidence(verdict, page),
        region=page.hints.region,
        name=clean(reading.name),
        brand=clean(reading.brand),
        gtin=gtin(reading.gtin),
        mpn=clean(reading.mpn),
        sku=clean(reading.sku),
        image=http_url(reading.image, page.url) if reading.image else "",
        category=category(reading.category, reading.name or page.headline, page),
        price=price,
        regular_price=regular,
        kind=_kind(reading, amount, regular, page),
        availability=verdict.availability or states.availability(clean(reading.availability)),
        stock=pieces(reading.stock) if verdict.stock is None else verdict.stock,
        condition=states.condition(clean(reading.condition)),
        tax_included=page.hints.tax_included if reading.tax_included is None else reading.tax_included,
        seller=clean(reading.seller),
        seller_is_shop=is_own(reading.seller, page) if reading.seller.strip() else None,
        currency_raw=symbol(reading, verdict.agreeing),
        confidence=verdict.confidence,
        **terms(reading, price, regular, page, at),
    )
    for reason in dict.fromkeys(_doubts(verdict, offer, page)):
        offer = offer.doubt(clean(reason))
    return offer


def money(amount: Amount | None) -> Money | None:
    """The amount as money, if it is above zero and its currency can hold it; a gift is no price."""
    if amount is None or amount.amount <= 0:
        return None
    found = Money(amount.amount, amount.currency)
    try:
        found.minor  # noqa: B018 - asks whether the currency can hold it
    except LostDigits:
        return None
    return found


def _gift(reading: Reading, page: Document) -> Amount | None:
    """What a reading without a price asks where it says that the thing is free."""
    found = amount_of(reading, page)
    return found if found and found.kind is PriceKind.FREE else None


def _is_variant_address(reading: Reading, page: Document) -> bool:
    return bool(reading.url) and not reading.variant and own_url(reading.url, page.url) == reading.url


def _regular(price: Money | None, amount: Amount | None) -> Money | None:
    """The struck-through price, if it is higher than the price and in the same currency."""
    regular = money(amount)
    if price is None or regular is None or regular.currency != price.currency or regular.amount <= price.amount:
        return None
    return regular


def _evidence(verdict: Verdict, page: Document) -> Evidence:
    reading = verdict.reading
    layers = (reading.layer, *(one.layer for one in verdict.agreeing))
    return Evidence(clean(reading.price, RAW_LENGTH), clean(reading.path, RAW_LENGTH), layers, page.page_hash)


def _kind(reading: Reading, amount: Amount | None, regular: Money | None, page: Document) -> PriceKind:
    kind = amount.kind if amount else reading.kind
    if kind is not PriceKind.STANDARD:
        return kind
    if reading.tax_included is False and page.hints.tax_included is not False:
        return PriceKind.EX_TAX
    return PriceKind.SALE if regular else PriceKind.STANDARD


def _doubts(verdict: Verdict, offer: Offer, page: Document) -> Iterator[str]:
    """Why the offer is for people only, each reason with the strings that led to it."""
    reading, amount = verdict.reading, verdict.amount
    if amount is not None and verdict.confidence < SURE:
        yield from reading.doubts
        for other in verdict.against:
            yield f"{reading.layer} says {reading.price.strip()!r}, {other.layer} says {other.price.strip()!r}"
        if not verdict.against and not reading.doubts:
            yield f"only {verdict.confidence:.0%} sure of {amount.raw!r}"
    if amount is None:
        yield from reading.doubts
        if offer.kind is PriceKind.FREE:
            yield offer.kind.value
        elif reading.price.strip():
            yield f"{reading.price.strip()!r} is not a price"
        elif offer.availability not in _PRICELESS:
            yield "no price on the page"
        return
    if offer.kind not in GOOD_KINDS:
        yield offer.kind.value
    declared = iso(reading.currency, page.language)
    if declared and amount.currency not in {"", declared}:
        yield f"{amount.raw!r} is in {amount.currency}, but the page says {reading.currency.strip()!r}"
    if not amount.currency:
        yield f"no currency known for {amount.raw!r}"
    elif offer.price is None and amount.kind is not PriceKind.FREE:
        yield f"{amount.raw!r} is not an amount that {amount.currency} can hold"
    if _is_ambiguous(reading, amount) and all(_is_ambiguous(one, amount) for one in verdict.agreeing):
        yield f"{amount.raw!r} can be thousands or decimals"


def _is_ambiguous(reading: Reading, amount: Amount) -> bool:
    return reading.layer not in SHOWN and thousands_or_decimals(reading.price, amount.currency)
