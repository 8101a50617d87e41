"""Differences that no likeness makes up for, each by its name, and by what factor other packs are comparable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from matching.quantities import Quantities, amounts_unlike, same_amount
from matching.readings import Reading, Table

Rule = Callable[[Reading, Reading], bool]
SIZES, CAPACITIES = ("mass", "volume", "length", "tablets"), ("storage", "charge", "power")
FARTHEST_FACTOR = 1000.0


def vetoes(listings: Table, products: Table, pairs: pd.DataFrame) -> pd.DataFrame:
    """For pairs with columns left, right (positions): veto (the first that holds, or "") and factor.

    factor (float64) is how many of our packs the listing's pack holds, where pack or size is all that a veto
    found; NaN elsewhere. Such pairs are comparable by unit price, never the same product.
    """
    left, right = pairs["left"].tolist(), pairs["right"].tolist()
    sides = [(listings.rows[a], products.rows[b]) for a, b in zip(left, right, strict=True)]
    found = [veto(one, other) for one, other in sides]
    factors = [
        factor(one.quantities, other.quantities) if name in ("pack count", "size") else np.nan
        for name, (one, other) in zip(found, sides, strict=True)
    ]
    made = {"veto": pd.Series(found, pairs.index, dtype="str"), "factor": pd.Series(factors, pairs.index, "float64")}
    return pd.DataFrame(made)


def veto(one: Reading, other: Reading) -> str:
    """The name of the first rule that keeps the two apart, "" where none does; the sides may be swapped."""
    return next((name for name, rule in RULES.items() if rule(one, other)), "")


def factor(one: Quantities, other: Quantities) -> float:
    """The first pack over the second: by mass or volume where both name one, else by count; NaN if unknown."""
    for dimension in ("mass", "volume"):
        mine, theirs = one.amounts.get(dimension), other.amounts.get(dimension)
        if mine and theirs:
            ratio = max(mine) * _packs(one, dimension) / (max(theirs) * _packs(other, dimension))
            break
    else:
        ratio = max(one.count, 1) / max(other.count, 1)
    return ratio if 1 / FARTHEST_FACTOR <= ratio <= FARTHEST_FACTOR else np.nan


def _packs(quantities: Quantities, dimension: str) -> int:
    """How often the amount counts: a count that the amount does not contain already."""
    return 1 if dimension in quantities.whole else max(quantities.count, 1)


def _pack_count(one: Reading, other: Reading) -> bool:
    """Counts differ, a name without one being single; the same amount in all may be written either way."""
    mine, theirs = one.quantities, other.quantities
    if max(mine.count, 1) == max(theirs.count, 1):
        return False
    says_one_only = 0 in (mine.count, theirs.count)
    return not (says_one_only and any(same_amount(mine, theirs, name) for name in ("mass", "volume", "storage")))


def _amounts(*dimensions: str) -> Rule:
    def differ(one: Reading, other: Reading) -> bool:
        return any(amounts_unlike(one.quantities, other.quantities, dimension) for dimension in dimensions)

    return differ


def _size(one: Reading, other: Reading) -> bool:
    return _other_words("size")(one, other) or _amounts(*SIZES)(one, other)


def _other_words(kind: str) -> Rule:
    """Both sides say something of a kind, and nothing of it is the same."""

    def differ(one: Reading, other: Reading) -> bool:
        return bool(one.said[kind] and other.said[kind] and not one.said[kind] & other.said[kind])

    return differ


def _condition(one: Reading, other: Reading) -> bool:
    return one.said["condition"] != other.said["condition"]


def _accessory(one: Reading, other: Reading) -> bool:
    """One is an accessory (a case, a charger …) or made for something, the other is not."""
    return bool(one.accessory) != bool(other.accessory)


def _bundle(one: Reading, other: Reading) -> bool:
    """One comes with something that the other does not name."""
    return bool(one.extras ^ other.extras)


def _year(one: Reading, other: Reading) -> bool:
    return bool(one.years and other.years and not one.years & other.years)


RULES: dict[str, Rule] = {
    "condition": _condition,
    "accessory": _accessory,
    "bundle": _bundle,
    "pack count": _pack_count,
    "capacity": _amounts(*CAPACITIES),
    "size": _size,
    "colour": _other_words("colour"),
    "model year": _year,
}
