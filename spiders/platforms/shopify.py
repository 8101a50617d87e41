"""Shopify's products.json: 250 products a page with every variant's price, in the shop's currency, which it omits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pricevane.model import Availability, Money, Offer
from spiders.find.feed import (
    EACH,
    FIRST,
    PLAIN,
    FeedPage,
    FeedProduct,
    Source,
    UnreadableFeed,
    amount,
    objects,
    parsed,
    text_of,
)
from spiders.read.address import key, listing_url, own_url

PAGE_SIZE = 250
# Shopify serves no more than this many pages of a list.
MOST_PAGES = 100
ONLY_VARIANT = "Default Title"
MOST_VARIANTS = 250


def products(body: bytes, page: FeedPage) -> list[FeedProduct]:
    """The products of one page of /products.json; raises UnreadableFeed."""
    said = parsed(body)
    if not isinstance(said, dict) or not isinstance(said.get("products"), list):
        raise UnreadableFeed("products.json lists no products")
    listed = enumerate(objects(said["products"])[:PAGE_SIZE])
    return [found for place, one in listed for found in _product(one, place, page)]


def _product(said: Mapping[str, Any], place: int, page: FeedPage) -> Iterator[FeedProduct]:
    handle = text_of(said.get("handle"))
    url = own_url(f"/products/{quote(handle)}", page.url) if handle else ""
    if not url:
        return
    variants = objects(said.get("variants"))[:MOST_VARIANTS]
    offers = [_offer(said, one, f"products[{place}].variants[{n}].price", url, page) for n, one in enumerate(variants)]
    found = [offer for offer in offers if offer]
    if not found or len(found) < len(offers):
        yield FeedProduct(url)
        return
    prices = {(offer.price, offer.regular_price) for offer in found}
    form = "single" if len(found) == 1 else "same" if len(prices) == 1 else "several"
    namings = {EACH: found}
    if len(prices) == 1:
        first = next((one for one in found if one.availability is Availability.IN_STOCK), found[0])
        namings |= {PLAIN: [_plain(first, url, said)], FIRST: [first]}
    yield FeedProduct(url, form, namings)


def _offer(said: Mapping[str, Any], variant: Mapping[str, Any], path: str, url: str, page: FeedPage) -> Offer | None:
    """One variant's offer, its currency left open; None where its price or number is not clear."""
    raw, number = variant.get("price"), variant.get("id")
    price, regular = amount(raw), amount(variant.get("compare_at_price"))
    if price is None or not isinstance(number, int):
        return None
    title, variety = text_of(said.get("title")), text_of(variant.get("title"))
    images = objects(said.get("images"))
    return page.offer(
        listing_url(f"{url}?variant={number}"),
        text_of(raw),
        path,
        Money(price, ""),
        Money(regular, "") if regular else None,
        name=title if variety in ("", ONLY_VARIANT) else f"{title} - {variety}",
        brand=text_of(said.get("vendor")),
        sku=text_of(variant.get("sku")),
        category=text_of(said.get("product_type")),
        image=text_of(images[0].get("src")) if images else "",
        availability=_availability(variant.get("available")),
        attributes=_attributes(said, variant),
    )


def _availability(said: object) -> Availability:
    if not isinstance(said, bool):
        return Availability.UNKNOWN
    return Availability.IN_STOCK if said else Availability.OUT_OF_STOCK


def _attributes(said: Mapping[str, Any], variant: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The variant's options by their names, like (("Size", "XL"),)."""
    names = [text_of(option.get("name")) for option in objects(said.get("options"))[:3]]
    values = [text_of(variant.get(f"option{place}")) for place in range(1, 4)]
    return tuple(
        (name, value) for name, value in zip(names, values, strict=False) if name and value and value != ONLY_VARIANT
    )


def _plain(first: Offer, url: str, said: Mapping[str, Any]) -> Offer:
    """The offer of a product whose page does not tell variants apart."""
    return replace(first, url=url, key=key(url), name=text_of(said.get("title")) or first.name, attributes=())


SOURCE = Source(
    name="shopify",
    address=lambda number: f"/products.json?limit={PAGE_SIZE}&page={number}" if number <= MOST_PAGES else None,
    read=products,
    sign=re.compile(r"cdn\.shopify\.com/|Shopify\.shop\s*=|/sitemap_products_\d+\.xml\?from="),
)
