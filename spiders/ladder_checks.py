"""The rungs of the ladder, and whether a page read on one says what the browser says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pricevane.model import Availability, Offer, Status
from spiders.replay.recipe import Sample

PROBES, LEAST_EQUAL, LEAST_FILL = 5, 4, 0.95
_FIELDS = ("price", "availability", "name")


class Rung(StrEnum):
    """How a page is read, the cheapest first."""

    HTTP = "http"
    REPLAY = "replay"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Checked:
    """One page read on a rung and in the browser: what each said; an offer that is None was not read."""

    sample: Sample
    cheap: Offer | None
    is_shell: bool = False

    @property
    def is_product(self) -> bool:
        """Whether the browser saw an offer."""
        return self.sample.offer is not None

    @property
    def is_equal(self) -> bool:
        """Whether the cheap reading says of price, stock and listing what the browser's says."""
        one, two = self.cheap, self.sample.offer
        if one is None or two is None:
            return one is two and not self.is_shell
        same = (one.key, one.price, one.availability) == (two.key, two.price, two.availability)
        return same and (one.status is Status.GOOD or two.status is not Status.GOOD)

    @property
    def fill(self) -> tuple[int, int]:
        """How many fields of those that the browser's reading has the cheap one has too, and how many those are."""
        offer = self.sample.offer
        has = [name for name in _FIELDS if offer and getattr(offer, name) not in (None, "", Availability.UNKNOWN)]
        return sum(getattr(self.cheap, name, None) not in (None, "", Availability.UNKNOWN) for name in has), len(has)


def accepts(checks: Sequence[Checked]) -> bool:
    """Whether a rung reads well enough: at least 95 % of the fields, and four of five pages as the browser does."""
    filled = [check.fill for check in checks]
    fill = sum(has for has, _ in filled) >= LEAST_FILL * sum(wanted for _, wanted in filled)
    return fill and sum(check.is_equal for check in checks) * PROBES >= LEAST_EQUAL * len(checks)
