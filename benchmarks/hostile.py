"""How long does a page that means harm hold up its reader, and how much memory does it take?"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import typer

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import tell
from pricevane.model import Examination
from spiders.read.page import PageHints, examine
from tests.hostile_pages import PAGES

URL = "https://shop.example/p/1"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HINTS = PageHints(region="DE", currency="EUR", language="de")
WALL_SECONDS = 10.0
KILOBYTES = 1024
# A quick run reads every fourth page.
QUICKLY = 4


class TooSlow(RuntimeError):
    """A page was not read in the time that any page may take."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page was taken for, the CPU seconds that it took, and the greatest memory of its process in MB."""

    name: str
    seen: Examination
    seconds: float
    peak_mb: float


def main(data: Data = BESIDE_THE_CHECKOUT, quick: Quick = False, json: Json = None) -> None:  # noqa: ARG001
    """Read each hostile page in a process of its own; the data folder is not needed."""
    found = list(outcomes(list(PAGES)[:: QUICKLY if quick else 1]))
    figures = {f"seconds.{one.name.replace(' ', '_')}": round(one.seconds, 3) for one in found}
    figures["seconds_worst"] = round(max(one.seconds for one in found), 3)
    figures["peak_mb"] = round(max(one.peak_mb for one in found))
    tell(figures, [], json)


def outcomes(names: Iterable[str], wall_seconds: float = WALL_SECONDS) -> Iterator[Outcome]:
    """Each page's outcome; raises TooSlow for a slow one, ChildProcessError for one that kills its reader."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    for name in names:
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(target=_tell_outcome, args=(name, theirs), daemon=True)
        child.start()
        theirs.close()
        try:
            yield _received(name, ours, wall_seconds)
        finally:
            child.kill()
            child.join()
            ours.close()


def _received(name: str, wire: Connection, wall_seconds: float) -> Outcome:
    if not wire.poll(wall_seconds):
        raise TooSlow(f"{name!r} was not read in {wall_seconds:g} s")
    try:
        found = wire.recv()
    except EOFError as error:
        raise ChildProcessError(f"{name!r} ended its reader") from error
    assert isinstance(found, Outcome)
    return found


def _tell_outcome(name: str, wire: Connection) -> None:
    page = PAGES[name]()
    began = time.process_time()
    seen = examine(page, URL, AT, HINTS)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES
    wire.send(Outcome(name, seen, seconds, peak))


if __name__ == "__main__":
    typer.run(main)
