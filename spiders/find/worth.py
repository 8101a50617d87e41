"""What a visit to a page is worth: the age index, and the pages' listings in columns for a million of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from spiders.find.units import Unit

# None makes the age of wrong prices least, half the delay summed over all changes, two the changes never seen.
LIVELINESS = 0.6
_DAY_S = 86400.0
_SERIES_BELOW = 0.03
_SUREST = 1 - 1e-9

Vector = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]


def age_index(rate: Vector, days: Vector) -> Vector:
    """What a visit is worth `days` after the last one to a page of `rate` changes a day, in square days.

    t days after a visit the price it read has been wrong for g(t) = t - (1 - e^-rt)/r days on average. A visit every
    T days leaves G(T)/T of that, G the integral of g; T is the best interval if a visit costs T g(T) - G(T), which is
    the integral of s (1 - e^-rs) over s from 0 to T, or, with x = rT,

        T^2/2 + T e^-x/r - (1 - e^-x)/r^2.

    It grows with T without bound and with r up to T^2/2, so no page starves, as it may under an index of freshness
    (Azar et al. 2018), which ends at 1/r.
    """
    x = rate * days
    series = x * (1 / 3 - x * (1 / 8 - x * (1 / 30 - x * (1 / 144 - x / 840))))
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = 0.5 + np.exp(-x) / x + np.expm1(-x) / x / x
    found: Vector = days**2 * np.where(x < _SERIES_BELOW, series, exact)
    return found


class Columns(NamedTuple):
    """The members of all units, one row each; `unit` is the place of its unit in the sequence.

    A listing that several units show `counts` in one of them only. `days` have passed since it was read; for a new
    one its tier's greatest.
    """

    units: int
    unit: Numbers
    key: Numbers
    shape: Vector
    exposure: Vector
    weight: Vector
    days: Vector
    chance: Vector
    is_new: Flags
    is_due: Flags
    counts: Flags

    @classmethod
    def of(cls, units: Sequence[Unit], as_of: datetime) -> Self:
        """All members of the units, all of which count."""
        flat = list(chain.from_iterable(unit.members for unit in units))
        many = len(flat)
        sizes = np.fromiter((len(unit.members) for unit in units), np.intp, len(units))
        unit = np.repeat(np.arange(len(units)), sizes)
        greatest = np.fromiter((one.greatest_days for one in flat), float, many)
        numbers: dict[str, int] = {}
        now = as_of.timestamp()
        seen = np.fromiter((one.seen_at.timestamp() if one.seen_at else np.nan for one in flat), float, many)
        days = np.maximum((now - seen) / _DAY_S, 0.0)
        is_new = np.isnan(seen)
        return cls(
            len(units),
            unit,
            np.fromiter((numbers.setdefault(one.key, len(numbers)) for one in flat), np.intp, many),
            np.fromiter((one.rate.shape for one in flat), float, many),
            np.fromiter((one.rate.exposure for one in flat), float, many),
            np.fromiter((one.importance for one in flat), float, many),
            np.where(is_new, greatest, days),
            np.fromiter((min(one.chance, _SUREST) for one in flat), float, many),
            is_new,
            days >= greatest,
            np.ones(many, dtype=bool),
        )

    def counted_once(self, worth: Vector) -> Self:
        """Each listing counts in the unit of the greatest worth only: on other pages its price is no news."""
        order = np.argsort(-worth[self.unit], kind="stable")
        _, first = np.unique(self.key[order], return_index=True)
        counts = np.zeros(len(self.key), dtype=bool)
        counts[order[first]] = True
        return self._replace(counts=counts)

    def value(self, rate: Vector) -> Vector:
        """Each unit's index: the sum of its members' that count. A signal that has fired can only raise a rate."""
        raised: Vector = np.maximum(rate, -np.log1p(-self.chance) / np.maximum(self.days, 1 / _DAY_S))
        return self.total(self.weight * raised**LIVELINESS * age_index(raised, self.days))

    def changed(self) -> Vector:
        """Each unit's chance that some member's price has changed, over the posterior of its rate."""
        same = np.minimum((self.exposure / (self.exposure + self.days)) ** self.shape, 1 - self.chance)
        found: Vector = -np.expm1(self.total(np.log(same)))
        return found

    def total(self, numbers: Vector) -> Vector:
        """The sum over each unit's members that count."""
        found: Vector = np.bincount(self.unit, numbers * self.counts, self.units).astype(float)
        return found

    def some(self, flags: Flags) -> Flags:
        """Of which unit a member that counts is flagged."""
        return np.bincount(self.unit, flags & self.counts, self.units) > 0
