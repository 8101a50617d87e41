"""Whole catalogues of made shops: feeds, lists with tiles, language copies, traps; each crawled from its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.market.feedshops import SIZED_EVERY, LyingShopify, Magento, Shopify, WooCommerce
from pricevane.market.mazes import HreflangShop, LanguageShop, TileShop, TrapShop
from pricevane.market.single import SingleShop, open_single
from pricevane.market.storefront import Storefront
from pricevane.model import CrawlReport, SiteState

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Crawled:
    """One crawl: its report, its offers by key, and the shop's truth by path."""

    report: CrawlReport
    offers: dict[str, Mapping[str, Any]]
    shop: SingleShop

    @property
    def truth(self) -> dict[str, Decimal]:
        """Path -> the price that the page shows."""
        return {path: shown.shown for path, shown in self.shop.truth.items()}

    @property
    def by_feed(self) -> int:
        """How many offers a feed gave."""
        return sum(row["evidence"]["layers"] == ["feed"] for row in self.offers.values())

    def next_state(self, **fields: Any) -> SiteState:
        """The state of the crawl after this one."""
        known = tuple(dict.fromkeys(row["url"] for row in self.offers.values()))
        return replace(state_of(self.shop), known=known, learned=self.report.learned, **fields)


def state_of(shop: SingleShop) -> SiteState:
    """The state of a first crawl of the operator's own shop."""
    return SiteState(f"{shop.url}/", local=(shop.url,), language="en")


def crawl(shop: SingleShop, state: SiteState | None = None) -> Crawled:
    """Crawl and keep every offer."""
    rows: list[Mapping[str, Any]] = []
    report = run_crawl(state or state_of(shop), feed=True, on_offer=rows.append)
    assert report.finished, (report.reason, report.failed)
    assert len({row["key"] for row in rows}) == len(rows)
    return Crawled(report, {row["key"]: row for row in rows}, shop)


@pytest.fixture(params=[Shopify, WooCommerce, Magento, LyingShopify, TileShop])
def shop(request: pytest.FixtureRequest) -> Iterator[SingleShop]:
    """Each of the shops without a sitemap."""
    storefront: type[Storefront] = request.param
    with open_single(storefront) as running:
        yield running


def test_every_listing_is_found_and_found_again_at_its_price_under_one_name(shop: SingleShop) -> None:
    first, before = crawl(shop), shop.truth
    assert min_prices(first) == first.truth
    shop.day = 2
    again = crawl(shop, first.next_state(strategy="refresh"))
    assert shop.truth != before
    assert min_prices(again) == again.truth
    assert again.offers.keys() == first.offers.keys()
    assert again.report.requests <= first.report.requests
    assert {row["currency"] for row in again.offers.values()} == {"EUR"}


PLACES: dict[type[Storefront], str] = {Shopify: "products", WooCommerce: "", Magento: "data.products.items"}


def min_prices(crawled: Crawled) -> dict[str, Decimal]:
    """Path -> the lowest price of the product's listings, which is the one that its page shows first."""
    found: dict[str, Decimal] = {}
    for key, row in crawled.offers.items():
        path = key.partition("?")[0]
        found[path] = min(found.get(path, Decimal("Infinity")), Decimal(row["price"]))
    return found


@pytest.mark.parametrize("storefront", PLACES)
def test_a_feed_that_agrees_with_its_pages_spares_most_of_them(storefront: type[Storefront]) -> None:
    with open_single(storefront) as shop:
        first = crawl(shop)
        again = crawl(shop, first.next_state(strategy="refresh"))
        pages = sum(shop.hits()[path] for path in shop.truth)
        assert first.by_feed > len(first.offers) / 2
        assert again.by_feed > first.by_feed
        assert pages <= 5 * 2 + 3 * 2 + 4
        assert first.report.found == {"platform": len(first.offers)}
        places = {row["evidence"]["path"].partition("[")[0] for row in again.offers.values()}
        assert PLACES[storefront] in places
        assert "no feed there" not in again.report.skipped


def test_a_feed_that_contradicts_its_pages_only_names_addresses() -> None:
    with open_single(LyingShopify) as shop:
        crawled = crawl(shop)
        assert crawled.by_feed == 0
        assert "1" not in "".join(
            found["outcomes"] for found in crawled.report.learned["finding"]["agreements"].values()
        )


def test_variants_of_a_shopify_shop_are_listings_of_their_own() -> None:
    with open_single(Shopify) as shop:
        crawled = crawl(shop)
        sized = sum(listing.number % SIZED_EVERY == 0 for listing in shop.site.listings.values())
        assert sized > 5
        assert len(crawled.offers) == len(shop.truth) + sized


def test_tiles_that_agree_spare_the_pages_of_known_listings_and_keep_being_checked() -> None:
    with open_single(TileShop) as shop:
        first = crawl(shop)
        before = shop.hits()
        shop.day = 1
        again = crawl(shop, first.next_state())
        asked = sum((shop.hits() - before)[path] for path in shop.truth)
        assert min_prices(again) == again.truth
        assert 0 < asked < len(shop.truth) / 2
        assert again.report.learned["finding"]["agreements"]["tiles"]["outcomes"].endswith("1" * 10)


@pytest.mark.parametrize("storefront", [LanguageShop, HreflangShop])
@pytest.mark.parametrize("language", ["en", "de"])
def test_only_the_sites_own_language_is_crawled_and_the_others_are_counted(
    storefront: type[Storefront], language: str
) -> None:
    with open_single(storefront) as shop:
        crawled = crawl(shop, replace(state_of(shop), language=language))
        prefixes = {path.split("/")[1] for path in shop.hits() if path.endswith(tuple("0123456789"))}
        assert prefixes == {"products" if language == "en" else "de"}
        assert crawled.report.skipped == {"another language": 2 * len(shop.truth)}
        assert crawled.report.product_pages == len(shop.truth)


def test_a_shop_of_traps_is_crawled_to_its_end_and_every_listing_found_once() -> None:
    with open_single(TrapShop) as shop:
        crawled = crawl(shop)
        assert min_prices(crawled) == crawled.truth
        assert crawled.report.learned["finding"]["sessions"] == ["visit"]
        assert not [row["url"] for row in crawled.offers.values() if "visit" in row["url"]]
        assert crawled.report.skipped["repeats itself"] > 0
        assert crawled.report.requests < 12 * len(shop.truth)
        assert 0 < sum(many for path, many in shop.hits().items() if path.startswith("/whatson/")) <= 50
