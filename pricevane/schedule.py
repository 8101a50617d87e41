"""The clock: schedules are rows, `tick()` is stateless, APScheduler only calls it."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy import Connection, Engine, select, update

from pricevane import cron
from pricevane.storage.history import AnyRow, upsert
from pricevane.storage.tables import Firing, Schedule

TICK_S = 15
LOST_AFTER = timedelta(hours=12)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed firing: run its sites and stages, then report with `end`."""

    schedule_id: int
    due_at: datetime
    name: str
    sites: tuple[str, ...]
    then: tuple[str, ...]


Run = Callable[[Due, Callable[[], bool]], None]


def next_due(row: Schedule | AnyRow, after: datetime) -> datetime:
    """The first due instant later than `after` (aware UTC); see `cron.instant` for clock changes."""
    if row.every_s:
        start = row.next_due_at or after
        missed = max(0, (after - start) // timedelta(seconds=row.every_s)) + 1
        return start + missed * timedelta(seconds=row.every_s)
    return cron.next_after(row.cron or "", ZoneInfo(row.time_zone), after)


def tick(engine: Engine, now: datetime) -> list[Due]:
    """Note what is due, advance the due times, and claim firings; safe beside any number of tickers.

    After a pause only the latest due time fires, and not even that when it is later than the schedule allows.
    """
    with engine.begin() as connection:
        for row in connection.execute(select(Schedule.__table__).where(Schedule.enabled)).all():
            _advance(connection, row, now)
        claimed = connection.execute(
            update(Firing)
            .where(Firing.state == "due")
            .values(state="running", started_at=now)
            .returning(Firing.schedule_id, Firing.due_at)
        ).all()
        rows = {row.id: row for row in connection.execute(select(Schedule.__table__))}
    return [Due(key, due_at, rows[key].name, tuple(rows[key].sites), tuple(rows[key].then)) for key, due_at in claimed]


def _advance(connection: Connection, row: AnyRow, now: datetime) -> None:
    if row.next_due_at is not None and row.next_due_at > now:
        return
    if row.next_due_at is not None:
        due_at, late = _latest_due(row, now)
        connection.execute(
            upsert(connection, Firing)
            .values(schedule_id=row.id, due_at=due_at, state="missed" if late else "due")
            .on_conflict_do_nothing(index_elements=["schedule_id", "due_at"])
        )
    same = Schedule.next_due_at.is_(None) if row.next_due_at is None else Schedule.next_due_at == row.next_due_at
    connection.execute(update(Schedule).where(Schedule.id == row.id, same).values(next_due_at=next_due(row, now)))


def _latest_due(row: AnyRow, now: datetime) -> tuple[datetime, bool]:
    """The last due time up to now and False, or, if all are too late, one of them and True."""
    earliest = now - timedelta(seconds=row.latest_s)
    due_at: datetime = row.next_due_at
    if due_at < earliest:
        due_at = next_due(row, earliest - timedelta(seconds=1))
        if due_at > now:
            return row.next_due_at, True
    while (later := next_due(row, due_at)) <= now:
        due_at = later
    return due_at, False


def end(engine: Engine, due: Due, now: datetime, error: str = "") -> None:
    """Note how a firing ended."""
    with engine.begin() as connection:
        connection.execute(
            update(Firing)
            .where(Firing.schedule_id == due.schedule_id, Firing.due_at == due.due_at)
            .values(state="failed" if error else "done", ended_at=now, error=error)
        )


def forget_lost(engine: Engine, now: datetime) -> None:
    """Firings whose process died long ago are failed, so that lists tell the truth."""
    with engine.begin() as connection:
        connection.execute(
            update(Firing)
            .where(Firing.state == "running", Firing.started_at < now - LOST_AFTER)
            .values(state="failed", ended_at=now, error="its process died")
        )


def skip(engine: Engine, due: Due) -> None:
    """Note that a firing did not run because the one before it still did."""
    with engine.begin() as connection:
        connection.execute(
            update(Firing)
            .where(Firing.schedule_id == due.schedule_id, Firing.due_at == due.due_at)
            .values(state="missed", error="the one before still ran")
        )


def serve(engine: Engine, run: Run, clock: Callable[[], datetime], every_s: int = TICK_S) -> None:
    """Tick until SIGINT or SIGTERM; each due schedule runs on a thread of its own, and never beside itself.

    `run` gets a firing and a question that turns true when it should come to an end; it is waited for.
    """
    forget_lost(engine, clock())
    stopping, busy = Event(), set[int]()
    clockwork = BlockingScheduler(timezone=UTC)

    def work(due: Due) -> None:
        try:
            run(due, stopping.is_set)
        except Exception:
            log.exception("schedule %s failed", due.name)
        finally:
            busy.discard(due.schedule_id)

    def once() -> None:
        for due in tick(engine, clock()):
            if due.schedule_id in busy:
                skip(engine, due)
            else:
                busy.add(due.schedule_id)
                workers.submit(work, due)

    with ThreadPoolExecutor(thread_name_prefix="schedule") as workers:
        clockwork.add_job(once, "interval", seconds=every_s, max_instances=1, coalesce=True, next_run_time=clock())
        # A shell that starts this in the background has SIGINT ignored; here both mean: come to an end.
        usual = {sign: signal.signal(sign, signal.default_int_handler) for sign in (signal.SIGTERM, signal.SIGINT)}
        try:
            clockwork.start()
        except KeyboardInterrupt:
            log.info("stopping")
        finally:
            stopping.set()
            for sign, handler in usual.items():
                signal.signal(sign, handler)
            clockwork.shutdown(wait=False)
