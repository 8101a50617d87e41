"""Figures of one set: unseen, supervised, automatic, blocking and calibration, beside the baselines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.output import share
from benchmarks.pairing.baselines import tfidf, token_set
from benchmarks.pairing.sets import PairSet
from matching.assign import one_to_one, unrivalled
from matching.candidates import TOP, candidates
from matching.evaluate import best_threshold, calibration_error, f1
from matching.features import Comparison
from matching.judge import LEAST
from matching.scorer import Scorer, evidence, leads, proven
from matching.sparse import Bools, Floats
from matching.train import Labelled, fit, fit_own
from matching.vetoes import vetoes

FEWEST_TO_COUNT = 20


@dataclass(frozen=True, slots=True)
class Prepared:
    """A set with the features of its labelled pairs and of all candidates, and what that cost."""

    source: PairSet
    labelled: Labelled
    pairs_per_s: float

    @classmethod
    def of(cls, source: PairSet) -> Prepared:
        pairs = source.everything()
        started = time.process_time()
        features = Comparison(source.listings, source.products).features(pairs)
        seconds = time.process_time() - started
        vetoed = vetoes(source.listings, source.products, pairs)["veto"].ne("")
        made = Labelled(source.name, pairs, features, source.whole, vetoed, pairs["disputed"])
        return cls(source, made, len(pairs) / max(seconds, 1e-9))

    def labelled_without(self, scored: PairSet) -> Labelled:
        """The labelled pairs, but for those of which a name stands in the scored set, too."""
        rows, pairs = self.source, self.labelled.pairs
        mine = [
            np.array([row.name in scored.titles for row in table.rows], np.bool_)
            for table in (rows.listings, rows.products)
        ]
        shared = mine[0][pairs["left"].to_numpy()] | mine[1][pairs["right"].to_numpy()]
        return self.labelled.with_labels(pd.Series(~shared, index=pairs.index))


@dataclass(frozen=True, slots=True)
class Automatic:
    """What an unseen scorer would confirm without a person, of all labelled pairs of a set."""

    accepted: int
    wrong: int
    wrong_disputed: int
    true: int

    def figures(self, head: str) -> dict[str, float]:
        """Shares, only where there are enough accepted pairs to speak of."""
        found: dict[str, float] = {f"{head}auto_accepted": self.accepted}
        if self.accepted >= FEWEST_TO_COUNT:
            found[f"{head}auto_precision"] = share(self.accepted - self.wrong, self.accepted)
        if self.true:
            found[f"{head}auto_coverage"] = share(self.accepted - self.wrong, self.true)
        return found


def scores(prepared: Prepared, scorer: Scorer, strict: bool = False) -> Floats:
    """A score for each pair, 0 where the assignment (and, if strict, a veto) gives the listing to another product."""
    one = prepared.labelled
    found = scorer.score(one.pairs, one.features, one.rivals)
    found = np.where(one.vetoed, 0.0, found) if strict else found
    return np.where(one_to_one(one.pairs, found), found, 0.0) if one.rivals else found


def unseen_scorer(prepared: Prepared, others: Sequence[Prepared]) -> Scorer:
    """The recipe's scorer from the other sets, without any row that the scored set has, too."""
    left = [other.labelled_without(prepared.source) for other in others]
    return fit([other for other in left if not np.isnan(other.labels).all()])


def unseen(prepared: Prepared, others: Sequence[Prepared]) -> tuple[dict[str, float], Automatic]:
    """Figures with a scorer that the recipe made from the other sets alone."""
    scorer = unseen_scorer(prepared, others)
    one = prepared.labelled
    known, scored = ~np.isnan(one.labels), _scored(prepared)
    found, strict = scores(prepared, scorer), scores(prepared, scorer, strict=True)
    chances = scorer.score(one.pairs, one.features, one.rivals)
    figures = {
        "unseen_f1": round(f1(found[scored], one.labels[scored], scorer.match), 4),
        "unseen_f1_with_vetoes": round(f1(strict[scored], one.labels[scored], scorer.match), 4),
        "calibration_error": round(calibration_error(chances[known], one.labels[known]), 4),
    }
    accepted = (
        known & (strict >= scorer.auto) & proven(one.features) & (_clear(one, scorer, chances) if one.rivals else True)
    )
    wrong = accepted & (one.labels == 0)
    disputed = int((wrong & one.disputed.to_numpy(np.bool_)).sum())
    true = int((one.labels == 1).sum())
    return figures, Automatic(int(accepted.sum()), int(wrong.sum()), disputed, true)


def _clear(one: Labelled, scorer: Scorer, chances: Floats) -> Bools:
    """Pairs with no rival near, as judging demands (see judge.judge)."""
    proof = pd.Series(proven(one.features) & (chances >= LEAST), one.pairs.index) & ~one.vetoed
    alone = unrivalled(one.pairs, proof, pd.Series(False, one.pairs.index))
    return np.asarray(alone & leads(evidence(one.pairs, scorer.log_odds(one.features))), np.bool_)


def supervised(prepared: Prepared) -> dict[str, float]:
    """F1 of a scorer made from the set's train part; the threshold is from valid where there is a test part."""
    one, part = prepared.labelled, prepared.labelled.pairs["part"]
    scorer = fit_own(one.with_labels(part.eq("train")))
    found, threshold = scorer.score(one.pairs, one.features, one.rivals), scorer.match
    valid = part.eq("valid").to_numpy(np.bool_) & ~np.isnan(one.labels)
    if part.eq("test").any() and valid.any():
        threshold = best_threshold([found[valid]], [one.labels[valid]])
    scored = _scored(prepared)
    return {"supervised_f1": round(f1(found[scored], one.labels[scored], threshold), 4)}


def baselines(prepared: Prepared) -> dict[str, float]:
    """F1 of both baselines on the same rows, their thresholds from the train part."""
    pairs, figures = prepared.source.pairs, {}
    scored, train = prepared.source.scored.to_numpy(np.bool_), pairs["part"].eq("train").to_numpy(np.bool_)
    labels = pairs["label"].to_numpy(np.float64)
    for name, baseline in (("tfidf", tfidf), ("token_set", token_set)):
        found = baseline(prepared.source)
        threshold = best_threshold([found[train]], [labels[train]])
        figures[f"{name}_f1"] = round(f1(found[scored], labels[scored], threshold), 4)
    return figures


def blocking(source: PairSet) -> dict[str, float]:
    """Share of true pairs among the ten and twenty nearest of their listing."""
    found = candidates(source.listings, source.products, TOP)
    place = found.assign(place=found.groupby("left").cumcount())[["left", "right", "place"]]
    true = source.pairs.loc[source.pairs["label"].eq(1), ["left", "right"]]
    near = true.merge(place, on=["left", "right"], how="left", validate="many_to_one")["place"]
    return {f"recall_at_{top}": share(int(near.lt(top).sum()), len(true)) for top in (10, 20)}


def _scored(prepared: Prepared) -> Bools:
    pairs = prepared.labelled.pairs
    part = "test" if pairs["part"].eq("test").any() else "valid"
    return np.asarray(pairs["part"].eq(part) & pairs["label"].notna(), dtype=np.bool_)
