"""Delays, hours, Retry-After and refusals are respected by real crawls, and the ledger tells how."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from pricevane.crawling import run_crawl
from spiders.fetch.patience import retry_after_s
from tests.crawl_shop import Reply, Shop, open_shop, page, product, redirect, robots, sitemap

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
def test_crawl_delay_is_kept_and_reported(shop: Shop) -> None:
    shop.replies["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 0.4\n")
    report = run_crawl(shop.state())
    assert min(gaps(shop)) >= 0.35
    assert (report.offers, report.delay_s, report.robots_line) == (4, 0.4, "Crawl-delay: 0.4")
    ledger = report.hosts[shop.key]
    assert ledger["requests"] == len(shop.asked)
    assert (ledger["delay_s"], ledger["robots_line"]) == (0.4, "Crawl-delay: 0.4")
    assert 0.35 <= ledger["gap_least_s"] <= ledger["gap_median_s"] < 2
    assert abs(ledger["gap_least_s"] - min(gaps(shop))) < 0.2


@pytest.mark.slow
def test_one_pace_is_kept_for_all_pages_retries_and_redirects_of_a_shop(shop: Shop) -> None:
    answers = iter([Reply(status=500), redirect("/p/2")])
    shop.replies["/robots.txt"] = robots("User-agent: *\nRequest-rate: 2/1s\n")
    shop.replies["/p/1"] = lambda _: next(answers, Reply(b"gone", 404))
    report = run_crawl(shop.state())
    assert shop.paths.count("/p/1") == 2
    assert shop.paths.count("/p/2") == 2
    assert min(gaps(shop)) >= 0.45
    assert report.robots_line == "Request-rate: 2/1s"


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
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_and_the_page_read_then(shop: Shop, status: int) -> None:
    answers = iter([Reply(status=status, headers={"Retry-After": "1"})])
    shop.replies["/p/1"] = lambda path: next(answers, product(shop, path))
    report = run_crawl(shop.state(url=f"{shop.url}/p/1", single_page=True))
    first, second = [asked.at for asked in shop.asked if asked.path == "/p/1"]
    assert second - first >= 1.0
    assert (report.offers, report.failed, report.exit_code) == (1, {}, 0)
    assert 0.9 < report.hosts[shop.key]["waited_s"] <= 1.0


@pytest.mark.slow
def test_a_retry_after_holds_back_every_request_to_the_shop(shop: Shop) -> None:
    answers = iter([Reply(status=429, headers={"Retry-After": "2"})])
    shop.replies["/sitemap.xml"] = lambda _: next(answers, Reply(sitemap(shop, "/p/1", "/p/2")))
    assert run_crawl(shop.state(known=(f"{shop.url}/p/3",))).offers == 3
    told_at = next(asked.at for asked in shop.asked if asked.path == "/sitemap.xml")
    assert [asked.path for asked in shop.asked if 0.5 < asked.at - told_at < 2.0] == []


@pytest.mark.slow
def test_without_retry_after_each_wait_is_twice_the_last_and_the_fourth_refusal_ends_the_crawl(shop: Shop) -> None:
    shop.replies["/p/*"] = Reply(b"slow down", 429)
    report = run_crawl(shop.state(url=f"{shop.url}/p/1", known=(f"{shop.url}/p/2",)))
    told = [asked.at for asked in shop.asked if asked.path == "/p/2"]
    waits = [later - sooner for sooner, later in pairwise(told)]
    assert len(waits) == 2
    assert waits[0] >= 1
    assert waits[1] >= 2
    assert (report.finished, report.reason, report.exit_code) == (False, "blocked", 5)


@pytest.mark.slow
def test_who_asks_to_come_back_much_later_is_left_alone_at_once(shop: Shop) -> None:
    shop.replies["/p/2"] = Reply(status=503, headers={"Retry-After": "7200"})
    report = run_crawl(shop.state(known=tuple(f"{shop.url}/p/{number}" for number in range(2, 40))))
    assert (report.finished, report.reason) == (False, "asked to come back in 7200 s")
    assert shop.paths.count("/p/2") == 1
    assert len(shop.asked) < 20
    assert report.seconds < 10


@pytest.mark.slow
@pytest.mark.parametrize("said_by", ["operator", "robots.txt"])
def test_nothing_is_asked_outside_of_the_shops_hours(shop: Shop, said_by: str) -> None:
    hours = {"hours": "02:00-06:00", "time_zone": "Europe/Paris"} if said_by == "operator" else {}
    text = "" if said_by == "operator" else "User-agent: *\nVisit-time: 0100-0500\n"
    shop.replies["/robots.txt"] = robots(text)
    report = run_crawl(shop.state(clock_at=NOW, **hours))
    assert (report.finished, report.reason, report.failed) == (False, "outside its hours", {})
    assert {path for path in shop.paths if path != "/robots.txt"} == set()
    assert run_crawl(shop.state(clock_at=NOW.replace(hour=2), **hours)).offers == 4


@pytest.mark.slow
def test_a_crawl_ends_where_the_hours_end_and_keeps_what_it_read(shop: Shop) -> None:
    shop.replies["/robots.txt"] = robots("User-agent: *\nCrawl-delay: 0.5\n")
    closing = NOW.replace(hour=5, minute=59, second=58)
    report = run_crawl(shop.state(clock_at=closing, hours="22:00-06:00"))
    assert report.reason == "outside its hours"
    assert 0 < report.offers < 4
    assert shop.asked[-1].at - shop.asked[0].at < 2.5


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
def test_refusals_of_pages_that_were_open_are_a_block_and_of_others_are_none(shop: Shop) -> None:
    shop.replies["/p/*"] = Reply(b"no", 403)
    known = tuple(f"{shop.url}/p/{number}" for number in range(1, 40))
    refused = run_crawl(shop.state(known=known))
    assert (refused.reason, refused.hosts[shop.key]["blocked"] >= 3) == ("blocked", True)
    assert len(shop.asked) < 20
    unknown = run_crawl(shop.state())
    assert (unknown.blocked, unknown.failed["403"]) == (0, 4)


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
        (b"99999", 99999.0),
        (b"-5", 0.0),
        (b"soon", 0.0),
        (b"\xb2", 0.0),
        (b"Sun, 04 May 99999 12:00:30 GMT", 0.0),
        (b"Sun, 04 May 2031 12:00:30 GMT", 30.0),
        (b"Sun, 04 May 2031 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(header: bytes | None, seconds: float) -> None:
    assert retry_after_s(header, NOW) == seconds
