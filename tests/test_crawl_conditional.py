"""Known pages are asked for by their validators, and a server whose validators lie is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pricevane import jobs
from pricevane.cli import app
from pricevane.config import load
from pricevane.crawling import run_crawl
from pricevane.house import House, open_house
from pricevane.jobs import Crawled
from pricevane.model import Publication
from spiders.fetch.conditional import VERIFIED_EVERY, conditions, is_same_version
from tests.crawl_shop import Reply, Shop, open_shop, product, redirect, robots, sitemap

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
PAST, FUTURE = "Sun, 04 May 2031 11:00:00 GMT", "Sun, 04 May 2031 13:00:00 GMT"
PAGES = 30
TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
local = true
"""


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop of thirty products."""
    with open_shop({"/robots.txt": robots("")}) as shop:
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *(f"/p/{number}" for number in range(PAGES))))
        yield shop


@pytest.fixture
def house(shop: Shop, tmp_path: Path) -> Iterator[House]:
    """A house that knows the shop."""
    (tmp_path / "pricevane.toml").write_text(TOML.format(url=shop.url), "utf-8")
    house = open_house(load(tmp_path / "pricevane.toml", {}))
    yield house
    house.engine.dispose()


def versioned(shop: Shop, price: str, etag: str) -> Callable[[str], Reply]:
    """Product pages with an ETag; who names it is told that nothing has changed."""

    def answer(path: str) -> Reply:
        asked = next(asked for asked in reversed(shop.asked) if asked.path == path)
        if asked.headers.get("If-None-Match") == etag:
            return Reply(status=304, headers={"ETag": etag})
        return Reply(product(shop, path, price).body, headers={"ETag": etag})

    return answer


def conditional(shop: Shop) -> set[str]:
    """The paths that were asked for conditionally."""
    return {asked.path for asked in shop.asked if {"If-None-Match", "If-Modified-Since"} & asked.headers.keys()}


def crawl_again(house: House, shop: Shop, price: str, etag: str) -> Crawled:
    shop.asked.clear()
    shop.replies["/p/*"] = versioned(shop, price, etag)
    return jobs.crawl(house, "rival")


@pytest.mark.slow
def test_unchanged_pages_cost_no_body_and_one_in_twenty_is_asked_for_whole(shop: Shop) -> None:
    shop.replies["/p/*"] = versioned(shop, "19.90", '"v1"')
    known = tuple(f"{shop.url}/p/{number}" for number in range(PAGES))
    report = run_crawl(shop.state(known=known, validators=dict.fromkeys(known, ('"v1"', ""))))
    whole = -(-PAGES // VERIFIED_EVERY)
    assert (report.unchanged, report.offers, report.failed) == (PAGES - whole, whole, {})
    assert len(conditional(shop)) == report.hosts[shop.key]["unchanged"] == PAGES - whole
    assert sorted(path for path in shop.paths if path.startswith("/p/")) == sorted(f"/p/{n}" for n in range(PAGES))


@pytest.mark.slow
def test_a_page_behind_a_redirect_is_asked_for_whole(shop: Shop) -> None:
    shop.replies |= {"/p/*": versioned(shop, "19.90", '"v1"'), "/p/1": redirect("/p/2")}
    known = (f"{shop.url}/p/0", f"{shop.url}/p/1")
    run_crawl(shop.state(known=known, validators=dict.fromkeys((*known, f"{shop.url}/p/2"), ('"v1"', PAST))))
    behind = [asked for asked in shop.asked if asked.path == "/p/2"]
    assert any("If-None-Match" not in asked.headers for asked in behind)


@pytest.mark.slow
def test_an_honest_shop_is_asked_conditionally_crawl_after_crawl(house: House, shop: Shop) -> None:
    said = (("19.90", '"v1"'), ("19.90", '"v1"'), ("17.50", '"v2"'))
    reports = [crawl_again(house, shop, *one).report for one in said]
    assert [report.unchanged for report in reports] == [0, PAGES - 2, 0]
    assert [report.stored for report in reports] == [PAGES] * 3
    assert reports[-1].changed == PAGES
    assert "validators" not in reports[-1].learned
    assert len(conditional(shop)) == PAGES - 2


@pytest.mark.slow
def test_a_shop_whose_prices_change_under_the_same_etag_is_not_asked_conditionally_again(
    house: House, shop: Shop
) -> None:
    crawl_again(house, shop, "19.90", '"v1"')
    found_out = crawl_again(house, shop, "17.50", '"v1"')
    assert found_out.report.learned["validators"] == "untrusted"
    assert found_out.publication is Publication.SUSPECT
    assert found_out.reason.startswith(f"{PAGES - 2} pages are unchanged, says a server that said so of a changed one")
    for price in ("16.00", "15.00"):
        after = crawl_again(house, shop, price, '"v1"').report
        assert (conditional(shop), after.unchanged, after.learned["validators"]) == (set(), 0, "untrusted")


@pytest.mark.slow
def test_the_ledger_of_a_site_tells_what_its_crawls_asked(house: House, shop: Shop) -> None:
    asked: list[int] = []
    for _ in range(2):
        crawl_again(house, shop, "19.90", '"v1"')
        asked.insert(0, len(shop.asked))
    done = CliRunner().invoke(
        app, ["site", "ledger", "rival", "-f", "csv", "-c", str(house.config.root / "pricevane.toml")]
    )
    header, latest, first = [line.split(",") for line in done.output.splitlines()]
    rows = [dict(zip(header, row, strict=True)) for row in (latest, first)]
    assert [row["host"] for row in rows] == [shop.key] * 2
    assert [int(row["requests"]) for row in rows] == asked
    assert [float(row["unchanged_share"]) for row in rows] == [round((PAGES - 2) / asked[0], 3), 0.0]
    assert float(rows[0]["mb"]) < float(rows[1]["mb"])


@pytest.mark.parametrize(
    ("validators", "sent"),
    [
        (('"v1"', ""), {"If-None-Match": '"v1"'}),
        (('W/"v1"', PAST), {"If-None-Match": 'W/"v1"', "If-Modified-Since": PAST}),
        (("", PAST), {"If-Modified-Since": PAST}),
        (("", FUTURE), {}),
        (('"v1"', FUTURE), {"If-None-Match": '"v1"'}),
        (("", "yesterday"), {}),
        (("", ""), {}),
    ],
)
def test_only_validators_that_can_be_true_are_sent(validators: tuple[str, str], sent: dict[str, str]) -> None:
    assert conditions(validators, NOW) == sent


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (('"v1"', PAST), ('W/"v1"', FUTURE), True),
        (('"v1"', PAST), ('"v2"', PAST), False),
        (('"v1"', PAST), ("", PAST), False),
        (("", PAST), ("", PAST), True),
        (("", PAST), ("", FUTURE), False),
        (("", ""), ("", ""), False),
    ],
)
def test_a_page_is_of_the_same_version_by_etag_before_date(
    before: tuple[str, str], now: tuple[str, str], same: bool
) -> None:
    assert is_same_version(before, now) is same
