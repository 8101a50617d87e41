"""Ninety days of our own sales: a Poisson count per product and day, with weekdays and price elasticity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from pricevane.market.nouns import Good
from pricevane.market.numbers import chance, shop_price, times

COLUMNS = ("sku", "date", "units", "revenue")
HISTORY_DAYS = 90
WEEKDAYS = (0.9, 0.85, 0.9, 1.0, 1.2, 1.35, 0.8)
PAST_FACTORS = (1.0, 0.94, 1.0, 1.07, 0.9)


def sales(
    seed: int, goods: Sequence[Good], prices: Mapping[str, Decimal], start_on: date
) -> Iterator[tuple[str, date, int, Decimal]]:
    """Rows of (sku, date, units, revenue with VAT), also for days without a sale; the last day is yesterday."""
    days = [start_on - timedelta(days=back) for back in range(HISTORY_DAYS, 0, -1)]
    for good in goods:
        if good.sku:
            rng = chance(seed, "sales", good.sku)
            charged = _charged(prices[good.sku], rng)
            units = _units(good, charged, days, rng)
            yield from (
                (good.sku, on, sold, sold * price) for on, sold, price in zip(days, units, charged, strict=True)
            )


def _charged(price: Decimal, rng: np.random.Generator) -> list[Decimal]:
    """The shelf price of each day: some other levels for ten to thirty days each, and today's at the end."""
    charged: list[Decimal] = []
    for _ in range(int(rng.integers(0, 4))):
        factor = PAST_FACTORS[int(rng.integers(len(PAST_FACTORS)))]
        charged += [shop_price(times(price, factor))] * int(rng.integers(10, 27))
    return charged + [price] * (HISTORY_DAYS - len(charged))


def _units(good: Good, charged: Sequence[Decimal], days: Sequence[date], rng: np.random.Generator) -> list[int]:
    dearness = np.array([float(price / charged[-1]) for price in charged])
    weekday = np.array([WEEKDAYS[on.weekday()] for on in days])
    rate = rng.lognormal(0.6, 0.7) * (60 / float(good.base)) ** 0.5
    sold: list[int] = rng.poisson(rate * weekday * dearness**-good.elasticity).tolist()
    return sold
