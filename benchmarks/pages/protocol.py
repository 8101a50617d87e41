"""The protocol of scrapinghub's product-extraction-benchmark: hits, false answers and misses, a page at a time."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

Value = Decimal | str
Judged = tuple[Collection[Value], Value | None]
TWO_SIDED_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over pages; `silent` are the misses without any answer, and part of `missed`."""

    hits: int = 0
    false: int = 0
    missed: int = 0
    silent: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the answers that are right; None without an answer."""
        return _ratio(self.hits, self.hits + self.false)

    @property
    def recall(self) -> float | None:
        """Share of the true values that were found; None where there are none."""
        return _ratio(self.hits, self.hits + self.missed)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two; None where there is neither a true value nor an answer."""
        return _ratio(2 * self.hits, 2 * self.hits + self.false + self.missed)


def tally(pages: Iterable[Judged]) -> Tally:
    """Count pages, each its accepted values and the answer: a wrong answer is false, and a miss if there is a truth."""
    hits = false = missed = silent = 0
    for accepted, answer in pages:
        right = answer is not None and answer in accepted
        hits += right
        false += answer is not None and not right
        missed += bool(accepted) and not right
        silent += bool(accepted) and answer is None
    return Tally(hits, false, missed, silent)


def wilson(hits: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of hits / whole (Wilson 1927); raises ZeroDivisionError without any."""
    z = TWO_SIDED_95
    share, spread = hits / whole, z * z / whole
    middle = share + spread / 2
    reach = z * math.sqrt(share * (1 - share) / whole + spread / (4 * whole))
    return max(0.0, (middle - reach) / (1 + spread)), min(1.0, (middle + reach) / (1 + spread))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
