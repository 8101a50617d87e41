"""What a page costs on each rung: requests, bytes and processor time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")


@dataclass(slots=True)
class Cost:
    """Of so many pages together; `cpu_s` is None where this system does not tell."""

    pages: int = 0
    requests: int = 0
    bytes: int = 0
    cpu_s: float | None = 0.0

    def add(self, requests: int, size: int, cpu_s: float) -> None:
        """Enter one page."""
        self.pages, self.requests, self.bytes = self.pages + 1, self.requests + requests, self.bytes + size
        self.cpu_s = (self.cpu_s or 0.0) + cpu_s

    def per_page(self) -> dict[str, Any]:
        """The mean of a page: requests, bytes, and milliseconds of processor time."""
        pages = max(self.pages, 1)
        cpu_ms = None if self.cpu_s is None else round(1000 * self.cpu_s / pages, 1)
        means = {"requests": round(self.requests / pages, 1), "bytes": round(self.bytes / pages)}
        return {"pages": self.pages, **means, "cpu_ms": cpu_ms}


def cpu_below(ancestor: int) -> float | None:
    """Seconds of processor time of all that a process has started, ended ones included; None but on Linux (proc(5))."""
    if not (PROC / "self" / "stat").exists():
        return None
    parents, seconds = {}, {}
    for pid, fields in _stats():
        parents[pid] = int(fields[1])
        seconds[pid] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return sum(spent for pid, spent in seconds.items() if _is_below(pid, ancestor, parents))


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Process id, and the fields of its state from the third on."""
    for place in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            head, _, tail = place.read_text("utf-8", "replace").rpartition(")")
            yield int(head.split(" ", 1)[0]), tail.split()


def _is_below(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    above = parents.get(pid, 0)
    while above not in (0, ancestor):
        above = parents.get(above, 0)
    return above == ancestor
