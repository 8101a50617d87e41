"""How one listing's price and stock go from day to day: real moves, promotions and stock-outs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from pricevane.market.nouns import Listing
from pricevane.market.numbers import chance, shop_price, times
from pricevane.model import Availability

BASELINE_DAYS = 2
MOVE_RATE = 0.012
PROMOTION_RATE = 0.0045
RETURNS_SHARE = 0.1
REST_DAYS = 3
SPELL_DAYS = (3, 8)
# Far from 1.2 and 1/1.2, so that no real move looks like a tax.
MOVE = (0.02, 0.11)
PROMOTION = (0.15, 0.40)
BAND = (0.85, 1.17)
OUT_SHARE = 0.04
BACK_RATE = 0.25
LOW_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Day:
    """The truth about one listing on one day, without what its page gets wrong."""

    price: Decimal
    regular: Decimal | None
    availability: Availability
    moved: bool
    by_promotion: bool


@dataclass(slots=True)
class _Price:
    """A price that remembers when it changed last and, during a spell, where and when it goes back to."""

    base: Decimal
    now: Decimal
    changed_on: int = -REST_DAYS
    back_to: Decimal | None = None
    back_on: int = -1
    promotion: bool = False

    def step(self, day: int, rng: np.random.Generator) -> tuple[bool, bool]:
        """Go one day on; returns whether the price moved and whether a promotion began or ended."""
        before, on_promotion = self.now, self.promotion
        draw = rng.random()
        if self.back_to is not None:
            if day == self.back_on:
                self.now, self.back_to, self.promotion = self.back_to, None, False
        elif day - self.changed_on < REST_DAYS:
            return False, False
        elif draw < MOVE_RATE:
            self._move(day, rng)
        elif draw < MOVE_RATE + PROMOTION_RATE:
            self._promote(day, rng)
        if self.now == before:
            return False, False
        self.changed_on = day
        return True, on_promotion or self.promotion

    def _move(self, day: int, rng: np.random.Generator) -> None:
        before, returns = self.now, rng.random() < RETURNS_SHARE
        self.now = _changed(self.now, self.base, rng)
        if returns and self.now != before:
            self._spell(before, day, rng)

    def _promote(self, day: int, rng: np.random.Generator) -> None:
        reduced = shop_price(times(self.now, 1 - rng.uniform(*PROMOTION)))
        if PROMOTION[0] <= 1 - float(reduced / self.now) <= PROMOTION[1]:
            self._spell(self.now, day, rng)
            self.now, self.promotion = reduced, True

    def _spell(self, back_to: Decimal, day: int, rng: np.random.Generator) -> None:
        self.back_to, self.back_on = back_to, day + int(rng.integers(*SPELL_DAYS))


def walk(seed: int, listing: Listing, days: int) -> list[Day]:
    """The listing's days from 0 on; a longer walk begins like a shorter one."""
    rng, stock_rng = (chance(seed, listing.shop.name, listing.path, what) for what in ("price", "stock"))
    price = _Price(listing.good.base, shop_price(times(listing.good.base, listing.level)))
    out, walked = stock_rng.random() < OUT_SHARE, []
    for day in range(days):
        moved, by_promotion = price.step(day, rng) if day >= BASELINE_DAYS else (False, False)
        regular = price.back_to if price.promotion else None
        walked.append(Day(price.now, regular, _availability(out, stock_rng.random()), moved, by_promotion))
        out = stock_rng.random() < (1 - BACK_RATE if out else BACK_RATE * OUT_SHARE / (1 - OUT_SHARE))
    return walked


def _availability(out: bool, draw: float) -> Availability:
    if out:
        return Availability.OUT_OF_STOCK
    return Availability.LOW_STOCK if draw < LOW_SHARE else Availability.IN_STOCK


def _changed(price: Decimal, base: Decimal, rng: np.random.Generator) -> Decimal:
    """A new shop-like price that no rule excludes, or the old one where twenty draws find none."""
    for size, sign in zip(rng.uniform(*MOVE, 20), rng.choice((-1, 1), 20), strict=True):
        after = shop_price(times(price, 1 + sign * size))
        if _is_move(float(after / price)) and BAND[0] <= float(after / base) <= BAND[1]:
            return after
    return price


def _is_move(ratio: float) -> bool:
    return MOVE[0] <= abs(ratio - 1) <= MOVE[1]
