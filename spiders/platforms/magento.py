"""Magento's and Adobe Commerce's GraphQL: 100 products a page with the prices that the shop shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pricevane.model import Availability, Money, Offer
from spiders.find.feed import PLAIN, FeedPage, FeedProduct, Source, UnreadableFeed, amount, objects, parsed, text_of
from spiders.read.address import own_url

PAGE_SIZE = 100
MOST_PAGES = 1000
# A filter that leaves nothing out, since the query must have one.
QUERY = (
    '{{products(filter:{{price:{{from:"0"}}}},pageSize:{size},currentPage:{page}){{items{{'
    "__typename sku name url_key url_suffix stock_status small_image{{url}} price_range{{"
    "minimum_price{{final_price{{value currency}}regular_price{{value}}}}maximum_price{{final_price{{value}}}}}}}}}}}}"
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_STATES = {"IN_STOCK": Availability.IN_STOCK, "OUT_OF_STOCK": Availability.OUT_OF_STOCK}
_OF_PARTS = frozenset(("ConfigurableProduct", "BundleProduct", "GroupedProduct"))


def products(body: bytes, page: FeedPage) -> list[FeedProduct]:
    """The products of one page of the products query, none behind the last; raises UnreadableFeed."""
    said = parsed(body)
    if not isinstance(said, dict):
        raise UnreadableFeed("the GraphQL answer is no object")
    listed = _at(said, "data", "products")
    if not listed and any("currentPage" in text_of(error.get("message")) for error in objects(said.get("errors"))):
        return []
    if not isinstance(listed.get("items"), list):
        raise UnreadableFeed("the GraphQL answer lists no products")
    found = enumerate(objects(listed["items"])[:PAGE_SIZE])
    return [product for place, one in found if (product := _product(one, place, page))]


def _product(said: Mapping[str, Any], place: int, page: FeedPage) -> FeedProduct | None:
    name, suffix = text_of(said.get("url_key")).strip("/"), text_of(said.get("url_suffix"))
    url = own_url(f"/{quote(name + suffix)}", page.url) if name else ""
    if not url:
        return None
    offer = _offer(said, f"data.products.items[{place}].price_range.minimum_price.final_price.value", url, page)
    form = "several" if said.get("__typename") in _OF_PARTS else "single"
    return FeedProduct(url, form, {PLAIN: [offer]} if offer else {})


def _offer(said: Mapping[str, Any], path: str, url: str, page: FeedPage) -> Offer | None:
    """The product's one offer; None for a range of prices, whose variants the list does not show."""
    least = _at(said, "price_range", "minimum_price")
    final, most = _at(least, "final_price"), _at(said, "price_range", "maximum_price", "final_price")
    currency = text_of(final.get("currency"))
    price, regular = _money(final, currency), _money(_at(least, "regular_price"), currency)
    if price is None or price != _money(most, currency):
        return None
    return page.offer(
        url,
        f"{final['value']}",
        path,
        price,
        regular,
        name=text_of(said.get("name")),
        sku=text_of(said.get("sku")),
        image=text_of(_at(said, "small_image").get("url")),
        availability=_STATES.get(text_of(said.get("stock_status")), Availability.UNKNOWN),
    )


def _money(said: Mapping[str, Any], currency: str) -> Money | None:
    """A JSON number as money; None where it, or the currency, is not plain."""
    value = said.get("value")
    found = amount(repr(value)) if type(value) in (int, float) else None
    return Money(found, currency) if found and _CURRENCY.fullmatch(currency) else None


def _at(said: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object under these names, or an empty one."""
    found: Any = said
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def address(number: int) -> str | None:
    """Where so many a page is asked for by GET, so that the shop can answer from its cache."""
    asked = QUERY.format(size=PAGE_SIZE, page=number)
    return f"/graphql?query={quote(asked, safe='')}" if number <= MOST_PAGES else None


SOURCE = Source(
    name="magento",
    address=address,
    read=products,
    sign=re.compile(r"/static/version\d{8,}/frontend/|text/x-magento-init|\bdata-mage-init="),
)
