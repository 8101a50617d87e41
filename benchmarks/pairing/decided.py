"""What a house's first decisions are worth: the shipped recipe before and after a person answered the queue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.pairing.judged import Prepared, unseen_scorer
from matching.evaluate import calibration_error, f1
from matching.judge import LEAST
from matching.learn import corrected, implied, recalibrated
from matching.scorer import AMONG, Scorer, calibrated, evidence, proven
from matching.sparse import Floats, Ints

ANSWERS = (0, 30, 300, 1000)
LIKELIER_THAN_NOT = 0.5


def decided(prepared: Prepared, others: Sequence[Prepared]) -> dict[str, float]:
    """F1 (at a score of one half) and calibration error on the part held back, by the number of answers.

    The answers are the labels of the train part's most open pairs, as the queue would ask for them.
    """
    one, scorer = prepared.labelled, unseen_scorer(prepared, others)
    labels, part = one.labels, one.pairs["part"]
    known = ~np.isnan(labels)
    held = np.flatnonzero(known & part.isin(["valid", "test"]).to_numpy(np.bool_))
    before = _scores(one.pairs, one.features, scorer)
    asked = np.flatnonzero(known & part.eq("train").to_numpy(np.bool_) & (before >= LEAST))
    queue = asked[np.argsort(-before[asked] * (1 - before[asked]), kind="stable")]
    figures = {}
    for answers in ANSWERS:
        found = _scores(one.pairs, one.features, _taught(prepared, scorer, queue[:answers]))[held]
        figures[f"decided_{answers}_f1"] = round(f1(found, labels[held], LIKELIER_THAN_NOT), 4)
        figures[f"decided_{answers}_calibration_error"] = round(calibration_error(found, labels[held]), 4)
    return figures


def _scores(pairs: pd.DataFrame, features: pd.DataFrame, scorer: Scorer) -> Floats:
    return calibrated(evidence(pairs, scorer.log_odds(features)), scorer.among)


def _taught(prepared: Prepared, scorer: Scorer, answered: Ints) -> Scorer:
    """The scorer after the answers to these rows, as a house would learn from them."""
    one = prepared.labelled
    pairs = one.pairs.rename(columns={"left": "listing_id", "right": "product_id"})
    said = pairs.iloc[answered]
    rival = pairs["listing_id"].isin(said.loc[said["label"].eq(1), "listing_id"]).to_numpy(np.bool_)
    held_back = rival & (one.labels == 1) & ~np.isin(np.arange(len(pairs)), answered)
    labels = implied(pairs, said)
    told = ~np.isnan(labels) & ~held_back
    whose = pairs["listing_id"].to_numpy(np.int64)[told]
    made = corrected(scorer, one.features[told], labels[told], whose, len(answered))
    seen = pd.DataFrame(evidence(one.pairs, made.log_odds(one.features))[answered], columns=list(AMONG))
    rows = seen.assign(
        site_id=0,
        proven=proven(one.features.iloc[answered]),
        vetoed=one.vetoed.to_numpy(np.bool_)[answered],
        label=one.labels[answered],
    )
    return recalibrated(made, rows)
