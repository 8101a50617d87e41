"""The way from two frames to judged pairs: read, find candidates, score, assign, and say what may be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matching.assign import CANDIDATE, CONFIRMED, one_to_one, states
from matching.candidates import TOP, candidates
from matching.features import Comparison
from matching.readings import Table, read
from matching.scorer import Scorer, calibrated, evidence, proven, shipped
from matching.sparse import Bools, Floats
from matching.vetoes import vetoes

CHUNK = 200_000
# Pairs below this chance are not worth a person's look.
LEAST = 0.1
KEPT = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """pairs, key (listing_id, product_id), best first for each listing, at most KEPT of one: site_id, score (0..1),
    state (confirmed, candidate, rejected, abstained), veto ("" or its name), factor (how many of our packs the
    listing holds, NaN unless it is comparable by unit price).
    abstained: how many listings have no pair that is confirmed or a candidate.
    unreadable: how many listings and products have names that say nothing.
    """

    pairs: pd.DataFrame
    abstained: int
    unreadable: int


def judge(
    listings: pd.DataFrame,
    products: pd.DataFrame,
    rejected: pd.DataFrame | None = None,
    scorer: Scorer | None = None,
    shared: bool = False,
) -> Judgement:
    """Which product each listing is, by what both sides write; deterministic.

    listings, key listing_id, and products, key product_id: name, and brand, category, mpn, text, price_minor
    (of one currency) where known; listings may have site_id. `rejected` pairs (listing_id, product_id) never
    come back. `shared`: a product may have several listings on a site (marketplaces). Raises KeyError for a
    frame without its key or name.
    """
    scorer = scorer or shipped()
    left, right = read(listings, "listing_id"), read(products, "product_id")
    sites = listings["site_id"].to_numpy() if "site_id" in listings else np.zeros(len(left), np.int64)
    pairs = candidates(left, right, TOP)
    pairs = pairs.assign(
        site=sites[pairs["left"]], listing_id=left.ids[pairs["left"]], product_id=right.ids[pairs["right"]]
    )
    if rejected is not None and len(rejected):
        refused = pd.MultiIndex.from_frame(rejected[["listing_id", "product_id"]])
        again = pd.MultiIndex.from_frame(pairs[["listing_id", "product_id"]]).isin(refused)
        pairs = pairs[~again].reset_index(drop=True)
    odds, proof = _compared(left, right, pairs, scorer)
    rivals = pairs.assign(site=pairs["left"]) if shared else pairs
    pairs = pairs.assign(score=calibrated(evidence(rivals, odds), scorer.among), proven=proof)
    made = _believed(left, right, pairs, scorer, shared)
    found = made.loc[made["state"].isin([CONFIRMED, CANDIDATE]), "listing_id"].nunique()
    silent = sum(not row.tells for table in (left, right) for row in table.rows)
    return Judgement(made, len(left) - int(found), silent)


def _compared(left: Table, right: Table, pairs: pd.DataFrame, scorer: Scorer) -> tuple[Floats, Bools]:
    """Log-odds and proofs, in chunks of pairs, so that memory stays bounded."""
    comparison = Comparison(left, right)
    odds, proof = np.zeros(len(pairs)), np.zeros(len(pairs), np.bool_)
    for start in range(0, len(pairs), CHUNK):
        rows = slice(start, start + CHUNK)
        found = comparison.features(pairs[rows])
        odds[rows], proof[rows] = scorer.log_odds(found), proven(found)
    return odds, proof


def _believed(left: Table, right: Table, pairs: pd.DataFrame, scorer: Scorer, shared: bool) -> pd.DataFrame:
    worth = pairs[pairs["score"].ge(LEAST)].reset_index(drop=True)
    found = vetoes(left, right, worth)
    vetoed = found["veto"].ne("")
    scores = worth["score"].to_numpy(np.float64)
    kept = one_to_one(worth, np.where(vetoed, 0.0, scores), shared)
    worth = worth.assign(**found, state=states(scores, kept, vetoed, worth["proven"], scorer.match, scorer.auto))
    worth = worth.sort_values(["left", "score", "right"], ascending=[True, False, True])
    names = ["listing_id", "product_id", "site", "score", "state", "veto", "factor"]
    best = worth[worth.groupby("left").cumcount().lt(KEPT)]
    return best[names].rename(columns={"site": "site_id"}).reset_index(drop=True)
