"""Ctrl-C for work that can end early with what it has: the first asks, the second ends at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GRACE_S = 8.0
INTERRUPTED = 130


class TooSlow(RuntimeError):
    """The work was asked to end and did not within GRACE_S."""


class Stop:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.asked_at: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.asked_at is not None

    def check(self) -> bool:
        """`is_asked`; raises TooSlow once the patience is over."""
        if self.asked_at is not None and time.monotonic() - self.asked_at > GRACE_S:
            raise TooSlow
        return self.is_asked

    def heard(self, number: int, frame: FrameType | None) -> None:
        """A signal's handler; raises KeyboardInterrupt the second time."""
        if self.is_asked:
            raise KeyboardInterrupt
        self.asked_at = time.monotonic()


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ctrl-C becomes a question within the block."""
    stop = Stop()
    before = signal.signal(signal.SIGINT, stop.heard)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
