"""A market of products that change at random and weigh unlike, and how old its unseen changes grow under a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from benchmarks.recrawling.policies import Policy

Vector = npt.NDArray[np.float64]
BUDGET = 0.2
SETTLING_DAYS, SCORED_DAYS = 90, 60
MEAN_RATE, RATES_SIGMA = 0.1, 1.2
# Under this one a fifth of the products have four fifths of the weight.
WEIGHTS_SIGMA = 1.68


@dataclass(frozen=True, slots=True)
class Market:
    """Each product's changes a day, a Poisson process, and its weight; both lognormal and unrelated, mean weight 1."""

    rates: Vector
    weights: Vector

    @classmethod
    def of(cls, products: int, seed: int) -> Self:
        """A market by lot."""
        rng = np.random.default_rng(seed)
        rates, weights = rng.lognormal(0, RATES_SIGMA, products), rng.lognormal(0, WEIGHTS_SIGMA, products)
        return cls(rates * MEAN_RATE / rates.mean(), weights / weights.mean())


def stale_age(market: Market, policy: Policy, seed: int) -> float:
    """Days since the first unseen change, 0 where there is none, as a mean over weights and time, once settled.

    Visits are made at the start of each day; all products were seen at the start of the first.
    """
    rng = np.random.default_rng([seed, 1])
    products = np.arange(len(market.rates))
    last, total = np.zeros(len(products)), 0.0
    # The first change since the last visit, on the same clock as the visits.
    changed_at = rng.exponential(1 / market.rates)
    for day in range(1, SETTLING_DAYS + SCORED_DAYS):
        chosen = policy.choose(day, products, day - last, int(BUDGET * len(products)))
        for page in chosen.tolist():
            policy.saw(day, page, bool(changed_at[page] < day), int(day - last[page]))
        last[chosen] = day
        changed_at[chosen] = day + rng.exponential(1 / market.rates[chosen])
        if day >= SETTLING_DAYS:
            until, since = np.maximum(day + 1 - changed_at, 0), np.maximum(day - changed_at, 0)
            total += float((market.weights * (until**2 - since**2) / 2).mean())
    return total / SCORED_DAYS
