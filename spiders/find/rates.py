"""How often a page changes, learned from visits that see only whether it has changed since the last one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

# Real shelf prices are foretold better with a year than with two or three months, in each year tried.
HALF_LIFE_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class Prior:
    """Gamma(shape, days): what is expected of a page before its first visit, as if `shape` changes in `days`."""

    shape: float
    days: float

    @property
    def mean(self) -> float:
        """Changes a day."""
        return self.shape / self.days


# Of a shop that nobody has visited yet: a page changes once in 50 days, some twenty times as often as others.
UNKNOWN = Prior(0.5, 25.0)


@dataclass(frozen=True, slots=True)
class Rate:
    """A page's changes a day as a Gamma posterior: its prior, and the visits' evidence, which fades.

    `changes` and `days` are what is left of those seen, by a half-life (the power discounting of Smith and Miller
    1986, towards the prior instead of towards ignorance).
    """

    prior: Prior
    changes: float = 0.0
    days: float = 0.0

    @property
    def shape(self) -> float:
        """The posterior's first parameter."""
        return self.prior.shape + self.changes

    @property
    def exposure(self) -> float:
        """The posterior's second parameter, in days."""
        return self.prior.days + self.days

    @property
    def mean(self) -> float:
        """Changes a day."""
        return self.shape / self.exposure

    def after(self, changed: bool, days: float, half_life: float = HALF_LIFE_DAYS) -> Rate:
        """After a visit `days` days after the one before; raises ValueError where `days` is negative.

        A visit that sees a change counts as many as x/(1 - e^-x) of them, x = mean * days: those expected given
        that there was at least one.
        """
        if days < 0:
            raise ValueError(f"a visit {days} days after the one before it: visits must come in the order of time")
        kept = 0.5 ** (days / half_life)
        x = self.mean * days
        seen = (x / -math.expm1(-x) if x else 1.0) if changed else 0.0
        return replace(self, changes=self.changes * kept + seen, days=self.days * kept + days)

    @classmethod
    def from_history(
        cls, prior: Prior, changed_days_ago: Sequence[float], days: float, half_life: float = HALF_LIFE_DAYS
    ) -> Rate:
        """Of a page that was watched without a gap for the last `days` days, each change by how long ago it was."""
        changes = math.fsum(0.5 ** (ago / half_life) for ago in changed_days_ago)
        return cls(prior, changes, half_life / math.log(2) * -math.expm1(-math.log(2) * days / half_life))


def cho_garcia_molina(visits: float, changes: float, interval_days: float) -> float:
    """Changes a day from visits at one interval, `changes` of which saw a change (Cho and Garcia-Molina 2003).

    Raises ValueError where the counts or the interval cannot be.
    """
    if not 0 <= changes <= visits or interval_days <= 0:
        raise ValueError(f"{changes} changes in {visits} visits every {interval_days} days cannot be")
    return -math.log((visits - changes + 0.5) / (visits + 0.5)) / interval_days
