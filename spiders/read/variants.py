"""Several readings of one layer about one product: the same price, own listings, or a doubtful range."""

from __future__ import annotations

from dataclasses import replace

from pricevane.model import Availability, PriceKind
from spiders.read.address import own_url
from spiders.read.document import Document
from spiders.read.money import Amount, machine_price, parse_price
from spiders.read.reading import Reading
from spiders.read.states import availability

# Layers whose prices are written for people.
SHOWN = frozenset(["selectors", "dom", "place"])


def amount_of(reading: Reading, page: Document, text: str | None = None) -> Amount | None:
    """The amount of a reading's price (or of another text of it), its kind from both text and layer."""
    raw = reading.price if text is None else text
    currency = reading.currency or page.hints.currency
    if not raw.strip():
        return None
    parse = parse_price if reading.layer in SHOWN else machine_price
    amount = parse(raw, language=page.language, currency=currency)
    if amount and amount.kind is PriceKind.STANDARD and reading.kind is not PriceKind.STANDARD:
        return replace(amount, kind=reading.kind)
    return amount


def alike(readings: list[Reading], page: Document) -> list[Reading]:
    """One reading where all ask one price, else one for each variant, else the lowest as a FROM price.

    Of a range the highest stands as `regular_price`: shops also list a price and its old price as two offers.
    """
    priced = [(amount.amount, reading) for reading in readings if (amount := amount_of(reading, page))]
    if len({amount for amount, _ in priced}) <= 1:
        return [_best([reading for _, reading in priced] or readings)] if readings else []
    if own := apart([reading for _, reading in priced], page):
        return own
    low, high = min(priced, key=lambda p: p[0])[1], max(priced, key=lambda p: p[0])[1]
    doubt = f"several offers, {low.price!r} to {high.price!r}"
    return [replace(low, kind=PriceKind.FROM, regular_price=high.price, doubts=(*low.doubts, doubt))]


def _best(readings: list[Reading]) -> Reading:
    return next((one for one in readings if availability(one.availability) is Availability.IN_STOCK), readings[0])


def apart(readings: list[Reading], page: Document) -> list[Reading]:
    """The readings as variants with an address or a name each, or none where nothing tells them apart."""
    addresses = [own_url(one.url, page.url) for one in readings]
    if _distinct(addresses):
        return [replace(one, url=url) for one, url in zip(readings, addresses, strict=True)]
    for field in ("sku", "gtin", "mpn", "name"):
        values = [str(getattr(one, field)) for one in readings]
        if _distinct(values):
            return [replace(one, url="", variant=value) for one, value in zip(readings, values, strict=True)]
    return []


def _distinct(values: list[str]) -> bool:
    return all(values) and len(set(values)) == len(values)
