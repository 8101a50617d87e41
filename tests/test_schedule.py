"""The clock: due times through clock changes and downtime, each fired once, and a schedule that really runs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, update

from pricevane import cron, schedule
from pricevane.config import load
from pricevane.house import open_house
from pricevane.storage.engine import open_engine
from pricevane.storage.tables import CrawlRun, Firing, Match, PricingRun, Schedule
from tests.crawl_shop import Reply, Shop, category, open_shop, product, sitemap
from tests.house_rows import AT, rows

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# On 29 March 2026 clocks go from 02:00 to 03:00 in Berlin, on 25 October from 03:00 back to 02:00.
# (cron, after, the next due times), all in UTC.
DUE = {
    "every night": ("30 2 * * *", "2026-01-10 12:00", ["2026-01-11 01:30", "2026-01-12 01:30"]),
    "gap": ("30 2 * * *", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
    "gap to its end": ("59 2 * * *", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:59"]),
    "after the gap": ("0 3 * * *", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 01:00"]),
    "fold": ("30 2 * * *", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
    "between the two of a fold": ("30 2 * * *", "2026-10-25 00:40", ["2026-10-26 01:30"]),
    "in the second of a fold": ("30 2 * * *", "2026-10-25 01:10", ["2026-10-26 01:30"]),
    "quarters through the gap": ("*/15 * * * *", "2026-03-29 00:40", ["2026-03-29 00:45", "2026-03-29 01:00"]),
    "Sundays by number": ("0 12 * * 0", "2026-03-02 06:00", ["2026-03-08 11:00", "2026-03-15 11:00"]),
    "Sundays by the other number": ("0 12 * * 7", "2026-03-02 06:00", ["2026-03-08 11:00"]),
    "working days": ("0 12 * * 1-5", "2026-03-06 06:00", ["2026-03-06 11:00", "2026-03-09 11:00"]),
    "days by name": ("0 12 * * sat,mon", "2026-03-06 06:00", ["2026-03-07 11:00", "2026-03-09 11:00"]),
    "leap day": ("0 0 29 2 *", "2026-03-02 06:00", ["2028-02-28 23:00"]),
    "first of the month": ("0 0 1 * *", "2026-03-02 06:00", ["2026-03-31 22:00"]),
}
# How long the clock stood: (schedule, due since, what the tick notes).
DOWNTIME: dict[str, tuple[dict[str, Any], timedelta, list[tuple[timedelta, str]]]] = {
    "just due": ({"every_s": 3600}, timedelta(0), [(timedelta(0), "running")]),
    "a night": ({"every_s": 3600}, 8 * HOUR + 5 * MINUTE, [(5 * MINUTE, "running")]),
    "on the limit": ({"every_s": 86400}, HOUR, [(HOUR, "running")]),
    "too late": ({"every_s": 86400}, HOUR + MINUTE, [(HOUR + MINUTE, "missed")]),
    "nightly missed for days": ({"cron": "0 4 * * *"}, 2 * DAY + 2 * HOUR, [(2 * DAY + 2 * HOUR, "missed")]),
    "nightly, back in time": ({"cron": "30 5 * * *"}, 2 * DAY + HOUR / 2, [(HOUR / 2, "running")]),
    "a year of minutes": ({"cron": "* * * * *"}, 365 * DAY, [(timedelta(0), "running")]),
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def add_schedule(engine: Engine, **changed: Any) -> int:
    """A schedule; hourly unless changed."""
    usual = {"name": "nightly", "sites": [], "then": [], "time_zone": "UTC", "next_due_at": AT}
    timing = {} if "cron" in changed else {"every_s": 3600}
    with engine.begin() as connection:
        return connection.execute(insert(Schedule).values(usual | timing | changed).returning(Schedule.id)).scalar_one()


@pytest.mark.parametrize("when", DUE)
def test_a_cron_line_is_wall_time_of_its_zone(when: str) -> None:
    line, after, expected = DUE[when]
    found, moment = [], at(after)
    for _ in expected:
        moment = cron.next_after(line, BERLIN, moment)
        found.append(moment)
    assert found == [at(text) for text in expected]


def test_each_wall_time_of_a_year_has_one_instant_and_they_are_in_order() -> None:
    moment, found = at("2025-12-31 23:00"), []
    while moment < at("2026-12-31 01:30"):
        moment = cron.next_after("30 2 * * *", BERLIN, moment)
        found.append(moment)
    assert len(found) == 365
    assert len({instant.astimezone(BERLIN).date() for instant in found}) == 365
    assert found == sorted(found)


def test_a_new_schedule_is_due_later_and_does_not_fire_at_once(engine: Engine) -> None:
    add_schedule(engine, next_due_at=None)
    assert schedule.tick(engine, AT) == []
    assert rows(engine, Schedule)[0].next_due_at == AT + HOUR
    (due,) = schedule.tick(engine, AT + HOUR)
    assert (due.name, due.due_at) == ("nightly", AT + HOUR)


@pytest.mark.parametrize("how", DOWNTIME)
def test_after_downtime_one_due_time_is_caught_up_unless_it_is_too_late(sqlite_engine: Engine, how: str) -> None:
    timing, since, noted = DOWNTIME[how]
    add_schedule(sqlite_engine, **timing, next_due_at=AT - since)
    began = time.monotonic()
    due = schedule.tick(sqlite_engine, AT)
    assert time.monotonic() - began < 5
    assert [(AT - row.due_at, row.state) for row in rows(sqlite_engine, Firing)] == noted
    assert len(due) == sum(state == "running" for _, state in noted)
    assert rows(sqlite_engine, Schedule)[0].next_due_at > AT
    assert schedule.tick(sqlite_engine, AT) == []


def test_a_disabled_schedule_does_not_fire(engine: Engine) -> None:
    add_schedule(engine, enabled=False)
    assert schedule.tick(engine, AT) == []
    assert rows(engine, Firing) == []


def test_a_firing_ends_as_done_or_failed_and_a_lost_one_as_failed(engine: Engine) -> None:
    for name in ("a", "b", "c"):
        add_schedule(engine, name=name)
    first, second, _ = sorted(schedule.tick(engine, AT), key=lambda due: due.name)
    schedule.end(engine, first, AT + MINUTE)
    schedule.end(engine, second, AT + MINUTE, "it broke")
    schedule.forget_lost(engine, AT + HOUR)
    assert [row.state for row in rows(engine, Firing)] == ["done", "failed", "running"]
    schedule.forget_lost(engine, AT + DAY)
    assert [(row.state, row.error) for row in rows(engine, Firing)] == [
        ("done", ""),
        ("failed", "it broke"),
        ("failed", "its process died"),
    ]


def test_tickers_side_by_side_fire_each_due_time_once(engine: Engine) -> None:
    for number in range(5):
        add_schedule(engine, name=f"s{number}", every_s=60)
    tickers, rounds = 4, 6
    together = Barrier(tickers)

    def run(_: int) -> list[tuple[str, datetime]]:
        own, fired = open_engine(engine.url), []
        for step in range(rounds):
            together.wait()
            fired += [(due.name, due.due_at) for due in schedule.tick(own, AT + step * MINUTE)]
        own.dispose()
        return fired

    with ThreadPoolExecutor(tickers) as workers:
        fired = [one for part in workers.map(run, range(tickers)) for one in part]
    assert sorted(fired) == sorted((f"s{number}", AT + step * MINUTE) for number in range(5) for step in range(rounds))


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_schedule_never_runs_beside_itself_and_ends_when_told(sqlite_engine: Engine, sent: signal.Signals) -> None:
    add_schedule(sqlite_engine, every_s=1)
    script = """
import sys, time
from datetime import UTC, datetime
from pricevane import schedule
from pricevane.storage.engine import open_engine
engine = open_engine(sys.argv[1])
def run(due, stopping):
    print("begins", flush=True)
    while not stopping():
        time.sleep(0.05)
    schedule.end(engine, due, datetime.now(UTC))
    print("ends", flush=True)
schedule.serve(engine, run, lambda: datetime.now(UTC), 1)
"""
    with sqlite_engine.begin() as connection:
        connection.execute(update(Schedule).values(next_due_at=datetime.now(UTC)))
    command = [sys.executable, "-W", "error", "-c", script, sqlite_engine.url.render_as_string()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert wait_until(lambda: any(row.state == "missed" for row in rows(sqlite_engine, Firing)))
            process.send_signal(sent)
            told, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (told.split(), process.returncode) == (["begins", "ends"], 0)
    assert {(row.state, row.error) for row in rows(sqlite_engine, Firing)} == {
        ("done", ""),
        ("missed", "the one before still ran"),
    }


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


TOML = """
[[competitors]]
name = "Rival"
[[competitors.sites]]
name = "rival"
url = "{url}/"
local = true
[[schedules]]
name = "often"
every_minutes = 600
then = ["match", "propose", "digest"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for a toml and its database."""
    (tmp_path / "house").mkdir()
    return tmp_path / "house"


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "pricevane", *words, "-c", str(folder / "pricevane.toml")]


@pytest.fixture
def clock(folder: Path) -> Iterator[Callable[[Shop], tuple[subprocess.Popen[str], Engine]]]:
    """Starts `schedule run` on a shop with a schedule that is due since a minute."""
    started: list[subprocess.Popen[str]] = []
    engines: list[Engine] = []

    def start(shop: Shop) -> tuple[subprocess.Popen[str], Engine]:
        (folder / "pricevane.toml").write_text(TOML.format(url=shop.url), "utf-8")
        engine = open_house(load(folder / "pricevane.toml", {})).engine
        engines.append(engine)
        with engine.begin() as connection:
            connection.execute(update(Schedule).values(next_due_at=datetime.now(UTC) - MINUTE))
        process = subprocess.Popen(
            command(folder, "schedule", "run", "--every", "1"), stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, engine

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for engine in engines:
        engine.dispose()


@pytest.mark.slow
def test_a_due_schedule_crawls_matches_and_proposes_and_stops_when_told(
    clock: Callable[[Shop], tuple[subprocess.Popen[str], Engine]],
) -> None:
    paths = [f"/p/{number}" for number in range(12)]
    with open_shop() as shop:
        shop.replies |= {path: product(shop, path) for path in paths}
        shop.replies |= {"/": category(*paths), "/sitemap.xml": Reply(sitemap(shop, *paths))}
        process, engine = clock(shop)
        assert wait_until(lambda: any(row.state == "done" for row in rows(engine, Firing)))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert told.splitlines() == ["waiting for what is due; stop with Ctrl-C", "stopped"]
    assert [(row.state, row.error) for row in rows(engine, Firing)] == [("done", "")]
    assert [(row.state, row.publication, row.report["stored"]) for row in rows(engine, CrawlRun)] == [
        ("complete", "published", 12)
    ]
    assert (len(rows(engine, PricingRun)), rows(engine, Match)) == (1, [])


@pytest.mark.slow
def test_a_clock_that_is_stopped_in_a_crawl_keeps_what_was_read_and_says_so(
    clock: Callable[[Shop], tuple[subprocess.Popen[str], Engine]],
) -> None:
    seen = Event()
    with open_shop() as shop:

        def slow(path: str) -> Reply:
            seen.set()
            return Reply(product(shop, path).body, wait_s=0.2)

        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, *(f"/p/{n}" for n in range(900)))), "/p/*": slow}
        process, engine = clock(shop)
        assert seen.wait(60)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    ((run),) = rows(engine, CrawlRun)
    assert (run.state, run.report["reason"]) == ("incomplete", "interrupted")
    assert 0 < run.report["stored"] < 900
    assert [(row.state, row.error) for row in rows(engine, Firing)] == [("failed", "stopped in the crawl of rival")]
    assert rows(engine, PricingRun) == []
