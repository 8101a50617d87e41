"""What feeds say, what of it is believed, and what is not plain enough to be a price."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pricevane.model import Availability, Evidence, Money, Offer, PriceKind
from spiders.find import merchant
from spiders.find.agreement import FEED, KEPT, TILES, Agreement, Agreements, same
from spiders.find.feed import EACH, FIRST, MOST_OBJECTS, PLAIN, FeedPage, FeedProduct, UnreadableFeed, amount
from spiders.platforms import PLATFORMS, magento, named, recognised, shopify, woocommerce
from tests.finding_files import read

SHOP = "https://s.example"
PAGE = FeedPage(f"{SHOP}/feed", datetime(2031, 5, 4, tzinfo=UTC), "AT", "0" * 32)


def priced(products: list[FeedProduct]) -> dict[str, tuple[str, str]]:
    """Path -> price and regular price of the products that have one."""
    found = {product.url.removeprefix(SHOP): product.namings.get(PLAIN) for product in products}
    return {path: (str(one[0].price), str(one[0].regular_price or "")) for path, one in found.items() if one}


def test_a_merchant_feed_gives_only_the_prices_that_are_plain() -> None:
    products = merchant.products(read("merchant.xml"), PAGE)
    assert [product.url.removeprefix(SHOP) for product in products] == [f"/p/{n}" for n in (1, 2, 3, 4, 5, 6, 7, 10)]
    assert priced(products) == {
        "/p/1": ("19.90 EUR", ""),
        "/p/2": ("25.00 EUR", "30.00 EUR"),
        "/p/3": ("30.00 EUR", ""),
        "/p/10": ("12.00 EUR", ""),
    }


def test_a_merchant_feeds_codes_and_states_reach_the_offer_with_its_place_in_the_file() -> None:
    (kettle,) = merchant.products(read("merchant.xml"), PAGE)[0].namings[PLAIN]
    assert (kettle.gtin, kettle.brand, kettle.mpn, kettle.name) == ("04006381333931", "Aqua", "K-1", "Kettle & lid")
    assert (kettle.availability, kettle.key, kettle.region) == (Availability.IN_STOCK, "/p/1", "AT")
    assert kettle.evidence == Evidence("19.90 EUR", "[0].price", ("feed",), PAGE.page_hash)


@pytest.mark.parametrize("name", ["merchant.tsv", "merchant.csv"])
def test_a_table_says_the_same_as_xml(name: str) -> None:
    products = merchant.products(read(name), PAGE)
    assert priced(products) == {"/p/1": ("19.90 EUR", ""), "/p/2": ("25.00 EUR", "30.00 EUR")}
    assert [one.namings[PLAIN][0].availability for one in products] == [
        Availability.IN_STOCK,
        Availability.OUT_OF_STOCK,
    ]


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"a,b\n1,2\n", b"\x1f\x8b\x08x", b"[]", read("entities.xml"), b"<rss><item>" * 9999]
)
def test_what_is_no_merchant_feed_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableFeed):
        merchant.products(body, PAGE)


def goods(**said: Any) -> bytes:
    """A products.json with one product of two variants, the first of them changed."""
    variants = [{"id": 11, "title": "S", "option1": "S", "price": "19.90", "available": True}]
    variants.append({"id": 12, "title": "L", "option1": "L", "price": "19.90", "available": False})
    variants[0] |= said
    one = {"handle": "mug", "title": "Mug", "vendor": "Aqua", "options": [{"name": "Size"}], "variants": variants}
    return json.dumps({"products": [one]}).encode()


def test_variants_of_one_price_are_named_in_every_way_a_page_may_name_them() -> None:
    (product,) = shopify.products(goods(), PAGE)
    keys = {naming: [offer.key for offer in offers] for naming, offers in product.namings.items()}
    assert (product.url, product.form) == (f"{SHOP}/products/mug", "same")
    assert keys == {
        PLAIN: ["/products/mug"],
        EACH: ["/products/mug?variant=11", "/products/mug?variant=12"],
        FIRST: ["/products/mug?variant=11"],
    }
    assert [offer.availability for offer in product.namings[EACH]] == [Availability.IN_STOCK, Availability.OUT_OF_STOCK]
    assert product.namings[EACH][0].attributes == (("Size", "S"),)


def test_variants_of_several_prices_are_never_one_listing() -> None:
    (product,) = shopify.products(goods(price="15.00", compare_at_price="20.00"), PAGE)
    assert (product.form, list(product.namings)) == ("several", [EACH])
    small = product.namings[EACH][0]
    assert (small.price, small.regular_price) == (Money(Decimal("15.00"), ""), Money(Decimal("20.00"), ""))
    assert (small.kind, small.evidence.path) == (PriceKind.SALE, "products[0].variants[0].price")


@pytest.mark.parametrize("price", ["0.00", "", None, 19.9, "19,90", "1e3", "NaN", "-1", "٣", "9" * 40])
def test_a_variant_whose_price_is_not_plain_leaves_its_product_to_the_page(price: object) -> None:
    (product,) = shopify.products(goods(price=price), PAGE)
    assert product.namings == {}
    assert amount(price) is None


@pytest.mark.parametrize(
    "handle", ["../../etc", "//other.example/x", "http://other.example/", "a?b=c#d", "", None, "\x00\u202e"]
)
def test_a_hostile_handle_never_leads_off_the_shop(handle: object) -> None:
    body = json.dumps({"products": [{"handle": handle, "variants": []}]}).encode()
    assert all(product.url.startswith(f"{SHOP}/") for product in shopify.products(body, PAGE))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"products": 1}', b"[" * 100_000, b'{"a": ' + b"9" * 9999])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_no_platform_feed_is_refused_or_empty(platform: Any, body: bytes) -> None:
    try:
        assert platform.read(body, PAGE) == []
    except UnreadableFeed:
        return
    assert body == b"[]"


@pytest.mark.parametrize("platform", [shopify.SOURCE, woocommerce.SOURCE], ids=["shopify", "woocommerce"])
def test_an_answer_of_more_objects_than_any_shop_has_is_refused_before_it_is_read(platform: Any) -> None:
    with pytest.raises(UnreadableFeed, match=str(MOST_OBJECTS)):
        platform.read(b"[" + b"{}," * MOST_OBJECTS + b"{}]", PAGE)


def stored(**said: Any) -> bytes:
    """A Store API answer with one product."""
    prices = {"price": "1990", "regular_price": "2490", "currency_code": "EUR", "currency_minor_unit": 2}
    one = {"permalink": f"{SHOP}/product/mug/", "name": "Mug &#8211; red", "type": "simple", "is_in_stock": True}
    return json.dumps([one | {"low_stock_remaining": 2, "prices": prices | said.pop("prices", {})} | said]).encode()


def test_minor_units_become_money_and_stock_is_told() -> None:
    (offer,) = woocommerce.products(stored(), PAGE)[0].namings[PLAIN]
    assert (str(offer.price), str(offer.regular_price), offer.kind) == ("19.90 EUR", "24.90 EUR", PriceKind.SALE)
    assert (offer.name, offer.key, offer.stock) == ("Mug – red", "/product/mug/", 2)
    assert offer.availability is Availability.LOW_STOCK


def test_a_currency_without_decimals_keeps_its_units() -> None:
    prices = {"currency_code": "JPY", "currency_minor_unit": 0, "regular_price": "1990"}
    (offer,) = woocommerce.products(stored(prices=prices), PAGE)[0].namings[PLAIN]
    assert offer.price == Money(Decimal(1990), "JPY")


@pytest.mark.parametrize(
    "prices",
    [
        {"price": "19.90"},
        {"price": ""},
        {"price": "0"},
        {"currency_minor_unit": "2"},
        {"currency_minor_unit": 900},
        {"currency_code": "euro"},
        {"price_range": {"min_amount": "1990", "max_amount": "2990"}},
    ],
)
def test_a_store_price_that_is_not_plain_or_a_range_is_none(prices: dict[str, Any]) -> None:
    assert woocommerce.products(stored(prices=prices), PAGE)[0].namings == {}


def queried(**said: Any) -> bytes:
    """An answer of the products query with one product."""
    least = {"final_price": {"value": 19.9, "currency": "EUR"}, "regular_price": {"value": 24}}
    prices = {"minimum_price": least, "maximum_price": {"final_price": {"value": 19.90, "currency": "EUR"}}}
    one = {"__typename": "SimpleProduct", "sku": "M-1", "name": "Mug", "url_key": "mug", "url_suffix": ".html"}
    one |= {"stock_status": "OUT_OF_STOCK", "price_range": prices | said.pop("prices", {})}
    return json.dumps({"data": {"products": {"items": [one | said]}}}).encode()


def test_numbers_of_a_graphql_answer_become_exact_money() -> None:
    (product,) = magento.products(queried(), PAGE)
    (offer,) = product.namings[PLAIN]
    assert (product.url, product.form, offer.sku) == (f"{SHOP}/mug.html", "single", "M-1")
    assert (str(offer.price), str(offer.regular_price), offer.kind) == ("19.90 EUR", "24.00 EUR", PriceKind.SALE)
    assert offer.availability is Availability.OUT_OF_STOCK


@pytest.mark.parametrize("value", [0, -1, 1e300, True, None, "19.90", float("nan"), [19.9]])
def test_a_graphql_price_that_is_not_plain_or_a_range_is_none(value: object) -> None:
    final = {"value": value, "currency": "EUR"}
    for prices in (
        {"minimum_price": {"final_price": final}},
        {"maximum_price": {"final_price": final}},
        {"minimum_price": {"final_price": {"value": 19.9, "currency": "euro"}}},
    ):
        assert magento.products(queried(prices=prices), PAGE)[0].namings == {}


def test_a_graphql_answer_behind_the_last_page_is_empty_and_any_other_error_is_no_feed() -> None:
    def failed(message: str) -> bytes:
        return json.dumps({"errors": [{"message": message}], "data": {"products": None}}).encode()

    assert (
        magento.products(failed("currentPage value 9 specified is greater than the 8 page(s) available."), PAGE) == []
    )
    with pytest.raises(UnreadableFeed):
        magento.products(failed("Cannot query field"), PAGE)


@pytest.mark.parametrize(
    "name", ["../../etc", "//other.example/x", "http://other.example/", "a?b=c#d", "", 3, "\x00\u202e"]
)
def test_a_hostile_url_key_never_leads_off_the_shop(name: object) -> None:
    assert all(one.url.startswith(f"{SHOP}/") for one in magento.products(queried(url_key=name), PAGE))


@pytest.mark.parametrize(
    ("sign", "platform"),
    [
        ('<link href="//cdn.shopify.com/s/files/1/a.css">', "shopify"),
        ("https://s.example/sitemap_products_1.xml?from=1&to=9", "shopify"),
        ('<meta name="generator" content="WooCommerce 9.1.0">', "woocommerce"),
        ("https://s.example/wp-sitemap-posts-product-1.xml", "woocommerce"),
        ('<script type="text/x-magento-init">', "magento"),
        ('<link href="/static/version1718000000/frontend/Acme/main/en_US/css/styles-m.css">', "magento"),
        ("<p>We sell shoes</p>", None),
    ],
)
def test_a_platform_is_recognised_by_its_sign(sign: str, platform: str | None) -> None:
    assert recognised(sign) is named(platform)


def offer(price: str = "19.90", **said: Any) -> Offer:
    """A good offer in euros."""
    fields = {"price": Money(Decimal(price), "EUR"), "tax_included": True, "availability": Availability.IN_STOCK}
    return Offer(SHOP, "/p/1", PAGE.at, Evidence("", "", (), ""), **{**fields, **said})


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        ({}, True),
        ({"tax_included": None}, True),
        ({"availability": Availability.UNKNOWN}, True),
        ({"availability": Availability.LOW_STOCK}, True),
        ({"price": Money(Decimal("19.90"), "")}, True),
        ({"price": Money(Decimal("19.9"), "EUR")}, True),
        ({"price": Money(Decimal("19.91"), "EUR")}, False),
        ({"price": Money(Decimal("19.90"), "CHF")}, False),
        ({"price": None}, False),
        ({"tax_included": False}, False),
        ({"kind": PriceKind.FROM}, False),
        ({"availability": Availability.OUT_OF_STOCK}, False),
        ({"key": "/p/2"}, False),
    ],
)
def test_two_sources_agree_only_on_the_same_listing_price_kind_tax_and_stock(
    other: dict[str, Any], agrees: bool
) -> None:
    assert same([replace(offer(), **other)], [offer()]) is agrees


@pytest.mark.parametrize(
    ("outcomes", "feed", "tiles"),
    [
        ("1" * 3, False, False),
        ("1" * 4, True, False),
        ("11110", True, False),
        ("1" * 20 + "00111", False, False),
        ("1" * 10, True, True),
        ("0" * 2 + "1" * 38, True, True),
        ("0" * 3 + "1" * 37, True, False),
        ("0" * 9 + "1" * KEPT, True, True),
        ("", False, False),
    ],
)
def test_a_source_is_believed_when_enough_of_the_latest_comparisons_agreed(
    outcomes: str, feed: bool, tiles: bool
) -> None:
    agreement = Agreement()
    for outcome in outcomes:
        agreement.note(outcome == "1")
    assert (agreement.holds(FEED), agreement.holds(TILES)) == (feed, tiles)


def test_a_doubtful_page_is_no_measure_and_what_is_learned_survives_a_crawl() -> None:
    agreements = Agreements(None)
    assert agreements.compare("shop", [offer()], [offer().doubt("unclear")]) is None
    assert agreements.compare("shop", [offer()], []) is None
    assert agreements.compare("shop", [offer()], [offer()])
    assert agreements.compare("shop", [offer(price="20.00")], [offer()]) is False
    again = Agreements(json.loads(json.dumps(agreements.as_json())))
    assert again.as_json() == agreements.as_json()
    assert (again["shop"].outcomes, again["shop"].currency) == ([True, False], "EUR")


@pytest.mark.parametrize(
    "learned", [None, [], {"a": 1}, {"a": {"outcomes": 3, "currency": [], "tax_included": "x"}}, "x"]
)
def test_learned_values_of_any_shape_are_survived(learned: object) -> None:
    assert Agreements(learned).as_json() == {}
