"""Boosted regression trees as plain arrays: kept as JSON, summed by numpy, read without running foreign code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.sparse import Floats

CHUNK = 100_000
DIGITS = 6
DEEPEST = 64
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Trees:
    """All nodes of all trees in a row; a leaf has itself as both children, so a fixed number of steps ends there."""

    base: float
    depth: int
    roots: Ints
    feature: Ints
    threshold: Floats
    missing_left: NDArray[np.bool_]
    left: Ints
    right: Ints
    value: Floats

    def raw(self, features: Floats) -> Floats:
        """Log-odds for rows of features (float64, NaN allowed)."""
        starts = range(0, len(features), CHUNK)
        parts = [self._walk(features[start : start + CHUNK]) for start in starts]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _walk(self, features: Floats) -> Floats:
        total = np.full(len(features), self.base)
        rows = np.arange(len(features))
        for root in self.roots:
            node = np.full(len(features), root, np.int32)
            for _ in range(self.depth):
                seen = features[rows, self.feature[node]]
                goes_left = np.where(np.isnan(seen), self.missing_left[node], seen <= self.threshold[node])
                node = np.where(goes_left, self.left[node], self.right[node])
            total += self.value[node]
        return total

    def as_json(self) -> dict[str, Any]:
        """Numbers and lists of numbers only."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Trees:
        """Raises KeyError for a missing part, ValueError where a part is no list of numbers or points outside."""
        made = cls(
            base=float(kept["base"]),
            depth=int(kept["depth"]),
            roots=np.asarray(kept["roots"], np.int32),
            feature=np.asarray(kept["feature"], np.int32),
            threshold=np.asarray(kept["threshold"], np.float64),
            missing_left=np.asarray(kept["missing_left"], np.bool_),
            left=np.asarray(kept["left"], np.int32),
            right=np.asarray(kept["right"], np.int32),
            value=np.asarray(kept["value"], np.float64),
        )
        nodes = len(made.value)
        for name in ("feature", "threshold", "missing_left", "left", "right"):
            if getattr(made, name).shape != (nodes,):
                raise ValueError(f"the trees have {nodes} nodes, but their {name} is of another shape")
        for name in ("roots", "left", "right"):
            places = getattr(made, name)
            if places.min(initial=0) < 0 or places.max(initial=-1) >= nodes:
                raise ValueError(f"the trees' {name} point outside their {nodes} nodes")
        if not 0 <= made.depth <= DEEPEST:
            raise ValueError(f"the trees' depth is {made.depth}")
        return made


def _plain(part: Any) -> Any:
    if not isinstance(part, np.ndarray):
        return part
    if part.dtype == np.bool_:
        return part.astype(int).tolist()
    return [float(f"{number:.{DIGITS}g}") for number in part] if part.dtype == np.float64 else part.tolist()
