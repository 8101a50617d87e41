"""Finding pages without sitemaps, and the bounds that keep a crawl out of traps."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.model import CrawlReport
from spiders.find.links import links
from spiders.find.sitemaps import LARGEST, Entry, UnreadableSitemap, read_sitemap, worth_reading
from spiders.find.traps import MOST_PAGES, MOST_VARIANTS, Traps, is_page_of, is_worthless
from tests.crawl_shop import Reply, category, open_shop, page, product, robots, sitemap


def months(path: str) -> Reply:
    """An endless calendar."""
    number = int(path.rpartition("=")[2] or 0)
    return category(f"/whatson?m={number + 1}")


@pytest.mark.slow
def test_without_sitemap_products_are_found_through_categories_and_their_pages() -> None:
    with open_shop() as shop:
        shelf = [f"/p/{number}" for number in range(40)]
        shop.replies.update({path: product(shop, path) for path in shelf})
        lists = {f"/kettles?page={number}": shelf[number * 4 : number * 4 + 4] for number in range(10)}
        for number, (path, hrefs) in enumerate(lists.items()):
            following = f"/kettles?page={number + 1}" if number < 9 else ""
            shop.replies[path] = category(*hrefs, "/kettles?sort=price", "/cart", rel_next=following)
        shop.replies["/"] = category(
            "/kettles?page=0", "/whatson?m=0", "/login", "/catalogue.pdf", "https://other.example/"
        )
        shop.replies["/whatson*"] = months
        report = run_crawl(shop.state())
        calendar = [path for path in shop.paths if path.startswith("/whatson")]
        assert report.product_pages == report.offers == 40
        assert report.finished
        assert not {"/cart", "/login", "/catalogue.pdf", "/kettles?sort=price"} & set(shop.paths)
        assert 0 < len(calendar) <= MOST_VARIANTS


@pytest.mark.slow
def test_a_crawl_whose_sitemap_lists_known_listings_follows_no_links_beside_it() -> None:
    with open_shop() as shop:
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, "/p/1", "/p/2"), kind="application/xml")
        shop.replies.update({path: product(shop, path) for path in ("/p/1", "/p/2")})
        shop.replies["/"] = category("/about")
        report = run_crawl(replace(shop.state(), known=(f"{shop.url}/p/1", f"{shop.url}/p/2")))
        assert report.offers == 2
        assert not {"/", "/about"} & set(shop.paths)


@pytest.mark.slow
def test_links_are_followed_from_sitemap_pages_that_are_only_categories() -> None:
    with open_shop() as shop:
        shop.replies.update(
            {
                "/sitemap.xml": Reply(sitemap(shop, "/kettles"), kind="application/xml"),
                "/kettles": category("/p/1", "/p/2"),
                "/": category("/about"),
                "/p/*": lambda path: product(shop, path),
            }
        )
        report = run_crawl(shop.state())
        assert report.offers == 2
        assert shop.paths.count("/kettles") == 1


@pytest.mark.slow
def test_a_scan_of_a_product_address_reads_that_page_only() -> None:
    with open_shop() as shop:
        shop.replies.update({"/p/*": lambda path: product(shop, path), "/": category("/p/2")})
        report = run_crawl(shop.state(url=f"{shop.url}/p/1", single_page=True))
        assert shop.paths == ["/robots.txt", "/p/1"]
        assert (report.offers, report.exit_code) == (1, 0)


@pytest.mark.slow
def test_a_scan_of_any_other_address_reads_the_shop_from_there() -> None:
    with open_shop() as shop:
        shop.replies.update({"/p/*": lambda path: product(shop, path), "/kettles": category("/p/1", "/p/2")})
        report = run_crawl(shop.state(url=f"{shop.url}/kettles", single_page=True))
        assert report.offers == 2


@pytest.mark.slow
def test_a_scan_of_a_missing_page_does_not_turn_to_the_rest_of_the_shop() -> None:
    with open_shop({"/p/2": Reply(b"<p>hm")}) as shop:
        report = run_crawl(shop.state(url=f"{shop.url}/p/1", single_page=True))
        assert shop.paths == ["/robots.txt", "/p/1"]
        assert (report.failed, report.exit_code) == ({"404": 1}, 1)


@pytest.mark.slow
def test_the_page_cap_stops_a_crawl_which_then_is_not_finished() -> None:
    with open_shop() as shop:
        paths = [f"/p/{number}" for number in range(30)]
        shop.replies.update({"/sitemap.xml": Reply(sitemap(shop, *paths)), "/p/*": lambda path: product(shop, path)})
        report = run_crawl(shop.state(max_pages=7))
        assert report.pages == 7
        assert (report.finished, report.reason, report.exit_code) == (False, "page cap", 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plainshop", ""])
def test_a_site_file_is_found_by_name_or_by_the_mark_on_the_page(name: str) -> None:
    with open_shop({"/p/1": Reply(page("plainshop")), "/robots.txt": robots("")}) as shop:
        rows: list[Mapping[str, Any]] = []
        run_crawl(
            shop.state(name=name, url=f"{shop.url}/p/1", single_page=True, currency="EUR", language="de"),
            feed=True,
            on_offer=rows.append,
        )
        assert [(row["price"], row["regular_price"], row["gtin"]) for row in rows] == [
            ("1299.00", "1499.00", "04006381333931")
        ]


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/cart",
        "https://shop.example/en/login",
        "https://shop.example/c/shoes?color=red",
        "https://shop.example/c/shoes?page=2&sort=price",
        "https://shop.example/c/shoes?filter%5Bsize%5D=4",
        "https://shop.example/c/shoes?add-to-cart=12",
        "https://shop.example/blog/2031/04/",
        "https://shop.example/a/b/a/b/a/b",
        "https://shop.example/manual.PDF",
        "https://shop.example/photo.jpg",
        "https://shop.example/" + "x/y/" * 7,
    ],
)
def test_addresses_that_lead_nowhere_are_recognised(url: str) -> None:
    assert is_worthless(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/",
        "https://shop.example/p/kettle-2031.html",
        "https://shop.example/c/shoes?page=2",
        "https://shop.example/index.php?route=product/product&product_id=12",
        "https://shop.example/cartridges",
    ],
)
def test_addresses_of_products_and_lists_are_followed(url: str) -> None:
    assert not is_worthless(url)


def test_a_family_of_parameters_is_cut_off_unless_it_shows_products() -> None:
    barren, fruitful = Traps(CrawlReport()), Traps(CrawlReport())
    urls = [f"https://shop.example/show.php?id={number}" for number in range(500)]
    assert sum(barren.admits(url) for url in urls) == MOST_VARIANTS
    admitted = 0
    for url in urls:
        admitted += fruitful.admits(url)
        fruitful.reward(url)
    assert admitted == 500


def test_pages_of_one_list_have_a_higher_bound_of_their_own() -> None:
    traps = Traps(CrawlReport())
    urls = [f"https://shop.example/c/shoes?page={number}" for number in range(2000)]
    assert sum(traps.admits(url) for url in urls) == MOST_PAGES


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("https://s.example/c?page=2", "https://s.example/c", True),
        ("https://s.example/c/page/3", "https://s.example/c/page/2", True),
        ("https://s.example/c/page/2/", "https://s.example/c/", True),
        ("https://s.example/d?page=2", "https://s.example/c", False),
        ("https://s.example/c?id=4&page=2", "https://s.example/c?id=5", False),
        ("https://s.example/c", "https://s.example/c", False),
    ],
)
def test_pagination_is_told_from_other_links(url: str, base: str, expected: bool) -> None:
    assert is_page_of(url, base) is expected


def test_links_are_absolute_each_once_without_sessions_tracking_and_nofollow() -> None:
    html = """<base href="/shop/"><a href="p/1#top">a</a><a href="p/1?utm_source=x">b</a>
    <a href="p/2?PHPSESSID=9&amp;id=3">c</a><a rel="nofollow" href="p/3">d</a><a href="javascript:x()">e</a>
    <a href="http://[broken">f</a><a rel="next" href="?page=2">g</a>"""
    found = links(html, "https://s.example/shop/")
    assert [(link.url, link.is_next) for link in found] == [
        ("https://s.example/shop/p/1", False),
        ("https://s.example/shop/p/2?id=3", False),
        ("https://s.example/shop/?page=2", True),
    ]


def test_a_nesting_bomb_has_no_links() -> None:
    assert links("<div>" * 200_000 + '<a href="/p/1">', "https://s.example/") == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<", id="no xml"),
        pytest.param(b"\x1f\x8b\x08broken", id="broken gzip"),
        pytest.param(gzip.compress(bytes(LARGEST + 1)), id="gzip bomb"),
    ],
)
def test_a_broken_sitemap_lists_nothing(body: bytes) -> None:
    try:
        listed = read_sitemap(body)
    except UnreadableSitemap:
        return
    assert not listed.pages
    assert not listed.sitemaps


def test_a_sitemap_may_be_a_plain_list() -> None:
    assert [entry.url for entry in read_sitemap(b"https://s.example/p/1\nhttps://s.example/p/2\n").pages] == [
        "https://s.example/p/1",
        "https://s.example/p/2",
    ]


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("/product-1.xml", "/post-1.xml"), ["/product-1.xml"]),
        (("/product_cat.xml", "/product-1.xml"), ["/product-1.xml"]),
        (("/a.xml", "/blog.xml"), ["/a.xml"]),
        (("/blog.xml", "/news.xml"), ["/blog.xml", "/news.xml"]),
    ],
)
def test_sitemaps_named_after_products_are_preferred(names: tuple[str, ...], read: list[str]) -> None:
    assert [entry.url for entry in worth_reading([Entry(name) for name in names])] == read
