"""What a proposed price changes, in facts: margins, break-even volume, index, rank. No forecast."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from pricing.cases import Case
from pricing.money import major, net

Effect = dict[str, float | int | None]


def units(sales: pd.DataFrame, as_of: datetime) -> dict[int, int]:
    """Units sold in the 28 days up to `as_of` by product_id; products without any sales rows are absent."""
    sold_on = pd.to_datetime(sales["sold_on"], utc=True)
    recent = sold_on.gt(pd.Timestamp(as_of) - timedelta(days=28)) & sold_on.le(pd.Timestamp(as_of))
    sold = sales["units"].where(recent, 0).groupby(sales["product_id"]).sum()
    return {int(product): int(count) for product, count in sold.items()}  # type: ignore[call-overload]


def effect(case: Case, proposed: int, rivals: list[dict[str, Any]], units_28d: int | None) -> Effect:
    """Facts about the change: *_pct in per cent, margin rates (p - c)/p net of VAT as shares.

    break_even_volume_pct = -Δp / (m + Δp) with m the unit margin, all net; None where the new margin is
    not positive.
    """
    before, after = net(case.own_minor, case.vat_bp), net(proposed, case.vat_bp)
    prices = [int(rival["price_minor"]) for rival in rivals]
    made: Effect = {"change_pct": round(100 * (proposed / case.own_minor - 1), 2)}
    if case.cost is not None:
        margin = after - case.cost
        made["margin_rate_before"] = round(float((before - case.cost) / before), 4)
        made["margin_rate_after"] = round(float(margin / after), 4)
        made["break_even_volume_pct"] = round(float(100 * (before - after) / margin), 1) if margin > 0 else None
    for name, price in (("before", case.own_minor), ("after", proposed)):
        made[f"index_{name}"] = round(100 * price / float(np.median(prices)), 1)
        made[f"rank_{name}"] = 1 + sum(rival < price for rival in prices)
    return made | {"units_28d": units_28d}


def at_stake(case: Case, proposed: int, units_28d: int | None) -> float:
    """Change of the net price times the units of 14 days, in major units; 0 without sales."""
    change = abs(net(proposed, case.vat_bp) - net(case.own_minor, case.vat_bp))
    return round(float(major(1, case.currency) * change * (units_28d or 0) / 2), 4)
