"""How many robots.txt verdicts of others' test suites do we give right, next to protego, and how fast?"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from protego import Protego

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import tell
from pricevane.model import Origin
from spiders.fetch.rules import Rules

FOLDER = "robots"
ANYWHERE = "https://shop.example"
HOSTILE_LINES = 20_000
LONG_PATH = f"{ANYWHERE}/{'a' * 2000}"


@dataclass(frozen=True, slots=True)
class Case:
    """A robots.txt, where it lies, an address, and whether it may be fetched."""

    origin: str
    text: str
    url: str
    allowed: bool


def ours(case: Case) -> bool:
    """The product's verdict."""
    return Rules.of(case.text, case.origin).allows(case.url)


def theirs(case: Case) -> bool | None:
    """protego's verdict, which knows no origins; None where it fails."""
    try:
        return Protego.parse(case.text).can_fetch(case.url, "pricevane")
    except UnicodeError:
        return None


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    failures: Annotated[bool, typer.Option("--failures", help="List the cases that we judge otherwise.")] = False,
) -> None:
    """Judge every case; what contradicts RFC 9309 stays otherwise and is counted as wrong."""
    paths = sorted((data / FOLDER).glob("*.json"))
    skipped = [] if paths else [f"robots: there is no {FOLDER} in the data folder; name it with --data"]
    sets = {path.stem: list(read(path)) for path in paths}
    for line in _wrong(sets) if failures else ():
        print(line)
    tell({**measure(sets), **cost(HOSTILE_LINES // (10 if quick else 1))}, skipped, json)


def read(path: Path) -> Iterator[Case]:
    """Cases with a whole file each, or with one pattern that a path matches or not."""
    for row in jsonlib.loads(path.read_text(encoding="utf-8")):
        if "pattern" in row:
            yield Case(ANYWHERE, f"User-agent: *\nDisallow: {row['pattern']}", ANYWHERE + row["path"], not row["match"])
        else:
            yield Case(Origin.of(row["robots_url"]).url, row["robots_txt"], row["url"], row["allowed"])


def measure(sets: dict[str, list[Case]]) -> dict[str, int]:
    """How many cases there are, in all and by file, and how many each reader judges right."""
    every = {"": [case for cases in sets.values() for case in cases]} if sets else {}
    figures: dict[str, int] = {}
    for name, judged in (every | sets).items():
        head = f"{name}_" if name else ""
        figures[f"{head}cases"] = len(judged)
        figures[f"{head}right"] = sum(ours(case) is case.allowed for case in judged)
        figures[f"{head}protego_right"] = sum(theirs(case) is case.allowed for case in judged)
    return figures


def cost(lines: int) -> dict[str, float]:
    """CPU seconds to read a file of so many wildcard rules, and milliseconds for a verdict on a long address."""
    text = "User-agent: *\n" + "\n".join(f"Disallow: /*a*{number:05d}*b*c*d" for number in range(lines))
    began = time.process_time()
    rules = Rules.of(text, ANYWHERE)
    read_at = time.process_time()
    rules.allows(LONG_PATH)
    done = time.process_time()
    return {"hostile_read_s": round(read_at - began, 3), "hostile_verdict_ms": round((done - read_at) * 1000, 1)}


def _wrong(sets: dict[str, list[Case]]) -> Iterator[str]:
    for name, cases in sets.items():
        for case in cases:
            if ours(case) is not case.allowed:
                verdict = "allowed" if case.allowed else "refused"
                yield f"wrong {name}: {case.url!r} is said to be {verdict} by {case.text!r} of {case.origin}"


if __name__ == "__main__":
    typer.run(main)
