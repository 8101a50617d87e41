"""WooCommerce's Store API: 100 products a page with prices in minor units, as the shop shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from html import unescape
from typing import Any

from pricevane.model import Availability, Money, Offer
from spiders.find.feed import PLAIN, FeedPage, FeedProduct, Source, UnreadableFeed, objects, parsed, text_of
from spiders.read.address import own_url

PAGE_SIZE = 100
MOST_PAGES = 1000
MOST_DIGITS = 6
_MINOR = re.compile(r"\d{1,15}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


def products(body: bytes, page: FeedPage) -> list[FeedProduct]:
    """The products of one page of /wp-json/wc/store/v1/products; raises UnreadableFeed."""
    said = parsed(body)
    if not isinstance(said, list):
        raise UnreadableFeed("the Store API's answer is no list of products")
    listed = enumerate(objects(said)[:PAGE_SIZE])
    found = [(place, one, own_url(text_of(one.get("permalink")), page.url)) for place, one in listed]
    return [FeedProduct(url, _form(one), _namings(one, place, url, page)) for place, one, url in found if url]


def _form(said: Mapping[str, Any]) -> str:
    return "several" if said.get("type") in ("variable", "grouped") else "single"


def _namings(said: Mapping[str, Any], place: int, url: str, page: FeedPage) -> dict[str, list[Offer]]:
    """The product's one offer; none for a range of prices, whose variants the list does not show."""
    prices = said.get("prices")
    if not isinstance(prices, dict) or prices.get("price_range"):
        return {}
    price, regular = _money(prices, "price"), _money(prices, "regular_price")
    if price is None:
        return {}
    offer = page.offer(
        url,
        text_of(prices.get("price")),
        f"[{place}].prices.price",
        price,
        regular,
        name=unescape(text_of(said.get("name"))),
        sku=text_of(said.get("sku")),
        brand=unescape(_first(said.get("brands"), "name")),
        image=_first(said.get("images"), "src"),
        category=unescape(_first(said.get("categories"), "name")),
        availability=_availability(said),
        stock=_left(said),
    )
    return {PLAIN: [offer]}


def _money(prices: Mapping[str, Any], name: str) -> Money | None:
    """An amount of the prices' minor units as money; None where number, currency or digits are not plain."""
    raw, currency, digits = (
        text_of(prices.get(name)),
        text_of(prices.get("currency_code")),
        prices.get("currency_minor_unit"),
    )
    if not _MINOR.fullmatch(raw) or not _CURRENCY.fullmatch(currency) or not isinstance(digits, int):
        return None
    return Money(Decimal(raw).scaleb(-digits), currency) if int(raw) and 0 <= digits <= MOST_DIGITS else None


def _availability(said: Mapping[str, Any]) -> Availability:
    if said.get("is_in_stock") is False:
        return Availability.OUT_OF_STOCK
    if said.get("is_on_backorder") is True:
        return Availability.BACKORDER
    if said.get("is_in_stock") is not True:
        return Availability.UNKNOWN
    return Availability.LOW_STOCK if _left(said) else Availability.IN_STOCK


def _left(said: Mapping[str, Any]) -> int | None:
    left = said.get("low_stock_remaining")
    return left if isinstance(left, int) and left > 0 else None


def _first(said: object, name: str) -> str:
    found = objects(said)
    return text_of(found[0].get(name)) if found else ""


SOURCE = Source(
    name="woocommerce",
    address=lambda n: f"/wp-json/wc/store/v1/products?per_page={PAGE_SIZE}&page={n}" if n <= MOST_PAGES else None,
    read=products,
    sign=re.compile(
        r'/plugins/woocommerce/|<meta name="generator" content="WooCommerce|\bwoocommerce-page\b|[?&]wc-ajax='
        r"|/wp-sitemap-posts-product-\d|/product-sitemap\d*\.xml"
    ),
)
