"""robots.txt, delays, Retry-After and refusals are respected by real crawls."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from pricevane.crawling import run_crawl
from spiders.fetch.politeness import LONGEST_WAIT_S, retry_after_s
from spiders.fetch.robots import Rules
from tests.crawl_shop import Reply, Shop, open_shop, page, product, robots, sitemap

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with four products in its sitemap."""
    with open_shop() as shop:
        shop.replies.update({"/p/*": lambda path: product(shop, path)})
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, "/p/1", "/p/2", "/p/3", "/p/4"))
        yield shop


def gaps(shop: Shop) -> list[float]:
    """Seconds between requests."""
    return [later.at - sooner.at for sooner, later in pairwise(shop.asked)]


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
    assert run_crawl(shop.state()).offers == 4


@pytest.mark.slow
def test_crawl_delay_is_kept_and_reported(shop: Shop) -> None:
    shop.replies["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 0.4\n")
    report = run_crawl(shop.state())
    assert min(gaps(shop)) >= 0.35
    assert (report.offers, report.delay_s, report.robots_line) == (4, 0.4, "Crawl-delay: 0.4")


@pytest.mark.slow
def test_two_shops_on_one_host_keep_their_own_robots_and_pace(shop: Shop) -> None:
    with open_shop() as slow:
        slow.replies.update({"/p/*": lambda path: product(slow, path)})
        slow.replies["/sitemap.xml"] = Reply(sitemap(slow, "/p/1", "/p/2"))
        slow.replies["/robots.txt"] = robots("User-agent: pricevane\nDisallow: /p/2\nCrawl-delay: 0.6\n")
        with ThreadPoolExecutor() as pool:
            free, bound = pool.map(run_crawl, (shop.state(), slow.state()))
        assert (free.offers, free.delay_s, free.refused_by_robots) == (4, 0.0, 0)
        assert (bound.offers, bound.delay_s, bound.refused_by_robots) == (1, 0.6, 1)


@pytest.mark.slow
def test_retry_after_is_waited_for_and_the_page_read_then(shop: Shop) -> None:
    answers = iter([Reply(status=429, headers={"Retry-After": "1"})])
    shop.replies["/p/1"] = lambda path: next(answers, product(shop, path))
    report = run_crawl(shop.state(url=f"{shop.url}/p/1", single_page=True))
    first, second = [asked.at for asked in shop.asked if asked.path == "/p/1"]
    assert second - first >= 1.0
    assert (report.offers, report.failed, report.exit_code) == (1, {}, 0)


@pytest.mark.slow
@pytest.mark.parametrize("status", [403, 429, 503, 200])
def test_a_shop_that_challenges_is_left_alone_after_a_few_pages(status: int) -> None:
    with open_shop({"*": Reply(page("challenge"), status), "/robots.txt": robots("")}) as shop:
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *(f"/p/{number}" for number in range(40))))
        report = run_crawl(shop.state())
        assert (report.finished, report.reason, report.exit_code) == (False, "blocked", 5)
        assert 3 <= report.blocked < 20
        assert len({path for path in shop.paths if path.startswith("/p/")}) < 20


@pytest.mark.slow
def test_a_product_page_that_mentions_captchas_is_no_block(shop: Shop) -> None:
    for path in ("/p/1", "/p/2", "/p/3"):
        body = product(shop, path).body.replace(b"</body>", b"<script src=/recaptcha.js></script></body>")
        shop.replies[path] = Reply(body)
    report = run_crawl(shop.state())
    assert (report.blocked, report.offers) == (0, 4)


@pytest.mark.slow
def test_a_dead_shop_is_an_error_and_not_asked_for_every_listing() -> None:
    with open_shop() as shop:
        state = shop.state(known=tuple(f"{shop.url}/p/{number}" for number in range(500)))
    report = run_crawl(state)
    assert (report.exit_code, report.reason) == (1, "nothing answers")
    assert report.failed["connection refused"] < 60
    assert report.requests == 3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        (b"", 0.0),
        (b"7", 7.0),
        (b" 7 ", 7.0),
        (b"99999", LONGEST_WAIT_S),
        (b"-5", 0.0),
        (b"soon", 0.0),
        (b"Sun, 04 May 2031 12:00:30 GMT", 30.0),
        (b"Sun, 04 May 2031 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_bounded(header: bytes | None, seconds: float) -> None:
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /", "/p", False),
        ("User-agent: *\nDisallow: /\nUser-agent: pricevane\nDisallow: /x", "/p", True),
        ("User-agent: *\nDisallow: /p\nAllow: /p/kettle", "/p/kettle", True),
        ("User-agent: *\nDisallow: /*?sort=", "/c?sort=price", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow:", "/p", True),
        ("<html>not a robots.txt</html>", "/p", True),
    ],
)
def test_robots_rules_apply_by_longest_match_to_our_own_name(text: str, path: str, allowed: bool) -> None:
    assert Rules.of(text).allows(f"https://s.example{path}") is allowed
