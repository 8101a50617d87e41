"""The simulated market's shops: real servers whose pages say what the truth says is shown."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from pricevane import chromium
from pricevane.market import Market, World
from tests.market_pages import READERS, visitor

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world() -> World:
    """The default world."""
    return World()


@pytest.fixture
def market(world: World) -> Iterator[Market]:
    """Open shops on day 0."""
    with Market(world) as market:
        yield market


def addresses(market: Market, shop: str) -> list[str]:
    """Paths of all listings of a shop."""
    return [shown.path for shown in market.world.truth(0) if shown.shop == shop]


@pytest.mark.parametrize("shop", list(READERS))
def test_every_layer_of_every_page_says_what_the_truth_says_is_shown(shop: str) -> None:
    read, world = READERS[shop], World(days=42)
    numbers = {listing.path: listing.number for listing in world.listings}
    poisoned = promoted = 0
    with Market(world) as market, visitor(market.urls[shop]) as get:
        for day in (0, 20, 41):
            market.day = day
            for truth in (shown for shown in world.truth(day) if shown.shop == shop):
                path = truth.path if shop != "scriptshop" else f"/api/products/{numbers[truth.path]}.json"
                seen = read(get(path)[1].decode())
                assert (seen.prices, seen.names) == (frozenset({truth.shown}), frozenset({truth.name}))
                assert seen.regular == ({truth.regular} if truth.regular else set())
                assert seen.stock == {truth.availability}
                poisoned += bool(truth.poison)
                promoted += truth.on_promotion
    assert shop == "scriptshop" or (poisoned and promoted)


def test_turning_the_clock_changes_exactly_the_pages_of_that_day(market: Market, world: World) -> None:
    with visitor(market.urls["north"]) as get:
        before, after = (
            {shown.path: (shown.shown, shown.regular, shown.availability) for shown in world.truth(day)}
            for day in (0, 7)
        )
        paths = addresses(market, "north")
        tags = {path: get(path)[0].headers["ETag"] for path in paths}
        market.day = 7
        renewed = {path for path in paths if get(path, If_None_Match=tags[path])[0].status == 200}
    assert renewed == {path for path in paths if before[path] != after[path]}


@pytest.mark.parametrize("shop", list(READERS))
def test_pages_answer_304_to_their_validator_and_404_to_unknown_addresses(market: Market, shop: str) -> None:
    path = addresses(market, shop)[0]
    with visitor(market.urls[shop]) as get:
        page, body = get(path)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert int(page.headers["Content-Length"]) == len(body)
        again, nothing = get(path, If_None_Match=page.headers["ETag"])
        assert (again.status, nothing) == (304, b"")
        head, nothing = get(path, method="HEAD")
        assert (head.status, nothing, head.headers["ETag"]) == (200, b"", page.headers["ETag"])
        assert [get(wrong)[0].status for wrong in (f"{path}x", "/nothing", "/%zz")] == [404] * 3


@pytest.mark.parametrize("shop", ["north", "boutique", "scriptshop"])
def test_sitemaps_name_every_listing(market: Market, shop: str) -> None:
    base = market.urls[shop].rstrip("/")
    with visitor(base) as get:
        robots = get("/robots.txt")[1].decode()
        waiting, listed = re.findall(r"^Sitemap: (\S+)", robots, re.M) or [f"{base}/sitemap.xml"], set()
        while waiting:
            path = urlsplit(waiting.pop()).path
            body = get(path)[1]
            text = (gzip.decompress(body) if path.endswith(".gz") else body).decode()
            found = re.findall(r"<loc>(.*?)</loc>", text)
            if "<sitemapindex" in text:
                waiting += found
            else:
                listed.update(found)
        assert {f"{base}{path}" for path in addresses(market, shop)} <= listed
        assert all(get(urlsplit(url).path)[0].status == 200 for url in listed)
    assert ("sitemap_index" in robots) == (shop == "north")


@pytest.mark.parametrize("shop", list(READERS))
def test_walking_from_the_home_page_reaches_every_listing(market: Market, shop: str) -> None:
    waiting, reached = ["/"], {"/"}
    with visitor(market.urls[shop]) as get:
        while waiting:
            page = get(waiting.pop())[1].decode()
            links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', page)) - reached
            reached |= links
            waiting += [link for link in links if link not in addresses(market, shop)]
    assert set(addresses(market, shop)) <= reached
    assert any("?page=2" in path for path in reached) == (shop != "scriptshop")


def test_plainshop_has_no_structured_data_no_sitemap_and_a_generator_on_every_page(market: Market) -> None:
    marker = '<meta name="generator" content="Plainshop">'
    with visitor(market.urls["plainshop"]) as get:
        assert get("/sitemap.xml")[0].status == 404
        assert b"Sitemap" not in get("/robots.txt")[1]
        paths = ["/", "/impressum", "/kategorie/audio", "/kategorie/audio?page=2", "/kategorie/audio?page=99", "/no"]
        for path in paths + addresses(market, "plainshop"):
            page = get(path)[1].decode()
            assert marker in page.partition("</head>")[0], path
            assert not re.search(r"ld\+json|itemprop|og:|product:", page)
        assert page.count("€") > 1


def test_scriptshop_pages_are_shells_and_its_private_page_is_refused_to_robots(market: Market) -> None:
    with visitor(market.urls["scriptshop"]) as get:
        assert b"Disallow: /private/\n" in get("/robots.txt")[1]
        for shown in (shown for shown in market.world.truth(0) if shown.shop == "scriptshop"):
            page = get(shown.path)[1].decode()
            assert str(shown.shown) not in page
            assert "€" not in page
    assert market.hits("scriptshop")["/private/track.json"] == 0
    assert market.hits("scriptshop")["/robots.txt"] == 1


def test_each_shop_has_an_address_of_its_own_and_all_close_within_a_second(world: World) -> None:
    threads = threading.active_count()
    with Market(world) as market, visitor(market.urls["north"]) as get:
        assert [urlsplit(url).hostname for url in market.urls.values()] == [f"127.0.0.{n}" for n in range(21, 25)]
        assert get("/")[0].status == 200
        started = time.monotonic()
        market.__exit__(None, None, None)
        assert time.monotonic() - started < 1
        assert threading.active_count() == threads
        with pytest.raises(OSError, match=r".*"):
            get("/")


def test_a_browser_shows_what_scriptshop_hides_and_its_script_tries_the_private_page(market: Market) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
        page = browser.new_page()
        for shown in [shown for shown in market.world.truth(0) if shown.shop == "scriptshop"][:3]:
            page.goto(market.urls["scriptshop"].rstrip("/") + shown.path)
            page.wait_for_selector('script[type="application/ld+json"]', state="attached")
            assert page.text_content("h1") == shown.name
            assert page.text_content(".price") == f"€{shown.shown:,.2f}"
            assert f'"price":"{shown.shown}"' in str(page.text_content('script[type="application/ld+json"]'))
        browser.close()
    assert market.hits("scriptshop")["/private/track.json"] == 3
