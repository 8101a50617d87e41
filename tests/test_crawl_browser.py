"""A shop whose prices are made by JavaScript, read with a real Chromium that is kept on a short leash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pricevane.crawling import run_crawl
from pricevane.model import CrawlReport
from tests import browser
from tests.crawl_shop import Reply, Shop, open_shop, page, redirect, robots, sitemap
from tests.rung_shop import open_rungs

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Crawled:
    """The crawl's outcome and what the two shops saw of it."""

    shop: Shop
    elsewhere: Shop
    report: CrawlReport
    rows: list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def crawled() -> Iterator[Crawled]:
    """One crawl for all tests of this module."""
    with open_shop() as shop, open_shop() as elsewhere:
        shop.replies.update(
            {
                "/robots.txt": robots("User-agent: *\nDisallow: /private/\n"),
                "/sitemap.xml": Reply(sitemap(shop, "/p/lamp", "/p/gone", "/p/away")),
                "/p/lamp": Reply(page("scripted", elsewhere=elsewhere.url)),
                "/p/away": redirect(f"{elsewhere.url}/p/lamp"),
                "/api/price.json": Reply(b'{"price": "34.50"}', kind="application/json", wait_s=4.0),
                "/redirect-out": redirect(f"{elsewhere.url}/stolen"),
                "/lamp.png": Reply(kind="image/png"),
                "/private/stock.json": Reply(b"{}", kind="application/json"),
            }
        )
        rows: list[Mapping[str, Any]] = []
        chromium = str(browser.found())
        report = run_crawl(shop.state(render="browser"), chromium=chromium, feed=True, on_offer=rows.append)
        yield Crawled(shop, elsewhere, report, rows)


def test_a_price_that_a_script_fetches_late_is_read(crawled: Crawled) -> None:
    assert [(row["name"], row["price"], row["currency"]) for row in crawled.rows] == [("Lamp", "34.50", "EUR")]


def test_images_are_not_loaded(crawled: Crawled) -> None:
    assert "/lamp.png" not in crawled.shop.paths


def test_robots_holds_for_what_a_page_asks_for_by_itself(crawled: Crawled) -> None:
    assert "/private/stock.json" not in crawled.shop.paths
    assert (crawled.report.refused_by_robots, crawled.report.robots_line) == (1, "Disallow: /private/")


def test_no_script_socket_or_redirect_reaches_another_server_on_this_machine(crawled: Crawled) -> None:
    assert "/redirect-out" in crawled.shop.paths
    assert "/p/away" in crawled.shop.paths
    assert crawled.elsewhere.asked == []


def test_what_a_page_asks_for_is_counted_apart_from_pages(crawled: Crawled) -> None:
    own = [path for path in crawled.shop.paths if path in ("/api/price.json", "/redirect-out")]
    assert crawled.report.browser_requests == len(own) == 2


def test_sitemap_and_robots_are_fetched_without_the_browser(crawled: Crawled) -> None:
    agents = {asked.path: asked.headers for asked in crawled.shop.asked}
    assert "Sec-Fetch-Mode" not in agents["/sitemap.xml"]
    assert "Sec-Fetch-Mode" not in agents["/robots.txt"]


def test_the_browser_names_itself_as_the_crawler(crawled: Crawled) -> None:
    assert {asked.headers["User-Agent"] for asked in crawled.shop.asked} == {"pricevane/0.1"}


def test_missing_pages_are_counted(crawled: Crawled) -> None:
    assert crawled.report.failed["404"] == 1
    assert crawled.report.finished


def descendants(ancestor: int) -> Iterator[tuple[int, str]]:
    """Process id and name of everything that a process has started, and they in turn."""
    parents: dict[int, tuple[int, str]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            head, _, tail = place.read_text().rpartition(")")
            number, _, name = head.partition(" (")
            parents[int(number)] = int(tail.split()[1]), name
    for pid, (_, name) in parents.items():
        above = pid
        while above in parents and above != ancestor:
            above = parents[above][0]
        if above == ancestor and pid != ancestor:
            yield pid, name


def kill_chromium() -> int:
    """SIGKILL for every Chromium process below this one; how many there were."""
    found = [pid for pid, name in descendants(os.getpid()) if name.startswith("chrom")]
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def test_the_browser_of_a_crawl_never_sees_our_settings_and_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRICEVANE_MAIL_PASSWORD", "hush")
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\nenv >> {tmp_path}/told\nexit 1\n", "utf-8")
    program.chmod(0o755)
    with open_rungs("drawn", 1) as rungs:
        report = rungs.crawl(str(program), render="browser")
    told = (tmp_path / "told").read_text("utf-8")
    assert "PATH=" in told
    assert "PRICEVANE" not in told
    assert report.failed["browser"]


def test_a_killed_browser_is_started_again_and_no_page_is_lost() -> None:
    with open_rungs("drawn", 30) as rungs:
        killed = 0

        def kill_once(told: Mapping[str, Any]) -> None:
            nonlocal killed
            killed = killed or (kill_chromium() if told["pages"] else 0)

        report = rungs.crawl(on_progress=kill_once, render="browser")
        assert killed
        assert rungs.good == rungs.asked
        assert (report.finished, report.failed) == (True, {})


def test_a_browser_that_dies_again_and_again_costs_pages_which_are_counted_and_not_the_crawl() -> None:
    with open_rungs("drawn", 24) as rungs:

        def kill_always(told: Mapping[str, Any]) -> None:
            kill_chromium()

        report = rungs.crawl(on_progress=kill_always, render="browser")
        assert report.failed["browser"] + len(rungs.good) >= 12
        assert rungs.good.items() <= rungs.asked.items()
        assert report.exit_code in (1, 3)
