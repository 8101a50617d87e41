"""How good scores are against labels: F1, calibration, precision with its lower bound, and the thresholds for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from matching.sparse import Floats

BINS = 10
CONFIDENCE = 0.95
# What an automatic match must keep: precision, and its lower bound, on at least so many pairs.
AUTO_PRECISION, AUTO_BOUND, AUTO_FEWEST = 0.995, 0.99, 300
# Nothing less likely than this is confirmed, however sure its proof.
LEAST_AUTO = 0.5
NEVER = 1.01


def f1(scores: Floats, labels: Floats, threshold: float) -> float:
    """F1 of calling every pair with at least the threshold a match; 0 where nothing is right."""
    called = scores >= threshold
    right = float(np.sum(called & (labels == 1)))
    return 2 * right / max(float(called.sum() + np.sum(labels == 1)), 1.0)


def best_threshold(scores: Sequence[Floats], labels: Sequence[Floats]) -> float:
    """The threshold with the highest F1, averaged over the sets; the middle one of those that are equally good."""
    tried = np.unique(np.concatenate([np.quantile(each, np.linspace(0, 1, 501)) for each in scores]))
    means = np.mean(
        [[f1(each, truth, threshold) for threshold in tried] for each, truth in zip(scores, labels, strict=True)],
        axis=0,
    )
    best = tried[means >= means.max() - 1e-9]
    return float(best[len(best) // 2])


def lower_bound(right: int, accepted: int, confidence: float = CONFIDENCE) -> float:
    """One-sided lower bound of a share (Clopper and Pearson 1934); 0 where nothing was accepted."""
    return float(betaincinv(right, accepted - right + 1, 1 - confidence)) if right else 0.0


def auto_threshold(scores: Floats, labels: Floats) -> float:
    """The lowest score from LEAST_AUTO on above which all keep the automatic precision; NEVER where none does."""
    order = np.argsort(-scores, kind="stable")
    right, accepted = np.cumsum(labels[order] == 1), np.arange(1, len(scores) + 1)
    bounds = betaincinv(np.maximum(right, 1), accepted - right + 1, 1 - CONFIDENCE)
    last = np.append(np.diff(scores[order]) != 0, True)
    good = last & (accepted >= AUTO_FEWEST) & (right / accepted >= AUTO_PRECISION) & (bounds >= AUTO_BOUND)
    return max(float(scores[order][np.flatnonzero(good)[-1]]), LEAST_AUTO) if good.any() else NEVER


def calibration_error(scores: Floats, labels: Floats, bins: int = BINS) -> float:
    """Expected calibration error: mean distance of score and share of matches over equally wide bins, by their size."""
    place = np.minimum((scores * bins).astype(np.int64), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, scores, minlength=bins) - np.bincount(place, labels, minlength=bins)
    return float(np.abs(sums).sum() / max(counts.sum(), 1))
