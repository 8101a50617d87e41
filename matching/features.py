"""How alike two names are, seen from many sides: one row of numbers for each pair of a listing and a product."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process
from scipy.sparse import csr_array

from matching.candidates import grams
from matching.measures import DIRECTED, MEASURES
from matching.readings import Reading, Table
from matching.sparse import Floats, Ints, dots, incidence, rarity, row_sums, unit, weighted

CHUNK = 50_000
EDITS = {"token_set": fuzz.token_set_ratio, "token_sort": fuzz.token_sort_ratio}


@dataclass(frozen=True, slots=True)
class _Sides:
    """One kind of tokens on both sides: ones and weights by rarity, rows of unit length, and total weights."""

    ones: csr_array
    weighed: tuple[csr_array, csr_array]
    units: tuple[csr_array, csr_array]
    totals: tuple[Floats, Floats]

    @classmethod
    def of(cls, listings: Table, products: Table, tokens: Callable[[Reading], Iterable[str]]) -> _Sides:
        one, other = incidence([tokens(row) for row in listings.rows], [tokens(row) for row in products.rows])
        weights = rarity(one, other)
        mine, theirs = weighted(one, weights), weighted(other, weights)
        return cls(other, (mine, theirs), (unit(mine), unit(theirs)), (row_sums(mine), row_sums(theirs)))

    def cosines(self, left: Ints, right: Ints) -> Floats:
        return dots(self.units[0][left], self.units[1][right])

    def overlaps(self, left: Ints, right: Ints) -> tuple[Floats, Floats, Floats]:
        """Shared weight over the left's, over the right's, and over that of both together; NaN for empty rows."""
        shared = dots(self.weighed[0][left], self.ones[right])
        mine, theirs = self.totals[0][left], self.totals[1][right]
        with np.errstate(invalid="ignore", divide="ignore"):
            return shared / mine, shared / theirs, shared / (mine + theirs - shared)


class Comparison:
    """Two tables made ready to compare any of their pairs; what is rare is learned from both."""

    def __init__(self, listings: Table, products: Table) -> None:
        self._tables = (listings, products)
        self._words = _Sides.of(listings, products, lambda row: row.words)
        self._whole = _Sides.of(listings, products, lambda row: row.whole_words)
        self._grams = _Sides.of(listings, products, lambda row: grams(row.name))

    def features(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """One float64 column per feature for pairs with columns left, right (positions); NaN where nothing is said.

        Features that have a direction stand as the lower and the higher of both, so sides may be swapped.
        """
        left, right = pairs["left"].to_numpy(np.int64), pairs["right"].to_numpy(np.int64)
        starts = range(0, max(len(pairs), 1), CHUNK)
        parts = [self._part(left[start : start + CHUNK], right[start : start + CHUNK]) for start in starts]
        return pd.concat(parts).set_axis(pairs.index)

    def _part(self, left: Ints, right: Ints) -> pd.DataFrame:
        listings, products = self._tables
        made = self._shared(left, right)
        sides = [(listings.rows[a], products.rows[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
        names = [one.name for one, _ in sides], [other.name for _, other in sides]
        for name, scorer in EDITS.items():
            made[name] = process.cpdist(*names, scorer=scorer, workers=1).astype(np.float64) / 100
        for name, measure in MEASURES.items():
            made[name] = np.fromiter(starmap(measure, sides), np.float64, len(sides))
        for name, directed in DIRECTED.items():
            forth = np.fromiter((directed(a, b) for a, b in sides), np.float64, len(sides))
            back = np.fromiter((directed(b, a) for a, b in sides), np.float64, len(sides))
            made |= _both_ways(name, forth, back)
        made["price_ratio"] = np.abs(np.log(listings.prices[left] / products.prices[right]))
        return pd.DataFrame(made)

    def _shared(self, left: Ints, right: Ints) -> dict[str, Floats]:
        made = {
            "word_cosine": self._words.cosines(left, right),
            "gram_cosine": self._grams.cosines(left, right),
            "whole_cosine": self._whole.cosines(left, right),
        }
        for name, sides in (("words", self._words), ("grams", self._grams)):
            forth, back, union = sides.overlaps(left, right)
            made |= _both_ways(name, forth, back) | {f"{name}_union": union}
        return made


def _both_ways(name: str, forth: Floats, back: Floats) -> dict[str, Floats]:
    return {f"{name}_low": np.fmin(forth, back), f"{name}_high": np.fmax(forth, back)}
