"""What shop systems and people call our columns, so that a missing one can be asked for by name."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

KNOWN: dict[str, Any] = tomllib.loads((Path(__file__).parent / "headings.toml").read_text("utf-8"))
# Of 100; "pirce" is as like "price" as 80.
CLEARLY_ALIKE = 78
LONGEST, MOST_SHOWN = 40, 30


def plain(heading: str) -> str:
    """A heading as columns are compared by: `Landed Cost` and `g:landed_cost` are landed_cost."""
    return "_".join(heading.strip().lower().removeprefix("g:").replace("_", " ").split())


def alike(column: str, headings: Iterable[str]) -> str:
    """The heading that most probably is our column, "" if none is clearly alike."""
    choices = {heading: plain(heading)[:LONGEST] for heading in headings}
    words = (column, *KNOWN["words"].get(column, ()))
    found = [process.extractOne(word, choices, scorer=fuzz.ratio, score_cutoff=CLEARLY_ALIKE) for word in words]
    return max(((score, str(heading)) for _, score, heading in filter(None, found)), default=(0, ""))[1]


def listed(headings: Collection[str]) -> str:
    """Headings for a message, the first of many, each cut."""
    some = [heading[:LONGEST] for heading in headings][:MOST_SHOWN]
    more = [f"and {len(headings) - MOST_SHOWN} more"] if len(headings) > MOST_SHOWN else []
    return ", ".join([*some, *more]) or "nothing"
