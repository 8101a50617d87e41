"""Cron lines as everybody writes them, in wall time of a zone, as UTC instants."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERED = re.compile(r"(?:\*|([0-7])(?:-([0-7]))?)(?:/([1-7]))?")
LEAP_DAY = datetime(2024, 2, 28, tzinfo=UTC)


@lru_cache(maxsize=256)
def trigger(line: str) -> CronTrigger:
    """A cron line (minute hour day month weekday) as a trigger on naive wall time, which it takes for UTC.

    Weekdays are cron's, 0 and 7 being Sunday. Raises ValueError for a line that is malformed, never due, or
    names both days and weekdays, of which no two programs make the same.
    """
    fields = line.split()
    if len(fields) == 5:
        if "*" not in (fields[2], fields[4]):
            raise ValueError("give days of the month or weekdays, not both; leave the other one *")
        fields[4] = ",".join(map(_weekdays, fields[4].split(",")))
    made = CronTrigger.from_crontab(" ".join(fields), timezone=UTC)
    if made.get_next_fire_time(None, LEAP_DAY) is None:
        raise ValueError("there is no such day")
    return made


def _weekdays(part: str) -> str:
    """Cron's numbers by name, as the library counts from Monday; names and * as they are."""
    numbers = NUMBERED.fullmatch(part)
    if numbers is None or part == "*":
        return part
    first, last, step = numbers.groups()
    low = int(first or 0)
    high = int(last) if last else 6 if step or not first else low
    return ",".join(DAYS[day] for day in range(low, high + 1, int(step or 1))) or part


def next_after(line: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first due instant later than `after`, both aware UTC; see `instant` for clock changes."""
    wall = after.astimezone(zone).replace(tzinfo=UTC, fold=0)
    while True:
        found = trigger(line).get_next_fire_time(None, wall + timedelta(seconds=1))
        if found is None:
            raise ValueError(f"cron {line!r} is never due")
        due = instant(found.replace(tzinfo=None), zone)
        if due > after:
            return due
        wall = found


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
