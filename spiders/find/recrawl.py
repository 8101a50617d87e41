"""Which known pages to ask for again, and in what order, so that a budget of requests buys the most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from spiders.find.units import Unit
from spiders.find.worth import Columns, Flags, Numbers, Vector

EXPLORED_SHARE = 0.05
# Newly found listings must not starve the known ones.
DUE_SHARE = 0.5
LIKELY = 0.5
# Slow beside the pages' own cycle: a stronger pull would swing.
_GAIN, _WORST = 0.03, 5.0


class Planned(NamedTuple):
    """A page to ask for, why, and what it is worth: its index for each request that it costs."""

    url: str
    reason: str
    worth: float


class Plan(NamedTuple):
    """Pages to ask for, first things first; `kappa` is the least worth that the budget reached, 0 if it reached all."""

    visits: tuple[Planned, ...]
    kappa: float


class _Choice:
    """Units taken one group after the other, none twice."""

    def __init__(self, columns: Columns, cost: Vector) -> None:
        self.cost = cost
        self.free = columns.some(columns.counts)
        self.spent = 0.0

    def take(self, eligible: Flags, by: Vector, most: float) -> Numbers:
        """The eligible units of the greatest `by` that are still free, for at most so many requests."""
        some = np.flatnonzero(eligible & self.free)
        some = some[np.argsort(-by[some], kind="stable")]
        taken = some[:0]
        while len(some := some[self.cost[some] <= most]):
            fits = np.cumsum(self.cost[some]) <= most
            most -= self.cost[some[fits]].sum()
            taken, some = np.concatenate([taken, some[fits]]), some[~fits]
        self.free[taken] = False
        self.spent += float(self.cost[taken].sum())
        return taken


def plan(units: Sequence[Unit], budget: float, as_of: datetime, seed: int, kappa: float = 0.0) -> Plan:
    """The units that `budget` requests go to: new and overdue ones, the best by index, and some to explore.

    Overdue and then new ones come first with at most DUE_SHARE of the budget. EXPLORED_SHARE of it goes to units that
    would be the best if their rates were what a draw from the posterior says (Thompson 1933). A listing counts in
    the best of its units only, and a unit none of whose listings count is left out; so is, but for the new, the
    overdue and the explored, a unit whose index a request is below `kappa` (see `next_kappa`).
    """
    if not units:
        return Plan((), 0.0)
    rng = np.random.default_rng(seed)
    cost = np.fromiter((unit.cost for unit in units), float, len(units))
    columns = Columns.of(units, as_of)
    mean = columns.shape / columns.exposure
    columns = columns.counted_once(columns.value(mean) / cost)
    index = columns.value(mean) / cost
    choice = _Choice(columns, cost)
    tries = math.floor(budget * EXPLORED_SHARE + rng.random())
    overdue = choice.take(columns.some(columns.is_due), index, budget * DUE_SHARE)
    new = choice.take(columns.some(columns.is_new), index, budget * DUE_SHARE - choice.spent)
    best = choice.take(index >= kappa, index, budget - tries - choice.spent)
    reached = float(index[best[-1]]) if len(best) and choice.free.any() else 0.0
    drawn = columns.value(rng.standard_gamma(columns.shape) / columns.exposure) / cost
    tried = choice.take(index >= 0, drawn, min(tries, budget - choice.spent))
    told = _told(units, columns, overdue, new, best, tried)
    return Plan(tuple(Planned(units[at].url, why, float(index[at])) for at, why in told), reached)


def _told(
    units: Sequence[Unit], columns: Columns, overdue: Numbers, new: Numbers, best: Numbers, tried: Numbers
) -> Iterator[tuple[int, str]]:
    """Each chosen unit's place, and why it was chosen."""
    changed = columns.changed()
    for at in overdue:
        days = min(member.greatest_days for member in units[at].members)
        yield at, f"due: greatest interval of {days:g} days"
    for at in new:
        yield at, "never read"
    for at in best:
        yield at, f"{'likely' if changed[at] >= LIKELY else 'perhaps'} changed ({changed[at]:.0%})"
    for at in tried:
        yield at, "exploration"


def next_kappa(kappa: float, spent: float, budget: float) -> float:
    """The least index worth a request next time, after `spent` requests of a `budget` over the same time.

    For planning without end, in rounds much shorter than the pages' intervals: start with a `Plan.kappa`, and what is
    spent comes to the budget.
    Raises ValueError where there is no budget.
    """
    if budget <= 0:
        raise ValueError("a budget of no requests: pause the site instead")
    return kappa * math.exp(_GAIN * min(spent / budget - 1, _WORST))
