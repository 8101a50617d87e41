"""Hours of the day within which a shop may be crawled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Self

SPAN = re.compile(r"([01]\d|2[0-4]):?([0-5]\d)\s*[-\s]\s*([01]\d|2[0-4]):?([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Hours:
    """From one time of day until another, over midnight where the second is the earlier; equal ones are all day."""

    start: time
    end: time
    zone: tzinfo = UTC

    @classmethod
    def read(cls, text: str, zone: tzinfo = UTC) -> Self | None:
        """Hours like `22:00-06:00`, or `2200-0600` as Visit-time has them; None for what is no span of hours."""
        found = SPAN.fullmatch(text.strip())
        if not found:
            return None
        from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
        return cls(time(from_hour % 24, from_minute), time(to_hour % 24, to_minute), zone)

    def admits(self, at: datetime) -> bool:
        """Whether an instant lies within, the end left out; `at` is aware."""
        now = at.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end
