"""Real price histories as one price a day, for replaying visits to them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FILE = Path("price_histories/austrian_supermarkets.jsonl.gz")
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Histories:
    """`cents[page, day]` from `first_on` on, 0 before the page was there; shops' own names for its category."""

    first_on: date
    cents: Ints
    categories: tuple[str, ...]

    @property
    def there(self) -> Flags:
        """Whether the page was there on the day."""
        return self.cents > 0

    @property
    def changed(self) -> Flags:
        """Whether the price is another than on the day before."""
        found = np.zeros(self.cents.shape, dtype=bool)
        found[:, 1:] = (self.cents[:, :-1] > 0) & (self.cents[:, 1:] != self.cents[:, :-1])
        return found

    def day(self, on: date) -> int:
        """The column of a date."""
        return (on - self.first_on).days

    def on(self, day: int) -> date:
        """The date of a column."""
        return self.first_on + timedelta(days=day)


def read_histories(path: Path) -> Histories:
    """The change points of a file as days, up to the last one; pages without a price are left out."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if row["history"]]
    return of_rows(rows)


def of_rows(rows: Sequence[dict[str, Any]]) -> Histories:
    """Of rows with "store", "category" and "history" as [date, price] pairs in the order of time."""
    points = [[(date.fromisoformat(on), round(price * 100)) for on, price in row["history"]] for row in rows]
    first = min(history[0][0] for history in points)
    last = max(history[-1][0] for history in points)
    cents = np.zeros((len(rows), (last - first).days + 1), dtype=np.int64)
    for page, history in enumerate(points):
        for on, price in history:
            cents[page, (on - first).days :] = price
    return Histories(first, cents, tuple(f"{row['store']} > {row['category']}" for row in rows))
