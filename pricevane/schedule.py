"""The clock: schedules are rows, `tick()` is stateless, APScheduler only calls it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection, Engine, select, update

from pricevane.storage.history import AnyRow, upsert
from pricevane.storage.tables import Firing, Schedule

TICK_S = 15
LOST_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed firing: run its sites and stages, then report with `end`."""

    schedule_id: int
    due_at: datetime
    name: str
    sites: tuple[str, ...]
    then: tuple[str, ...]


def next_due(row: Schedule | AnyRow, after: datetime) -> datetime:
    """The first due instant later than `after` (aware UTC).

    A wall time that the clocks skip is due at the first instant after the gap; one that they repeat,
    the first time only.
    """
    if row.every_s:
        start = row.next_due_at or after
        missed = max(0, (after - start) // timedelta(seconds=row.every_s)) + 1
        return start + missed * timedelta(seconds=row.every_s)
    zone = ZoneInfo(row.time_zone)
    trigger = CronTrigger.from_crontab(row.cron, timezone=UTC)
    wall = after.astimezone(zone).replace(tzinfo=UTC, fold=0)
    while True:
        wall = trigger.get_next_fire_time(None, wall + timedelta(seconds=1))
        if wall is None:
            raise ValueError(f"schedule {row.name!r}: cron {row.cron!r} is never due")
        due = instant(wall.replace(tzinfo=None), zone)
        if due > after:
            return due


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a naive wall time: its first occurrence, or the end of the gap it falls into."""
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), early
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)


def tick(engine: Engine, now: datetime) -> list[Due]:
    """Note what is due, advance the due times, and claim firings; safe beside any number of tickers.

    After a pause only the latest due time fires, and not even that when it is later than the schedule allows.
    """
    with engine.begin() as connection:
        for row in connection.execute(select(Schedule).where(Schedule.enabled)):
            _advance(connection, row, now)
        claimed = connection.execute(
            update(Firing)
            .where(Firing.state == "due")
            .values(state="running", started_at=now)
            .returning(Firing.schedule_id, Firing.due_at)
        ).all()
        rows = {row.id: row for row in connection.execute(select(Schedule))}
    return [Due(key, due_at, rows[key].name, tuple(rows[key].sites), tuple(rows[key].then)) for key, due_at in claimed]


def _advance(connection: Connection, row: AnyRow, now: datetime) -> None:
    following = next_due(row, now)
    if row.next_due_at is not None and row.next_due_at <= now:
        due_at = row.next_due_at
        while (later := next_due(row, due_at)) <= now:
            due_at = later
        late = now - due_at > timedelta(seconds=row.latest_s)
        connection.execute(
            upsert(connection, Firing)
            .values(schedule_id=row.id, due_at=due_at, state="missed" if late else "due")
            .on_conflict_do_nothing(index_elements=["schedule_id", "due_at"])
        )
    elif row.next_due_at is not None:
        return
    same = Schedule.next_due_at.is_(None) if row.next_due_at is None else Schedule.next_due_at == row.next_due_at
    connection.execute(update(Schedule).where(Schedule.id == row.id, same).values(next_due_at=following))


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


def serve(engine: Engine, run: Callable[[Due], None], clock: Callable[[], datetime], every_s: int = TICK_S) -> None:
    """Tick until interrupted; each due schedule runs on a thread of its own, and never beside itself."""
    forget_lost(engine, clock())
    clockwork = BlockingScheduler(timezone=UTC)
    with ThreadPoolExecutor(thread_name_prefix="schedule") as workers:

        def once() -> None:
            for due in tick(engine, clock()):
                workers.submit(run, due)

        clockwork.add_job(once, "interval", seconds=every_s, max_instances=1, coalesce=True, next_run_time=clock())
        clockwork.start()
