"""A robots.txt means to us what RFC 9309 says, whoever wrote it, and is read in linear time."""

from __future__ import annotations

import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.fetch.hours import Hours
from spiders.fetch.rules import LONGEST_DELAY_S, Rules

SITE = "https://s.example"
RULES = tomllib.loads((Path(__file__).parent / "robots_rules.toml").read_text("utf-8"))
LINES = 20_000
# Files of 500 KB and more that make slow matchers slow.
HOSTILE = {
    "many wildcards": "\n".join(f"Disallow: /*{number:05d}*x*y*z" for number in range(LINES)),
    "wildcards that almost match": "\n".join(f"Disallow: /{'*a' * 7}{number}" for number in range(LINES)),
    "parts that almost match": "\n".join(f"Disallow: /*{'a' * 9}{number}b{'a' * 9}" for number in range(LINES)),
    "one long rule": f"Disallow: /{'*a' * 250_000}b",
    "one long escape": f"Disallow: /{'%41' * 170_000}",
    "one long line of spaces": f"Disallow{' ' * 500_000}x",
    "many groups": "User-agent: *\n" * 36_000,
}
# Paths as people write them, without what has a meaning of its own in a rule or an address.
PATHS = st.text(st.characters(exclude_characters="#*$?%\r\n\t ", exclude_categories=["Cs"]))
RESERVED = "/:[]@!&'()+,;="


@pytest.mark.parametrize("name", RULES)
def test_robots_rules_mean_what_the_rfc_says(name: str) -> None:
    row = RULES[name]
    rules = Rules.of(row["text"], SITE)
    assert [path for path in row.get("allowed", ()) if not rules.allows(SITE + path)] == []
    assert [path for path in row.get("refused", ()) if rules.allows(SITE + path)] == []


@given(PATHS)
def test_a_rule_refuses_the_path_that_it_names_and_what_lies_below_however_both_are_written(path: str) -> None:
    for written in (path, quote(path, RESERVED)):
        rules = Rules.of(f"User-agent: *\nDisallow: /x{written}", SITE)
        assert not rules.allows(f"{SITE}/x{quote(path, RESERVED)}")
        assert not rules.allows(f"{SITE}/x{quote(path, RESERVED)}/below")


@pytest.mark.parametrize(
    ("origin", "url", "allowed"),
    [
        ("https://s.example", "https://s.example:443/p", True),
        ("https://s.example", "https://S.EXAMPLE/p", True),
        ("https://s.example", "/p", True),
        ("https://s.example", "https://s.example/x", False),
        ("https://s.example", "http://s.example/p", False),
        ("https://s.example", "https://s.example:8443/p", False),
        ("https://s.example", "https://www.s.example/p", False),
        ("https://münchen.example", "https://xn--mnchen-3ya.example/p", True),
        ("https://s.example", "mailto:owner@s.example", False),
    ],
)
def test_a_file_speaks_for_its_own_origin_only(origin: str, url: str, allowed: bool) -> None:
    assert Rules.of("User-agent: *\nDisallow: /x", origin).allows(url) is allowed


@pytest.mark.parametrize(
    ("lines", "delay_s", "line"),
    [
        ("Crawl-delay: 5", 5.0, "Crawl-delay: 5"),
        ("crawl delay: 0.5", 0.5, "Crawl-delay: 0.5"),
        ("Crawl-delay: 2,5", 2.5, "Crawl-delay: 2,5"),
        ("Crawl-delay: 10s # please", 10.0, "Crawl-delay: 10s"),
        ("Crawl-delay: 1\nCrawl-delay: 3", 3.0, "Crawl-delay: 3"),
        ("Request-rate: 1/10", 10.0, "Request-rate: 1/10"),
        ("Request-rate: 30/1m 0600-2200", 2.0, "Request-rate: 30/1m 0600-2200"),
        ("Request-rate: 1/5\nCrawl-delay: 2", 5.0, "Request-rate: 1/5"),
        ("Request-rate: 0/5", 0.0, ""),
        ("Crawl-delay: soon", 0.0, ""),
        ("Crawl-delay: -3", 0.0, ""),
        ("Crawl-delay: nan", 0.0, ""),
        ("Crawl-delay: 86400", LONGEST_DELAY_S, "Crawl-delay: 86400 (kept: 3600 s)"),
        (f"Crawl-delay: {'9' * 400}", 0.0, ""),
    ],
)
def test_delays_are_read_bounded_and_told(lines: str, delay_s: float, line: str) -> None:
    rules = Rules.of(f"User-agent: *\n{lines}")
    assert (rules.delay_s, rules.delay_line[:60]) == (delay_s, line)


def test_a_delay_of_others_is_not_ours() -> None:
    text = "User-agent: *\nCrawl-delay: 30\n\nUser-agent: pricevane\nCrawl-delay: 2\n"
    assert Rules.of(text).delay_s == 2.0


def test_the_line_that_refuses_is_told_as_it_was_written() -> None:
    rules = Rules.of("User-agent: *\nDisallow: /shop/\nDisallow: /shop/K%c3%a4se*alt # old\n", SITE)
    assert rules.line_refusing(f"{SITE}/shop/K%C3%A4se-ist-alt") == "Disallow: /shop/K%c3%a4se*alt"
    assert rules.line_refusing(f"{SITE}/shop/neu") == "Disallow: /shop/"
    assert rules.line_refusing(f"{SITE}/") == ""


def test_sitemaps_stand_outside_of_groups() -> None:
    text = "Sitemap: /a.xml\nUser-agent: other\nsitemap: https://s.example/b.xml\nSite-map:c.xml"
    assert Rules.of(text).sitemaps == ("/a.xml", "https://s.example/b.xml", "c.xml")


@pytest.mark.parametrize("name", HOSTILE)
def test_half_a_megabyte_of_hostile_rules_costs_less_than_a_second(name: str) -> None:
    began = time.process_time()
    rules = Rules.of(f"User-agent: *\n{HOSTILE[name]}", SITE)
    read = time.process_time()
    rules.allows(f"{SITE}/{'a' * 2040}")
    assert read - began < 2.0
    assert time.process_time() - read < 1.0


@pytest.mark.parametrize(
    ("text", "at", "admitted"),
    [
        ("22:00-06:00", "23:15", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("22:00-06:00", "12:00", False),
        ("0600-0845", "06:00", True),
        ("0600-0845", "08:45", False),
        ("0600 0845", "07:00", True),
        ("00:00-24:00", "12:00", True),
    ],
)
def test_hours_hold_over_midnight_and_leave_their_end_out(text: str, at: str, admitted: bool) -> None:
    hours = Hours.read(text)
    assert hours
    assert hours.admits(datetime.fromisoformat(f"2031-05-04T{at}+00:00")) is admitted


def test_hours_are_those_of_their_own_time_zone() -> None:
    hours = Hours.read("22:00-06:00", ZoneInfo("Europe/Paris"))
    assert hours
    assert hours.admits(datetime(2031, 7, 1, 20, 30, tzinfo=UTC))
    assert not hours.admits(datetime(2031, 7, 1, 4, 30, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "always", "25:00-06:00", "22-06", "22:00", "22:00-06:60"])
def test_what_is_no_span_of_hours_is_none(text: str) -> None:
    assert Hours.read(text) is None


def test_visiting_hours_are_read_from_the_file() -> None:
    rules = Rules.of("User-agent: *\nVisit-time: 0600-0845\nVisit-time: whenever\n")
    assert rules.hours == (Hours.read("06:00-08:45"),)
