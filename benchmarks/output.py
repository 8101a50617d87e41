"""Figures as plain lines and as JSON: only what this run measured, and what it skipped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Figures = Mapping[str, int | float]


def tell(figures: Figures, skipped: Sequence[str], path: Path | None) -> None:
    """Print `name: value` lines, each figure once, and write {"figures", "skipped"} to `path` if there is one."""
    for reason in skipped:
        print(f"skipped: {reason}")
    for name, value in figures.items():
        print(f"{name}: {value}")
    if path:
        path.write_text(json.dumps({"figures": figures, "skipped": skipped}, indent=1) + "\n", encoding="utf-8")


def share(part: int, whole: int) -> float:
    """part / whole with four digits; raises ZeroDivisionError, since a share of nothing is no figure."""
    return round(part / whole, 4)
