"""A scan as it runs: collects its offers, ends it at its limit, and shows on a terminal what came so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from pricevane.cli.output import err, table
from pricevane.cli.scanned import line_of, row_of, shown
from pricevane.cli.stopping import Stop
from pricevane.model import CrawlReport

REFRESHES_S = 4
LEFT_LINES = 4
MINUTE = 60
HOUR = 3600


class Watch:
    """What a scan has read so far; `limit` is the most rows that it may (0: any number)."""

    def __init__(self, shop: str, limit: int, stop: Stop) -> None:
        self.shop = shop
        self.limit = limit
        self.stop = stop
        self.rows: list[dict[str, Any]] = []
        self.told: Mapping[str, Any] = {}

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return 0 < self.limit <= len(self.rows)

    def offer(self, offer: Mapping[str, Any]) -> bool:
        """Take an offer in; True asks the scan to end."""
        if not self.is_full:
            self.rows.append(row_of(offer))
        return self.is_full or self.stop.check()

    def progress(self, told: Mapping[str, Any]) -> bool:
        """Take the scan's own account in (see `run_crawl`); True asks it to end."""
        self.told = told
        return self.is_full or self.stop.check()

    def report(self, reason: str) -> CrawlReport:
        """What is known of a scan that never reported."""
        known = {name: self.told.get(name, 0) for name in ("requests", "pages", "seconds")}
        return CrawlReport(**known, offers=len(self.rows), reason=reason)

    def headline(self) -> str:
        """Like `12 offers · 14 pages · 1.2 pages/s · about 3 min left`."""
        pages, seconds, expected = (self.told.get(name) or 0 for name in ("pages", "seconds", "expected"))
        rate = pages / seconds if seconds else 0.0
        parts = [f"{len(self.rows)} offers", f"{pages} pages", f"{rate:.1f} pages/s"]
        if rate and expected > pages and not self.limit:
            parts.append(f"about {_duration((expected - pages) / rate)} left")
        if self.stop.is_asked:
            parts.append("stopping; Ctrl-C again ends at once")
        return " · ".join(parts)

    def __rich__(self) -> RenderableType:
        """The headline under the last rows that the terminal has room for."""
        room = max(1, err.height - LEFT_LINES)
        lines = [line_of(row, self.shop) for row in self.rows[-room:]]
        headline = Text(f"{self.shop}  {self.headline()}", style="bold", no_wrap=True, overflow="ellipsis")
        return Group(*([table(lines, shown(err.width), err.width)] if lines else []), headline)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show it on a terminal, and take it away at the end; elsewhere nothing is shown."""
        if not err.is_terminal:
            yield
            return
        with Live(get_renderable=self.__rich__, console=err, transient=True, refresh_per_second=REFRESHES_S):
            yield


def _duration(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"
