"""Ways to choose each day's pages: in turn, by rate, by estimated freshness, as the product does, all-knowing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.recrawling.histories import Histories
from spiders.find.priors import fit_prior
from spiders.find.rates import Rate, cho_garcia_molina
from spiders.find.recrawl import plan
from spiders.find.units import GREATEST_DAYS, Member, Unit
from spiders.find.worth import LIVELINESS, age_index

Vector = npt.NDArray[np.float64]
Pages = npt.NDArray[np.intp]
RAREST = 1e-6
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST = 10_000


class Policy(Protocol):
    """Sees only what its own visits show, after the days before `start` of some histories."""

    def choose(self, day: int, there: Pages, unseen: Vector, many: int) -> Pages:
        """At most `many` of the pages that are there; `unseen` has all pages' days since the last visit."""

    def saw(self, day: int, page: int, changed: bool, days: int) -> None:
        """A visit to a page `days` days after the one before."""


class Ranking:
    """Takes those of the greatest score; ties by lot. Nothing is left for longer than the greatest interval."""

    def __init__(self, pages: int, seed: int) -> None:
        self.lots = np.random.default_rng(seed).random(pages)

    def score(self, unseen: Vector) -> Vector:
        """What a visit to each page is worth; in turn, the days since the last one."""
        return unseen

    def choose(self, day: int, there: Pages, unseen: Vector, many: int) -> Pages:
        """Overdue pages first."""
        score = np.where(unseen >= GREATEST_DAYS, np.inf, self.score(unseen))
        return there[np.lexsort((self.lots[there], -score[there]))[:many]]

    def saw(self, day: int, page: int, changed: bool, days: int) -> None:
        """Nothing is learned."""


class Counting(Ranking):
    """Ranks by rates from each page's own counts: visits, visits that saw a change, days."""

    def __init__(self, histories: Histories, start: int, seed: int) -> None:
        super().__init__(len(histories.categories), seed)
        self.days = np.maximum(histories.there[:, :start].sum(axis=1) - 1.0, 0.0)
        self.visits = self.days.copy()
        self.changes = histories.changed[:, :start].sum(axis=1).astype(float)
        self.usual = self.changes.sum() / self.days.sum()
        self.rates = np.array([self.rate(page) for page in range(len(self.days))])

    def rate(self, page: int) -> float:
        """Changes a day; the mean page's where there was no visit yet."""
        return max(self.estimate(page), RAREST) if self.days[page] else self.usual

    def estimate(self, page: int) -> float:
        """The share of days with a change."""
        return float(self.changes[page] / self.days[page])

    def score(self, unseen: Vector) -> Vector:
        """Intervals in proportion to one over the rate."""
        found: Vector = self.rates * unseen
        return found

    def saw(self, day: int, page: int, changed: bool, days: int) -> None:
        """Count on."""
        self.days[page] += days
        self.visits[page] += 1
        self.changes[page] += changed
        self.rates[page] = self.rate(page)


class ChoGarciaMolina(Counting):
    """Their estimate of the rate, and the freshness that a visit brings under it (Cho and Garcia-Molina 2000, 2003)."""

    def estimate(self, page: int) -> float:
        """From the mean interval of the page's visits."""
        interval = self.days[page] / self.visits[page]
        return cho_garcia_molina(self.visits[page], self.changes[page], interval)

    def score(self, unseen: Vector) -> Vector:
        """The charge for a visit at which freshness is best if it is made now."""
        x = self.rates * unseen
        found: Vector = np.where(x < 1e-5, x**2 / 2, -np.expm1(-x) - x * np.exp(-x)) / self.rates
        return found


class Knowing(Ranking):
    """The product's index with the rates that pages will turn out to have."""

    def __init__(self, rates: Vector, weights: Vector, seed: int) -> None:
        super().__init__(len(rates), seed)
        self.rates = np.maximum(rates, RAREST)
        self.weights = weights

    def score(self, unseen: Vector) -> Vector:
        """The age index."""
        found: Vector = self.weights * self.rates**LIVELINESS * age_index(self.rates, unseen)
        return found


class Ours:
    """The product's own plan; one unit a page."""

    def __init__(self, rates: Sequence[Rate], weights: Vector, seed: int) -> None:
        self.rates, self.weights, self.seed = list(rates), weights.tolist(), seed

    def choose(self, day: int, there: Pages, unseen: Vector, many: int) -> Pages:
        """What `plan` says."""
        now = EPOCH + timedelta(days=day)
        units = [self.unit(page, now - timedelta(days=unseen[page])) for page in there.tolist()]
        planned = plan(units, many, now, self.seed * LONGEST + day)
        return np.array([int(one.url) for one in planned.visits], dtype=np.intp)

    def unit(self, page: int, seen_at: datetime) -> Unit:
        """A page by itself."""
        return Unit(str(page), (Member(str(page), self.rates[page], self.weights[page], seen_at),))

    def saw(self, day: int, page: int, changed: bool, days: int) -> None:
        """Learn from the visit."""
        self.rates[page] = self.rates[page].after(changed, days)


def learned(histories: Histories, start: int) -> list[Rate]:
    """Each page's rate from its days before `start`, all of which were seen."""
    days = np.maximum(histories.there[:, :start].sum(axis=1) - 1, 0).tolist()
    changed = [np.flatnonzero(row).tolist() for row in histories.changed[:, :start]]
    counts = zip(histories.categories, (len(row) for row in changed), days, strict=True)
    priors = fit_prior((category, many, watched) for category, many, watched in counts)
    return [
        Rate.from_history(priors.get(category, priors[""]), [start - 1 - day for day in row], watched)
        for category, row, watched in zip(histories.categories, changed, days, strict=True)
    ]
