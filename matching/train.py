"""The one recipe that makes a scorer from labelled pairs of several sets, judged only on sets it did not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from matching.evaluate import NEVER, auto_threshold, best_threshold
from matching.scorer import AMONG, Scorer, calibrated, evidence, leads, proven
from matching.sparse import Bools, Floats, Ints
from matching.trees import Trees

# A feature that may only raise (1) or only lower (-1) the score keeps its meaning on sets never seen.
RAISES = (
    *("word_cosine", "gram_cosine", "whole_cosine", "token_set", "token_sort", "first_word", "brand"),
    *("words_low", "words_high", "words_union", "grams_low", "grams_high", "grams_union"),
    *("code_printed", "code_close", "code_found_low", "code_found_high", "code_alike_low", "code_alike_high"),
    *("numbers", "amounts_agree", "years", "colour", "size"),
)
LOWERS = (
    *("amounts_differ", "count_differs", "edition_only", "accessory_only", "price_ratio"),
    *("code_missing_low", "code_missing_high", "numbers_missing_low", "numbers_missing_high"),
    *("words_missing_low", "words_missing_high"),
)
ROUNDS, RATE, LEAVES, FEWEST, RIDGE = 160, 0.06, 12, 20, 4.0
FOLDS = 4
LARGEST = 30_000
# The solver's last digits depend on the machine.
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pairs of one set with their features; label is 1, 0 or NaN (a candidate that nobody judged).

    `rivals`: the pairs hold all candidates of their listings. `vetoed` pairs are never confirmed automatically.
    `disputed` labels contradict the codes that both names print; the automatic threshold is not judged by them.
    """

    name: str
    pairs: pd.DataFrame
    features: pd.DataFrame
    rivals: bool
    vetoed: pd.Series[bool]
    disputed: pd.Series[bool]

    @property
    def labels(self) -> Floats:
        return self.pairs["label"].to_numpy(np.float64)

    def with_labels(self, kept: pd.Series[bool]) -> Labelled:
        """The same pairs, with the labels of some rows only."""
        return replace(self, pairs=self.pairs.assign(label=self.pairs["label"].where(kept)))


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled pairs of one set with log-odds from trees that never saw their labels."""

    evidence: Floats
    labels: Floats
    rivals: bool
    vetoed: Bools
    disputed: Bools
    proven: Bools

    @property
    def weights(self) -> Floats:
        return np.full(len(self.labels), 1 / max(len(self.labels), 1))


def fit(sets: Sequence[Labelled]) -> Scorer:
    """A scorer for sets like none of these: calibration and thresholds come from each set left out in turn.

    Each set weighs the same. Raises ValueError for fewer than two sets.
    """
    if len(sets) < 2:
        raise ValueError("the recipe needs two sets at least, to leave one out")
    return _calibrated(_uncalibrated(sets), [*_left_out(sets)])


def fit_own(own: Labelled) -> Scorer:
    """A scorer for the set that the labels are from: calibration and thresholds from folds of these labels."""
    return _calibrated(_uncalibrated([own]), [_folded(own)])


def _left_out(sets: Sequence[Labelled]) -> Iterator[Judged]:
    for held in sets:
        made = _uncalibrated([one for one in sets if one is not held])
        yield _judged(held, evidence(held.pairs, made.log_odds(held.features)))


def _folded(own: Labelled) -> Judged:
    known = np.flatnonzero(~np.isnan(own.labels))
    seen = np.zeros((len(own.labels), len(AMONG)))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for learnt, asked in folds.split(known, own.labels[known]):
        kept = pd.Series(np.isin(np.arange(len(own.labels)), known[learnt]), index=own.pairs.index)
        odds = _uncalibrated([own.with_labels(kept)]).log_odds(own.features)
        seen[known[asked]] = evidence(own.pairs, odds)[known[asked]]
    return _judged(own, seen)


def _judged(held: Labelled, seen: Floats) -> Judged:
    known = ~np.isnan(held.labels)
    vetoed, disputed = (column.to_numpy(np.bool_)[known] for column in (held.vetoed, held.disputed))
    proof = proven(held.features)[known]
    return Judged(seen[known], held.labels[known], held.rivals, vetoed, disputed, proof)


def _uncalibrated(sets: Sequence[Labelled]) -> Scorer:
    model, columns = boosted(sets)
    return Scorer(columns, plain_trees(model), (0.0, 1.0), (0.0, 1.0, 0.0, 0.0), match=0.5, auto=NEVER)


def boosted(sets: Sequence[Labelled]) -> tuple[HistGradientBoostingClassifier, tuple[str, ...]]:
    """The library's model of the labelled pairs, and the features that it reads in order."""
    frames, labels, shares = [], [], []
    for one in sets:
        known = _sample(np.flatnonzero(~np.isnan(one.labels)))
        frames.append(one.features.iloc[known])
        labels.append(one.labels[known])
        shares.append(np.full(len(known), 1 / max(len(known), 1)))
    features, target, share = pd.concat(frames), np.concatenate(labels), np.concatenate(shares)
    directions = dict.fromkeys(RAISES, 1) | dict.fromkeys(LOWERS, -1)
    varied = [str(name) for name in features if features[name].nunique() > 1]
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=FEWEST,
        l2_regularization=RIDGE,
        early_stopping=False,
        random_state=0,
        monotonic_cst={name: directions[name] for name in varied if name in directions},
    )
    # Waiting threads cost more than they bring on sets of this size, most of all on a busy machine.
    with threadpool_limits(1):
        model.fit(features[varied], target, sample_weight=share / share.sum() * len(share))
    return model, tuple(varied)


def _sample(rows: Ints) -> Ints:
    """At most LARGEST of the rows, evenly spread."""
    return rows[:: max(-(-len(rows) // LARGEST), 1)]


def plain_trees(model: HistGradientBoostingClassifier) -> Trees:
    """The arrays inside scikit-learn's model (private there; a test compares the sums)."""
    nodes = [predictors[0].nodes for predictors in model._predictors]
    starts = np.cumsum([0, *map(len, nodes)])[:-1].astype(np.int32)
    whole = np.concatenate(nodes)
    offset = np.repeat(starts, [len(tree) for tree in nodes])
    leaf, itself = whole["is_leaf"].astype(bool), np.arange(len(whole))
    return Trees.from_json(
        {
            "base": float(np.ravel(model._baseline_prediction)[0]),
            "depth": int(whole["depth"].max()),
            "roots": starts,
            "feature": np.where(leaf, 0, whole["feature_idx"]),
            "threshold": np.where(leaf, 0.0, whole["num_threshold"]),
            "missing_left": np.where(leaf, True, whole["missing_go_to_left"]),
            "left": np.where(leaf, itself, whole["left"] + offset),
            "right": np.where(leaf, itself, whole["right"] + offset),
            "value": np.where(leaf, whole["value"], 0.0),
        }
    )


def _calibrated(made: Scorer, judged: Sequence[Judged]) -> Scorer:
    """The trees with Platt's calibration by itself and among rivals, and thresholds from the same judgements."""
    beside = [one for one in judged if one.rivals]
    alone = _platt([one.evidence[:, :1] for one in judged], judged)
    among = _platt([one.evidence for one in beside], beside) if beside else (*alone, 0.0, 0.0)
    scores = [
        calibrated(one.evidence, among) if one.rivals else calibrated(one.evidence[:, :1], alone) for one in judged
    ]
    labels = [one.labels for one in judged]
    clear = [one.proven & ~one.vetoed & leads(one.evidence if one.rivals else one.evidence[:, :1]) for one in judged]
    sure = np.concatenate([sound & ~one.disputed for sound, one in zip(clear, judged, strict=True)])
    every, truth = np.concatenate(scores), np.concatenate(labels)
    auto = auto_threshold(every[sure], truth[sure])
    accepted = np.concatenate(clear) & (every >= auto)
    right = round(float(truth[accepted].mean()), DIGITS) if accepted.any() else 0.0
    return replace(made, alone=alone, among=among, match=best_threshold(scores, labels), auto=auto, sure=right)


def _platt(seen: Sequence[Floats], judged: Sequence[Judged]) -> tuple[float, ...]:
    """Intercept and weights; evidence that would count against a pair gets none."""
    columns, labels = np.concatenate([*seen]), np.concatenate([one.labels for one in judged])
    weights = np.concatenate([one.weights for one in judged])
    kept = np.arange(columns.shape[1])
    while True:
        model = LogisticRegression(C=10.0).fit(columns[:, kept], labels, sample_weight=weights / weights.mean())
        if len(kept) == 1 or model.coef_[0].min() >= 0:
            break
        kept = np.delete(kept, model.coef_[0].argmin())
    found = np.zeros(columns.shape[1])
    found[kept] = model.coef_[0]
    return tuple(round(float(weight), DIGITS) for weight in (model.intercept_[0], *found))
