"""A shop is crawled again with what was learned of it: it is skimmed, repaired, and says nothing wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.market import World
from pricevane.model import CrawlReport
from tests.crawl_shop import Reply, Shop, open_shop, robots, sitemap
from tests.learned_shops import BASE, Page, Redesign, hashed_classes, new_frames, pages, without_structured_data

pytestmark = pytest.mark.slow
CHALLENGE = "<title>Just a moment...</title><h1>Checking if the site connection is secure</h1><p>Enable cookies</p>"


@dataclass(frozen=True)
class Crawled:
    """A crawl's report, the offers by path, and what was seen on each page."""

    report: CrawlReport
    offers: Mapping[str, Mapping[str, Any]]
    seen: Sequence[Mapping[str, Any]]

    @property
    def skimmed(self) -> int:
        """How many pages were read on the fast path."""
        return sum(one["why"] == "fast path" for one in self.seen)

    def good(self) -> dict[str, Decimal]:
        """The prices that the house would price on, by path."""
        return {path: Decimal(row["price"]) for path, row in self.offers.items() if row["status"] == "good"}


@pytest.fixture(scope="module")
def some() -> list[Page]:
    """The pages of a shop with JSON-LD on the first day."""
    return [page for page in pages("north", World(days=2)) if page.regular is None][:110]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A shop without pages."""
    with open_shop() as opened:
        yield opened


def crawl(shop: Shop, some: Sequence[Page], learned: Mapping[str, Any], *redesigns: Redesign) -> Crawled:
    """One crawl of the shop with these pages after redesigns."""
    shop.replies.clear()
    paths = [page.url.removeprefix(BASE) for page in some]
    for path, page in zip(paths, some, strict=True):
        html = page.html
        for redesign in redesigns:
            html = redesign(html)
        shop.replies[path] = Reply(html.replace(BASE, shop.url).encode())
    shop.replies["/robots.txt"] = robots(f"User-agent: *\nSitemap: {shop.url}/map.xml\n")
    shop.replies["/map.xml"] = Reply(sitemap(shop, *paths), kind="application/xml")
    known = tuple(shop.url + path for path in paths) if learned else ()
    state = shop.state(region="IE", currency="EUR", language="en", known=known, learned=json.loads(json.dumps(learned)))
    offers: dict[str, Mapping[str, Any]] = {}
    seen: list[Mapping[str, Any]] = []
    report = run_crawl(
        state,
        feed=True,
        on_offer=lambda row: offers.__setitem__(row["url"].removeprefix(shop.url), row),
        on_examination=seen.append,
    )
    return Crawled(report, offers, seen)


def truth(some: Sequence[Page]) -> dict[str, Decimal]:
    """The true prices by path."""
    return {page.url.removeprefix(BASE): page.price for page in some}


@pytest.fixture(scope="module")
def first(shop: Shop, some: Sequence[Page]) -> Crawled:
    """The crawl that learns."""
    return crawl(shop, some, {})


def test_the_second_crawl_skims_most_pages_and_reads_the_same_prices(
    shop: Shop, some: Sequence[Page], first: Crawled
) -> None:
    again = crawl(shop, some, first.report.learned)
    assert again.good() == first.good() == truth(some)
    assert again.skimmed > 0.8 * len(some)
    assert len(some) - again.skimmed >= len(some) // 50
    assert again.report.kinds == {"product": len(some)}


def test_a_redesign_without_structured_data_is_repaired_and_nothing_wrong_is_good(
    shop: Shop, some: Sequence[Page], first: Crawled
) -> None:
    lost = (new_frames, hashed_classes, without_structured_data)
    repairing = crawl(shop, some, first.report.learned, *lost)
    repaired = crawl(shop, some, repairing.report.learned, *lost)
    right = truth(some)
    for each in (repairing, repaired):
        assert each.good().items() <= right.items()
    assert len(repaired.good()) >= 0.8 * len(some)
    assert any("\n+price: " in text for text in repairing.report.repairs)


def test_structured_data_that_begin_to_lie_close_the_fast_path_and_are_never_good(
    shop: Shop, some: Sequence[Page], first: Crawled
) -> None:
    def lie(html: str) -> str:
        return re.sub(r'("price":\s*)"[\d.]+"', r'\1"3.33"', html)

    lying = crawl(shop, some, first.report.learned, lie)
    assert lying.skimmed == 0
    assert lying.good().items() <= truth(some).items()
    [kind] = [state for state in lying.report.learned["page_types"].values() if state["pages"] > 20]
    assert kind["agreed_run"] == 0


def test_a_challenge_with_status_200_is_a_block_and_no_page(shop: Shop, some: Sequence[Page]) -> None:
    blocked = crawl(shop, [replace(page, html=CHALLENGE) for page in some[:2]], {})
    assert blocked.report.blocked >= 2
    assert blocked.report.kinds["blocked"] == blocked.report.blocked
    assert blocked.offers == {}
