"""How far a site's cheap signals of change can be trusted, such as a sitemap's lastmod or a tile's price."""

from __future__ import annotations

import math
from typing import NamedTuple, Self

REMEMBERED = 500
ONE_IN_TEN = 1.2816


class Signal(NamedTuple):
    """What visits showed of one signal of one site; counts fade, so that some REMEMBERED visits are remembered.

    It fired or was silent before the visit, and the visit saw a change or none.
    """

    fired_changed: float = 0.0
    fired_same: float = 0.0
    silent_changed: float = 0.0
    silent_same: float = 0.0

    @classmethod
    def of(cls, counts: object) -> Self:
        """From its counts as a plain list; what cannot be such counts was never tried."""
        if not isinstance(counts, list) or len(counts) != len(cls._fields):
            return cls()
        sound = all(type(one) in (int, float) and 0 <= one <= REMEMBERED for one in counts)
        return cls(*map(float, counts)) if sound else cls()

    def after(self, fired: bool, changed: bool) -> Signal:
        """After one more visit."""
        kept = 1 - 1 / REMEMBERED
        return Signal(
            self.fired_changed * kept + (fired and changed),
            self.fired_same * kept + (fired and not changed),
            self.silent_changed * kept + (changed and not fired),
            self.silent_same * kept + (not changed and not fired),
        )

    @property
    def fired(self) -> float:
        """How often it fired."""
        return self.fired_changed + self.fired_same

    @property
    def precision(self) -> float | None:
        """How often it was right when it fired; None where it never did."""
        return self.fired_changed / self.fired if self.fired else None

    @property
    def recall(self) -> float | None:
        """Of how many changes it told; None where none was seen.

        Visits that a signal brought about make it look better than it is.
        """
        changed = self.fired_changed + self.silent_changed
        return self.fired_changed / changed if changed else None

    @property
    def chance(self) -> float:
        """The chance of a change that it may claim when it fires: nine in ten that it is no less (Wilson 1927).

        0 before it was tried, and about as low as any page's chance where it fires at random.
        """
        if self.precision is None:
            return 0.0
        fired, square = self.fired, ONE_IN_TEN**2
        middle = self.precision + square / (2 * fired)
        spread = ONE_IN_TEN * math.sqrt(self.precision * (1 - self.precision) / fired + square / (4 * fired**2))
        return max(0.0, (middle - spread) / (1 + square / fired))
