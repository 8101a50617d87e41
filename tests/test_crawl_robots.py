"""A shop's robots.txt is found, cut and believed as RFC 9309 says, by real crawls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pricevane.crawling import run_crawl
from tests.crawl_shop import Reply, Shop, open_shop, product, redirect, robots, sitemap

RULES = "User-agent: *\nDisallow: /p/2\n"


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with two products in its sitemap."""
    with open_shop() as shop:
        shop.replies.update({"/p/*": lambda path: product(shop, path)})
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, "/p/1", "/p/2"))
        yield shop


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503, 429])
def test_nothing_is_fetched_while_robots_txt_cannot_be_had(shop: Shop, status: int) -> None:
    shop.replies["/robots.txt"] = Reply(status=status)
    report = run_crawl(shop.state(known=(f"{shop.url}/p/1",)))
    assert set(shop.paths) == {"/robots.txt"}
    assert (report.exit_code, report.robots_line) == (5, f"robots.txt answered {status}")


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 404])
def test_everything_may_be_fetched_where_there_is_no_robots_txt(shop: Shop, status: int) -> None:
    shop.replies["/robots.txt"] = Reply(status=status)
    assert run_crawl(shop.state()).offers == 2


@pytest.mark.slow
def test_a_moved_robots_txt_is_obeyed_in_the_name_of_the_first_host(shop: Shop) -> None:
    with open_shop({"/rules/4": robots(RULES)}) as other:
        for step in range(1, 4):
            other.replies[f"/rules/{step}"] = redirect(f"/rules/{step + 1}")
        shop.replies["/robots.txt"] = redirect(f"{other.url}/rules/1")
        report = run_crawl(shop.state(local=(shop.url, other.url)))
        assert (report.offers, report.refused_by_robots, report.robots_line) == (1, 1, "Disallow: /p/2")
        assert other.paths == ["/rules/1", "/rules/2", "/rules/3", "/rules/4"]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["/robots.txt", "http://127.0.0.2:9/robots.txt", "file:///etc/passwd", "http://[::1"])
def test_nothing_is_fetched_where_robots_txt_leads_in_circles_or_astray(shop: Shop, place: str) -> None:
    shop.replies["/robots.txt"] = redirect(place)
    report = run_crawl(shop.state(known=(f"{shop.url}/p/1",)))
    assert set(shop.paths) == {"/robots.txt"}
    assert report.robots_line.startswith("robots.txt")
    assert report.exit_code == 5


@pytest.mark.slow
@pytest.mark.parametrize("after", [b"", b"Disallow: /p/1\n"])
def test_the_first_half_megabyte_of_a_huge_file_is_obeyed_and_the_rest_not_fetched(shop: Shop, after: bytes) -> None:
    padding = b"# nothing\n" * 50_000
    body = b"User-agent: *\n" + padding + b"Disallow: /p/2\n" + padding * 20 + after
    shop.replies["/robots.txt"] = Reply(body, kind="text/plain")
    report = run_crawl(shop.state())
    assert (report.offers, report.robots_line) == (1, "Disallow: /p/2")
    assert report.bytes < 2 * 1024 * 1024


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        RULES.encode("utf-8-sig"),
        RULES.encode("utf-16"),
        RULES.replace("\n", "\r").encode(),
        RULES.replace("/p/2", "/p/2\xe9\nDisallow: /p/2").encode("latin-1"),
        b"\0\xff\xfe broken\n" + RULES.encode(),
    ],
    ids=["utf-8 mark", "utf-16", "carriage returns", "latin-1", "binary"],
)
def test_a_file_in_any_writing_is_obeyed(shop: Shop, body: bytes) -> None:
    shop.replies["/robots.txt"] = Reply(body, kind="text/plain")
    report = run_crawl(shop.state())
    assert (report.offers, report.robots_line) == (1, "Disallow: /p/2")
    assert (report.hosts[shop.key]["refused"], report.hosts[shop.key]["robots_line"]) == (1, "Disallow: /p/2")


@pytest.mark.slow
def test_robots_txt_is_asked_for_once_and_not_packed(shop: Shop) -> None:
    shop.replies["/robots.txt"] = robots(RULES)
    run_crawl(shop.state())
    (asked,) = [asked for asked in shop.asked if asked.path == "/robots.txt"]
    assert asked.headers["Accept-Encoding"] == "identity"
