"""Limits that no proposal breaks: what bounds a price, what forbids any change, and the clamping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from pricing.cases import Case
from pricing.money import ONE, exact, exponent, rounded, to_minor, with_vat
from pricing.settings import Guardrails

UNBOUNDED = 10**15
MONTH = timedelta(days=30)


class Limit(NamedTuple):
    """A guardrail that allows the prices from `low` to `high` (gross minor units, both included)."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Clamped:
    """A target after the guardrails; price is None where nothing may or need be proposed.

    `blocked` says by what, "" where the price simply need not change. `trail` has one
    [guardrail, from_minor, to_minor] per guardrail that changed the price, `binding` is the one that counted.
    """

    price: int | None
    trail: tuple[tuple[str, int, int], ...] = ()
    blocked: str = ""

    @property
    def binding(self) -> str:
        """The guardrail that had the last word ("" if none changed the target); endings only if alone."""
        names = [name for name, _, _ in self.trail]
        return ([name for name in names if name != "endings"] or names or [""])[-1]


def limits(case: Case, guardrails: Guardrails) -> list[Limit]:
    """The limits of a product in the order in which they are applied; money floors last."""
    found = [_around("greatest change", case.own_minor, guardrails.max_change)]
    found.append(_around("greatest change in 30 days", case.month_ago_minor, guardrails.max_change_30d))
    ceiling = case.rrp_minor
    if ceiling is None and case.highest_minor is not None:
        ceiling = rounded(case.highest_minor * exact(guardrails.cap_market_factor), ROUND_FLOOR)
    if ceiling is not None:
        found.append(Limit("ceiling", 1, ceiling))
    return [*found, Limit("floor", _floor(case, guardrails), UNBOUNDED)]


def _around(name: str, price: int, share: float) -> Limit:
    low = rounded(price * (1 - exact(share)), ROUND_CEILING)
    return Limit(name, max(1, low), rounded(price * (1 + exact(share)), ROUND_FLOOR))


def _floor(case: Case, guardrails: Guardrails) -> int:
    """The highest of the legal floor, landed cost times its factor, and the category's least margin."""
    floors = [Decimal(case.legal_floor_minor or 1)]
    if case.cost is not None:
        shelf = with_vat(case.cost, case.vat_bp)
        floors.append(shelf * exact(guardrails.landed_cost_factor))
        if case.floor_margin_bp is not None:
            rest = ONE - case.floor_margin_bp
            floors.append(shelf * ONE / rest if rest > 0 else Decimal(UNBOUNDED))
    return rounded(max(floors), ROUND_CEILING)


def obstacles(case: Case, guardrails: Guardrails, as_of: datetime) -> list[str]:
    """What forbids any change of this product now."""
    rest = guardrails.cooldown(case.key_value_item)
    return [
        name
        for name, stands in (
            ("cost is missing", case.cost is None),
            ("own price and cost are in different currencies", case.own_currency != case.currency),
            ("cool-down", case.changed_at is not None and as_of < case.changed_at + rest),
            ("changes in 30 days", not case.key_value_item and case.changes_30d >= guardrails.changes_30d),
        )
        if stands
    ]


def least_move(case: Case, guardrails: Guardrails) -> int:
    """The smallest change worth proposing, in minor units."""
    share = rounded(case.own_minor * exact(guardrails.least_move), ROUND_CEILING)
    return max(1, share, to_minor(guardrails.least_move_amount, case.currency))


def clamp(case: Case, target: int, action: str, guardrails: Guardrails, as_of: datetime) -> Clamped:
    """The allowed price nearest to `target` (gross minor units); see `Clamped`."""
    least = least_move(case, guardrails)
    if abs(target - case.own_minor) < least:
        return Clamped(None)
    if found := obstacles(case, guardrails, as_of):
        return Clamped(None, blocked=found[0])
    bounds = limits(case, guardrails)
    low, high = max(bounds, key=lambda limit: limit.low), min(bounds, key=lambda limit: limit.high)
    if low.low > high.high:
        names = [limit.name for limit in bounds if limit in (low, high)]
        return Clamped(None, blocked="by " + " and ".join(reversed(names)))
    price, trail = _apply(target, bounds)
    within = Limit("endings", low.low, high.high)
    ended = _ended(price, _on_side(within, action, target, price), case, guardrails)
    if ended is None:
        return Clamped(None, tuple(trail), blocked="by endings: no allowed one lies within the other limits")
    if ended != price:
        trail.append((within.name, price, ended))
    return _worth(case, target, ended, least, tuple(trail))


def _worth(case: Case, target: int, price: int, least: int, trail: tuple[tuple[str, int, int], ...]) -> Clamped:
    """No proposal where the guardrails left nothing to do, turned the change round, or stock forbids it."""
    limited = [name for name, _, _ in trail if name != "endings"]
    change = price - case.own_minor
    if abs(change) < least or (change > 0) != (target > case.own_minor):
        return Clamped(None, trail, blocked=f"by {limited[-1]}" if limited else "")
    if change < 0 and case.stock == 0:
        return Clamped(None, trail, blocked="own stock is out")
    return Clamped(price, trail)


def _apply(target: int, bounds: list[Limit]) -> tuple[int, list[tuple[str, int, int]]]:
    price, trail = target, []
    for limit in bounds:
        allowed = min(max(price, limit.low), limit.high)
        if allowed != price:
            trail.append((limit.name, price, allowed))
        price = allowed
    return price, trail


def _on_side(within: Limit, action: str, target: int, price: int) -> Limit:
    """An ending may not undo `beat` or `stay_above` where no guardrail did already."""
    if price != target:
        return within
    if action == "beat":
        return within._replace(high=target)
    return within._replace(low=target) if action == "stay_above" else within


def _ended(price: int, within: Limit, case: Case, guardrails: Guardrails) -> int | None:
    """The price nearest to `price` with an allowed ending (of two equally near, the smaller change)."""
    if not guardrails.endings or exponent(case.currency) != 2:
        return price
    hundred = price // 100
    candidates = [
        100 * (hundred + step) + ending
        for step in (-1, 0, 1)
        for ending in guardrails.endings
        if within.low <= 100 * (hundred + step) + ending <= within.high
    ]
    return min(candidates, key=lambda found: (abs(found - price), abs(found - case.own_minor)), default=None)


def broken(case: Case, proposed: int, guardrails: Guardrails, as_of: datetime) -> list[str]:
    """The names of the guardrails that a proposed price would break now, [] if it may stand."""
    tests: Mapping[str, bool] = {
        **{limit.name: not limit.low <= proposed <= limit.high for limit in limits(case, guardrails)},
        "endings": bool(guardrails.endings)
        and exponent(case.currency) == 2
        and proposed % 100 not in guardrails.endings,
        "least move": abs(proposed - case.own_minor) < least_move(case, guardrails),
        "own stock is out": proposed < case.own_minor and case.stock == 0,
        "no fresh rival price": case.rivals == 0,
    }
    return [*obstacles(case, guardrails, as_of), *(name for name, fails in tests.items() if fails)]
