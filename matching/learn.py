"""What people's decisions teach: the calibration, each site's threshold and, past a few hundred, the scorer itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from matching.evaluate import NEVER, auto_threshold
from matching.scorer import AMONG, FARTHEST, Scorer, calibrated
from matching.sparse import Floats, Ints

# How far a house may be from the shipped calibration before it has decided anything: normal priors of shift and slope.
SHIFT, SLOPE, FLATTEST = 0.5, 0.25, 0.1
# What the shipped chance of automatic matches weighs against decisions on such pairs.
WEIGHT = 300
# Decisions, and those of the rarer kind, from which on single features are weighed anew, and how much that must pay.
FEWEST, FEWEST_OF_EACH, RIDGE, LEAST_GAIN, FOLDS = 300, 30, 30.0, 0.02, 5
DECIDED = ("site_id", *AMONG, "proven", "vetoed", "label")


def recalibrated(scorer: Scorer, decided: pd.DataFrame) -> Scorer:
    """The scorer with its calibration among rivals and its chance of automatic matches moved towards the decisions.

    decided has the columns DECIDED, one row a pair: label 1 for the same product, 0 for another. Shift and slope of
    the log-odds have normal priors at the shipped calibration (Platt 1999 with a prior), so a few rows move little.
    """
    if decided.empty:
        return scorer
    seen, labels = _evidence(decided), decided["label"].to_numpy(np.float64)
    logits = _logit(calibrated(seen, scorer.among))

    def loss(moved: Floats) -> float:
        prior = (moved[0] / SHIFT) ** 2 / 2 + ((moved[1] - 1) / SLOPE) ** 2 / 2
        return _log_loss(moved[0] + moved[1] * logits, labels) + float(prior)

    shift, slope = minimize(loss, np.array([0.0, 1.0]), bounds=[(None, None), (FLATTEST, None)]).x
    intercept, *weights = scorer.among
    among = (float(shift + slope * intercept), *(float(slope * weight) for weight in weights))
    automatic = _sure(decided) & (calibrated(seen, scorer.among) >= scorer.auto)
    right = float(labels[automatic].sum())
    sure = (scorer.sure * WEIGHT + right) / (WEIGHT + int(automatic.sum()))
    return replace(scorer, among=among, sure=sure)


def thresholds(scorer: Scorer, decided: pd.DataFrame) -> dict[int, float]:
    """site_id -> its automatic threshold, where decisions speak against the scorer's or suffice for a better one.

    Enough decisions give the lowest threshold that keeps the automatic precision (see evaluate.auto_threshold);
    fewer only raise it, above the best pair that a person refused.
    """
    found: dict[int, float] = {}
    judged = decided[_sure(decided)]
    for site_id in judged["site_id"].unique().tolist():
        rows = judged[judged["site_id"].eq(site_id)]
        scores, labels = calibrated(_evidence(rows), scorer.among), rows["label"].to_numpy(np.float64)
        own = auto_threshold(scores, labels)
        refused = scores[(labels == 0) & (scores >= scorer.auto)]
        if own != NEVER:
            found[site_id] = own
        elif len(refused):
            found[site_id] = float(np.nextafter(refused.max(), NEVER))
    return found


def implied(pairs: pd.DataFrame, decided: pd.DataFrame) -> Floats:
    """Labels of candidates (listing_id, product_id) by what was decided (the same, with label); NaN where nothing was.

    A listing that is one product is none of its other candidates.
    """
    keys = ["listing_id", "product_id"]
    said = pairs[keys].merge(decided[[*keys, "label"]], on=keys, how="left", validate="one_to_one")["label"]
    found = pairs["listing_id"].isin(decided.loc[decided["label"].eq(1), "listing_id"])
    return np.where(said.isna() & found.to_numpy(np.bool_), 0.0, said.to_numpy(np.float64, na_value=np.nan))


def corrected(scorer: Scorer, features: pd.DataFrame, labels: Floats, listings: Ints, decisions: int) -> Scorer:
    """The scorer with single features weighed anew by decisions, if there are enough and cross-validation gains.

    features, one row a pair, as features.features makes them; labels as `implied`, none missing: easy pairs must be
    among them, since what is asked of people is hard. `listings` says whose pair it is. A ridge regression of the
    labels on the standardised features, with the scorer's log-odds as offset.
    """
    rarer = int(min(labels.sum(), len(labels) - labels.sum()))
    if decisions < FEWEST or rarer < FEWEST_OF_EACH:
        return scorer
    varied = features.loc[:, features.std().gt(0)]
    means, deviations = varied.mean(), varied.std()
    rows = ((varied - means) / deviations).fillna(0.0).to_numpy(np.float64)
    offset = scorer.log_odds(features)
    before = after = 0.0
    fold_of = np.unique(listings, return_inverse=True)[1] % FOLDS
    for fold in range(FOLDS):
        asked, learnt = fold_of == fold, fold_of != fold
        weights, base = (_ridge(part[learnt], offset[learnt], labels[learnt]) for part in (rows, rows[:, :0]))
        before += _log_loss(base[0] + offset[asked], labels[asked])
        after += _log_loss(weights[0] + offset[asked] + rows[asked] @ weights[1:], labels[asked])
    if after > before * (1 - LEAST_GAIN):
        return scorer
    weights = _ridge(rows, offset, labels)[1:]
    told = zip(varied, means, deviations, weights, strict=True)
    return replace(scorer, corrections={str(name): (float(a), float(b), float(c)) for name, a, b, c in told})


def _evidence(decided: pd.DataFrame) -> Floats:
    return decided[list(AMONG)].to_numpy(np.float64)


def _sure(decided: pd.DataFrame) -> pd.Series[bool]:
    return decided["proven"].astype(bool) & ~decided["vetoed"].astype(bool)


def _logit(chances: Floats) -> Floats:
    inside = np.clip(chances, np.exp(-2 * FARTHEST), 1 - np.exp(-2 * FARTHEST))
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


def _log_loss(logits: Floats, labels: Floats) -> float:
    return float(np.sum(np.logaddexp(0, np.where(labels == 1, -logits, logits))))


def _ridge(rows: Floats, offset: Floats, labels: Floats) -> Floats:
    """Intercept and weights."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = weights[0] + offset + rows @ weights[1:]
        missed = 1 / (1 + np.exp(-logits)) - labels
        gradient = np.concatenate([[missed.sum()], rows.T @ missed + RIDGE * weights[1:]])
        return _log_loss(logits, labels) + RIDGE / 2 * float(weights[1:] @ weights[1:]), gradient

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return np.asarray(found, dtype=np.float64)
