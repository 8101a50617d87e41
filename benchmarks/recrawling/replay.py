"""Replays days of real prices under a policy, and counts which changes its visits saw, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.recrawling.histories import Flags, Histories
from benchmarks.recrawling.policies import Policy

Vector = npt.NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Tally:
    """By page: its changes, those caught, their delays' sum, the days it was there, and those its price was right."""

    changes: Vector
    caught: Vector
    delay_days: Vector
    days: Vector
    right: Vector

    def figures(self, pages: npt.NDArray[np.intp] | slice = slice(None)) -> Mapping[str, float]:
        """Shares and the mean delay over some of the pages."""
        changes, days = self.changes[pages].sum(), self.days[pages].sum()
        return {
            "caught": float(self.caught[pages].sum() / changes),
            "freshness": float(self.right[pages].sum() / days),
            "delay_days": float(self.delay_days[pages].sum() / changes),
        }

    def plus(self, other: Tally) -> Tally:
        """Both together, page by page."""
        return Tally(
            self.changes + other.changes,
            self.caught + other.caught,
            self.delay_days + other.delay_days,
            self.days + other.days,
            self.right + other.right,
        )


def intervals(tally: Tally, other: Tally, seed: int) -> Mapping[str, tuple[float, float]]:
    """The middle 95 % of each figure, and under `caught_lead` that of `tally` over `other`, as pages are resampled."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(RESAMPLES):
        pages = rng.integers(0, len(tally.days), len(tally.days))
        one, two = tally.figures(pages), other.figures(pages)
        rows.append({**one, "caught_lead": one["caught"] - two["caught"]})
    low, high = 2.5, 97.5
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {name: (float(np.percentile(some, low)), float(np.percentile(some, high))) for name, some in columns.items()}


def replay(histories: Histories, policy: Policy, budget: float, start: int, end: int) -> Tally:
    """Days `start` to `end` (exclusive) with so many requests a page and day; each page was seen the day before.

    A visit sees the price of its day. What is left of a request goes to the next day; a page that appears is known
    from then on.
    """
    there = histories.there
    visits = np.zeros(there.shape, dtype=bool)
    last = np.where(there[:, start - 1], start - 1, -1)
    known = histories.cents[:, start - 1].copy()
    right, purse = np.zeros(len(there)), 0.0
    for day in range(start, end):
        appeared = there[:, day] & (last < 0)
        last[appeared], known[appeared] = day, histories.cents[appeared, day]
        purse += budget * there[:, day].sum()
        many = int(purse)
        chosen = policy.choose(day, np.flatnonzero(last >= 0), (day - last).astype(float), many)
        purse -= many
        for page in chosen.tolist():
            policy.saw(day, page, bool(histories.cents[page, day] != known[page]), int(day - last[page]))
        visits[chosen, day], last[chosen] = True, day
        known[chosen] = histories.cents[chosen, day]
        right += there[:, day] & (known == histories.cents[:, day])
    return _tally(histories.changed[:, start:end], visits[:, start:end], there[:, start:end].sum(axis=1), right)


def _tally(changed: Flags, visits: Flags, days: Vector, right: Vector) -> Tally:
    """A change is caught by a visit before the next one; its delay ends with a visit, with the price, or with time."""
    pages, at = np.nonzero(changed)
    end = changed.shape[1]
    seen = _next(visits)[pages, at]
    over = np.where(at + 1 < end, _next(changed)[pages, np.minimum(at + 1, end - 1)], end)

    def by_page(numbers: Vector) -> Vector:
        return np.bincount(pages, numbers, len(changed)).astype(float)

    return Tally(
        by_page(np.ones(len(pages))),
        by_page((seen < over).astype(float)),
        by_page((np.minimum(seen, over) - at).astype(float)),
        days.astype(float),
        right,
    )


def _next(flags: Flags) -> npt.NDArray[np.int64]:
    """For each day that of the first flag from it on, or the end."""
    end = flags.shape[1]
    days = np.where(flags, np.arange(end), end)
    return np.minimum.accumulate(days[:, ::-1], axis=1)[:, ::-1]
