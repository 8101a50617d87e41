"""How long a crawl waits after a shop said that it is asked too much; pure, with times as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 600.0


def retry_after_s(header: bytes | None, now: datetime) -> float:
    """Seconds to wait by a Retry-After header, seconds or a date (RFC 9110, 10.2.3); 0 without one that can be read."""
    text = (header or b"").decode("latin-1").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max((until - now).total_seconds(), 0.0)


@dataclass(slots=True)
class Patience:
    """When to go on, in seconds of a monotonic clock, and how many times in a row we were told to wait.

    Requests that were on their way together count as one time.
    """

    resume_at: float = 0.0
    in_a_row: int = 0
    told_at: float = 0.0

    def told(self, sent_at: float, now: float, asked_s: float, delay_s: float) -> float:
        """We were told to wait: `asked_s`, or if it is 0 twice as long as the last time; returns how much longer."""
        if sent_at >= self.told_at:
            self.in_a_row += 1
            self.told_at = now
        wait_s = asked_s or min(max(FIRST_WAIT_S, delay_s) * 2 ** (self.in_a_row - 1), LONGEST_WAIT_S)
        before, self.resume_at = max(self.resume_at, now), max(self.resume_at, now + wait_s)
        return self.resume_at - before

    def welcomed(self, sent_at: float) -> None:
        """A request was answered as usual."""
        if sent_at >= self.told_at:
            self.in_a_row = 0
