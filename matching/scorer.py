"""The chance that a listing is a product: boosted trees over the pair's features, calibrated beside its rivals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from matching.sparse import Bools, Floats
from matching.trees import Trees

SHIPPED = Path(__file__).with_name("scorer.json")
FORMAT = 2
# Log-odds are cut here, both of a pair and of its lead over the best rival.
FARTHEST = 9.0
WIDEST_LEAD = 5.0
# Rivals below these log-odds are no rivals.
FLOOR = -3.0
# A lead below this is none to rely on.
LEAST_LEAD = 1.0
# Letters and digits of a model code that proves something when both sides print it.
PROOF = 6
ALONE, AMONG = ("log_odds",), ("log_odds", "lead_of_listing", "lead_of_product")


@dataclass(frozen=True, slots=True)
class Scorer:
    """The trees with the features they read, two calibrations (intercept, then weights), and two thresholds.

    `alone` weighs a pair by itself, `among` beside its rivals; a score of at least `match` is more likely
    than not a match; a proven pair (see `proven`) of at least `auto` may be confirmed without a person, and is right
    with a chance of `sure`, as measured on sets left out. `corrections` are what a house's own decisions teach of
    single features: what is taken for the mean, the deviation, and the log-odds for each of these.
    """

    columns: tuple[str, ...]
    trees: Trees
    alone: tuple[float, ...]
    among: tuple[float, ...]
    match: float
    auto: float
    sure: float = 0.0
    corrections: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    def log_odds(self, features: pd.DataFrame) -> Floats:
        """Of each pair by itself, uncalibrated; `features` as features.features makes them."""
        raw = self.trees.raw(features[list(self.columns)].to_numpy(np.float64))
        for name, (mean, deviation, weight) in self.corrections.items():
            raw += weight * ((features[name].fillna(mean).to_numpy(np.float64) - mean) / deviation)
        return np.clip(raw, -FARTHEST, FARTHEST)

    def score(self, pairs: pd.DataFrame, features: pd.DataFrame, rivals: bool = True) -> Floats:
        """The chance 0..1 of each pair; pairs has left, right and, if known, site.

        With `rivals` the pairs must hold all candidates of their listings, and each is weighed beside the
        listing's other candidates and the product's other listings on the same site.
        """
        odds = self.log_odds(features)
        seen = evidence(pairs, odds) if rivals else odds[:, None]
        return calibrated(seen, self.among if rivals else self.alone)

    def as_json(self) -> str:
        """A JSON text that `load` reads."""
        parts = {name: getattr(self, name) for name in self.__slots__ if name not in ("trees", "corrections")}
        return json.dumps({"format": FORMAT, **parts, "trees": self.trees.as_json()}, separators=(",", ":")) + "\n"


def load(text: str) -> Scorer:
    """The scorer kept in a JSON text; raises ValueError where it is not one of this format."""
    try:
        kept: Mapping[str, Any] = json.loads(text)
        if kept["format"] != FORMAT:
            raise ValueError(f"the scorer has format {kept['format']}, this version reads {FORMAT}")
        columns, trees = tuple(map(str, kept["columns"])), Trees.from_json(kept["trees"])
        if trees.feature.min(initial=0) < 0 or trees.feature.max(initial=0) >= max(len(columns), 1):
            raise ValueError(f"the trees ask for features beyond the scorer's {len(columns)}")
        return Scorer(
            columns=columns,
            trees=trees,
            alone=_weights(kept["alone"], ALONE),
            among=_weights(kept["among"], AMONG),
            match=float(kept["match"]),
            auto=float(kept["auto"]),
            sure=float(kept["sure"]),
        )
    except (KeyError, TypeError) as fault:
        raise ValueError(f"this is no scorer: {fault}") from fault


def _weights(kept: list[float], names: tuple[str, ...]) -> tuple[float, ...]:
    if len(kept) != len(names) + 1:
        raise ValueError(f"a calibration needs {len(names) + 1} numbers, not {len(kept)}")
    return tuple(map(float, kept))


@cache
def shipped() -> Scorer:
    """The scorer that comes with the product, trained by `python -m benchmarks.matching --fit`."""
    return load(SHIPPED.read_text(encoding="utf-8"))


def proven(features: pd.DataFrame) -> Bools:
    """Which pairs may be confirmed without a person at all: both print one model code, and nothing speaks against it.

    One side's codes and numbers must all stand on the other, and no brand may be named that is not. Likeness alone
    proves nothing: the next model up has the same words.
    """
    printed = features["code_printed"].ge(PROOF) & features["brand"].ge(0)
    complete = features["code_missing_low"].eq(0) & features["numbers_missing_low"].eq(0)
    return np.asarray(printed & complete, dtype=np.bool_)


def calibrated(seen: Floats, weights: tuple[float, ...]) -> Floats:
    """Logistic of intercept plus weighted evidence (a row per pair)."""
    return np.asarray(1 / (1 + np.exp(-(weights[0] + seen @ np.asarray(weights[1:])))), dtype=np.float64)


def evidence(pairs: pd.DataFrame, odds: Floats) -> Floats:
    """A row per pair, columns as AMONG: its log-odds, and its lead over the best rival on either side."""
    sites = pairs["site"] if "site" in pairs else pd.Series(0, index=pairs.index)
    by_listing = _best_other(pd.DataFrame({"listing": pairs["left"]}), odds)
    by_product = _best_other(pd.DataFrame({"product": pairs["right"], "site": sites}), odds)
    ahead = [np.clip(odds - np.maximum(rival, FLOOR), -WIDEST_LEAD, WIDEST_LEAD) for rival in (by_listing, by_product)]
    return np.column_stack([odds, *ahead])


def leads(seen: Floats) -> Bools:
    """Which rows of evidence have no rival near, on either side; all where rivals are not known (one column)."""
    return np.asarray((seen[:, 1:] >= LEAST_LEAD).all(axis=1), dtype=np.bool_)


def _best_other(keys: pd.DataFrame, odds: Floats) -> Floats:
    """The highest log-odds of another row with the same keys; the lowest there are where there is no other."""
    group = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    order = np.lexsort((-odds, group))
    first = np.concatenate([[True], np.diff(group[order]) != 0]) if len(order) else np.zeros(0, np.bool_)
    best = np.full(len(odds), -FARTHEST)
    second = np.full(len(odds), -FARTHEST)
    heads = order[first]
    best[group[heads]] = odds[heads]
    followers = order[np.flatnonzero(first[:-1] & ~first[1:]) + 1] if len(order) else order
    second[group[followers]] = odds[followers]
    leads = np.zeros(len(odds), np.bool_)
    leads[heads] = True
    return np.where(leads, second[group], best[group])
