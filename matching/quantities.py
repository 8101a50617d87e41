"""Quantities with units and pack counts in a folded name, in base units: 1 l is 1000 ml, 2 x 250 g is 500 g in two."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from matching.words import PACK

UNITS: dict[str, tuple[str, float]] = {
    spelling: (dimension, float(factor))
    for dimension, factors in tomllib.loads(Path(__file__).with_name("units.toml").read_text(encoding="utf-8")).items()
    for factor, spellings in factors.items()
    for spelling in spellings
}


def _any(spellings: list[str]) -> str:
    return "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))


NEAR = 0.03
NUMBER = r"(\d{1,7}(?:\.\d{1,3})?)"
MEASURED = re.compile(
    rf"(?<![\w.])(?:(\d{{1,3}})\s?x\s?)?{NUMBER}[\s-]?({_any(list(UNITS))})(?:x(\d{{1,2}})(?!\d)|(?![^\W\d_]))"
)
COUNTED = re.compile(
    rf"(?:{_any(PACK['before'])})\s?(\d{{1,3}})(?![\d.])|(?<![\d.])(\d{{1,3}})[\s-]?(?:{_any(PACK['after'])})(?![^\W_])"
    rf"|(?<![\w.])(?<!\d )x\s?(\d{{1,2}})(?=$|\s*\))|(?:^|[(,]\s?)(\d{{1,2}})\s?x\s(?=[^\W\d_]{{3}})"
)
SINGLE = re.compile(rf"(?<![^\W_])(?:{_any(PACK['single'])})(?![^\W_])")
# Telephone networks, not grams.
NETWORK = re.compile(r"[2-5]g")
# English "to" is a terabyte only in French.
RANGE = re.compile(r"\s*\d")


@dataclass(slots=True)
class Quantities:
    """What a name says: base amounts by dimension, and how many pieces (0: it does not say, 1: says so).

    `whole` names the dimensions whose amount is that of all pieces together.
    """

    amounts: dict[str, set[float]] = field(default_factory=dict)
    count: int = 0
    whole: set[str] = field(default_factory=set)


def quantities(name: str) -> Quantities:
    """The quantities of a folded name; an amount in several pieces stands with its whole and makes the count."""
    found = Quantities()
    for measured in MEASURED.finditer(name):
        before, number, spelling, after = measured.groups()
        if NETWORK.fullmatch(measured[0]) or (spelling == "to" and RANGE.match(name, measured.end())):
            continue
        dimension, factor = UNITS[spelling]
        pieces = int(before or after or 1)
        amount = float(number) * factor * max(pieces, 1)
        if pieces > 1 and dimension in ("mass", "volume", "storage"):
            found.count = max(found.count, pieces)
            found.whole.add(dimension)
        elif pieces > 1:
            amount = float(number) * factor
        if amount:
            found.amounts.setdefault(dimension, set()).add(round(amount, 3))
    counts = [int(next(filter(None, counted.groups()))) for counted in COUNTED.finditer(name)]
    if counts:
        found.count = max(found.count, *counts)
    elif not found.count and SINGLE.search(name):
        found.count = 1
    return found


def amounts_unlike(one: Quantities, other: Quantities, dimension: str) -> bool:
    """Whether both name amounts of a dimension and neither's amounts are all among the other's."""
    mine, theirs = one.amounts.get(dimension), other.amounts.get(dimension)
    return bool(mine and theirs and not (_among(mine, theirs) or _among(theirs, mine)))


def same_amount(one: Quantities, other: Quantities, dimension: str) -> bool:
    """Whether both name an amount of the whole in a dimension, and the same one."""
    mine, theirs = one.amounts.get(dimension), other.amounts.get(dimension)
    return bool(mine and theirs and dimension in one.whole | other.whole and _among(mine, theirs))


def _among(amounts: set[float], others: set[float]) -> bool:
    """Within NEAR: inches are rounded."""
    return all(any(abs(amount - other) <= NEAR * max(amount, other) for other in others) for amount in amounts)
