"""The way from two frames to judged pairs: read, find candidates, score, assign, and say what may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from matching.assign import CANDIDATE, CONFIRMED, REJECTED, one_to_one, states, unrivalled
from matching.candidates import TOP, candidates
from matching.features import Comparison
from matching.readings import Table, read
from matching.scorer import AMONG, Scorer, calibrated, evidence, leads, proven, shipped
from matching.sparse import Bools, Floats, Ints
from matching.vetoes import vetoes

CHUNK = 200_000
# Pairs below this chance are not worth a person's look.
LEAST = 0.1
KEPT = 3
AMBIGUOUS = "another listing or product is nearly as like"
OTHER_PACK = "the same code on another pack"
OTHER_GTIN = "both sides have a GTIN, and they differ"


def _no_pairs(*columns: str) -> pd.DataFrame:
    return pd.DataFrame({name: np.zeros(0, np.int64) for name in columns})


@dataclass(frozen=True, slots=True)
class Known:
    """What is settled before names are judged.

    rejected: pairs (listing_id, product_id) that never come back. taken: (site_id, product_id) of products that have
    their listing on a site. marketplaces: sites where a product may have many listings. auto: site_id -> the least
    score that is confirmed there, where it is not the scorer's.
    """

    rejected: pd.DataFrame = field(default_factory=lambda: _no_pairs("listing_id", "product_id"))
    taken: pd.DataFrame = field(default_factory=lambda: _no_pairs("site_id", "product_id"))
    marketplaces: frozenset[int] = frozenset()
    auto: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """pairs, key (listing_id, product_id), the best KEPT of each listing, rejected ones last: site_id, score (0..1),
    state (confirmed, candidate, rejected, abstained), veto ("" or its name), flag (why a proven pair is no more than
    a candidate, or a vetoed one no less), factor (how many of our packs the listing holds, NaN unless the pack is all
    that a veto found), and the evidence: log_odds, lead_of_listing, lead_of_product, proven.
    abstained: how many listings have no pair that is confirmed or a candidate.
    unreadable: how many listings and products have names that say nothing.
    """

    pairs: pd.DataFrame
    abstained: int
    unreadable: int


NOTHING = Known()
JUDGED = ["listing_id", "product_id", "site_id", "score", "state", "veto", "flag", "factor", *AMONG, "proven"]


def judge(
    listings: pd.DataFrame, products: pd.DataFrame, known: Known = NOTHING, scorer: Scorer | None = None
) -> Judgement:
    """Which product each listing is, by what both sides write; deterministic.

    listings, key listing_id, and products, key product_id: name, and brand, category, mpn, text, price_minor
    (of one currency), gtin where known; listings may have site_id. Listings of one site that say the same at the
    same price are duplicates, and judged as one. Raises KeyError for a frame without its key or name.
    """
    scorer = scorer or shipped()
    every, right = read(listings, "listing_id"), read(products, "product_id")
    sites = listings["site_id"].to_numpy() if "site_id" in listings else np.zeros(len(every), np.int64)
    first = _first_alike(every, sites)
    left = every.rows_at(np.flatnonzero(first == np.arange(len(every))))
    pairs = _candidates(left, right, pd.Series(sites, every.ids), known)
    odds, proof = _compared(left, right, pairs, scorer)
    alone = pairs["site"].isin(known.marketplaces)
    seen = evidence(pairs.assign(site=pairs["site"].mask(alone, -1 - pairs["left"])), odds)
    differ = _other_gtin(listings, products, pairs)
    told = {"score": calibrated(seen, scorer.among), "proven": proof & ~differ, "differ": differ}
    pairs = pairs.assign(**told, **dict(zip(AMONG, seen.T, strict=True)))
    made = _copied(_believed(left, right, pairs, scorer, known), every, first)
    found = made.loc[made["state"].isin([CONFIRMED, CANDIDATE]), "listing_id"].nunique()
    silent = sum(not row.tells for table in (every, right) for row in table.rows)
    return Judgement(made, len(every) - int(found), silent)


def _first_alike(listings: Table, sites: Ints) -> Ints:
    """For each row the position of the first one that says the same on the same site at the same price."""
    said = [id(row) for row in listings.rows]
    keys = pd.DataFrame({"said": said, "site": sites, "price": listings.prices})
    group = keys.groupby(["said", "site", "price"], sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    return np.asarray(first[group], np.int64)


def _copied(pairs: pd.DataFrame, every: Table, first: Ints) -> pd.DataFrame:
    """The pairs of each representative, given to all listings that it stands for."""
    same = pd.DataFrame({"listing_id": every.ids[first], "copy": every.ids})
    made = same.merge(pairs, on="listing_id", how="inner", validate="many_to_many")
    return made.drop(columns="listing_id").rename(columns={"copy": "listing_id"})[JUDGED]


def _candidates(left: Table, right: Table, sites: pd.Series[int], known: Known) -> pd.DataFrame:
    """Candidates with their ids and site, without the pairs that were rejected."""
    pairs = candidates(left, right, TOP)
    ids = {"listing_id": left.ids[pairs["left"]], "product_id": right.ids[pairs["right"]]}
    pairs = pairs.assign(**ids, site=sites[ids["listing_id"]].to_numpy())
    refused = pd.MultiIndex.from_frame(known.rejected[["listing_id", "product_id"]])
    again = pd.MultiIndex.from_frame(pairs[["listing_id", "product_id"]]).isin(refused)
    return pairs[~again].reset_index(drop=True)


def _other_gtin(listings: pd.DataFrame, products: pd.DataFrame, pairs: pd.DataFrame) -> Bools:
    """Pairs of which both sides name a GTIN, and not the same."""
    if "gtin" not in listings or "gtin" not in products:
        return np.zeros(len(pairs), np.bool_)
    mine = listings.set_index("listing_id")["gtin"].reindex(pairs["listing_id"]).fillna("").to_numpy()
    theirs = products.set_index("product_id")["gtin"].reindex(pairs["product_id"]).fillna("").to_numpy()
    return np.asarray((mine != "") & (theirs != "") & (mine != theirs), np.bool_)


def _compared(left: Table, right: Table, pairs: pd.DataFrame, scorer: Scorer) -> tuple[Floats, Bools]:
    """Log-odds and proofs, in chunks of pairs, so that memory stays bounded."""
    comparison = Comparison(left, right)
    odds, proof = np.zeros(len(pairs)), np.zeros(len(pairs), np.bool_)
    for start in range(0, len(pairs), CHUNK):
        rows = slice(start, start + CHUNK)
        found = comparison.features(pairs[rows])
        odds[rows], proof[rows] = scorer.log_odds(found), proven(found)
    return odds, proof


def _believed(left: Table, right: Table, pairs: pd.DataFrame, scorer: Scorer, known: Known) -> pd.DataFrame:
    worth = pairs[pairs["score"].ge(LEAST)].reset_index(drop=True)
    found = vetoes(left, right, worth)
    vetoed = found["veto"].ne("")
    scores = worth["score"].to_numpy(np.float64)
    taken = pd.MultiIndex.from_frame(known.taken[["site_id", "product_id"]])
    shared = worth["site"].isin(known.marketplaces)
    gone = pd.Series(pd.MultiIndex.from_frame(worth[["site", "product_id"]]).isin(taken), worth.index) & ~shared
    kept = one_to_one(worth, np.where(vetoed | gone, 0.0, scores), shared)
    auto = worth["site"].map(dict(known.auto)).fillna(scorer.auto).to_numpy(np.float64)
    sure = worth["proven"] & (scores >= auto)
    alone = ~kept.groupby(worth["left"]).transform("any")
    pack = sure & vetoed & found["factor"].notna() & alone
    sure &= ~vetoed
    clear = kept & unrivalled(worth, worth["proven"] & ~vetoed, shared) & leads(worth[list(AMONG)].to_numpy(np.float64))
    state = states(scores, kept | (sure & alone), vetoed, sure & clear, scorer.match).mask(pack, CANDIDATE)
    flag = pd.Series("", worth.index, dtype="str").mask(sure & ~clear, AMBIGUOUS).mask(worth["differ"], OTHER_GTIN)
    told = {
        "state": state,
        "flag": flag.mask(pack, OTHER_PACK).where(state.eq(CANDIDATE), ""),
        "score": worth["score"].mask(state.eq(CONFIRMED), np.maximum(scores, scorer.sure)),
        "lost": state.eq(REJECTED),
    }
    worth = worth.assign(**found, **told)
    worth = worth.sort_values(["left", "lost", "score", "right"], ascending=[True, True, False, True])
    best = worth[worth.groupby("left").cumcount().lt(KEPT)]
    return best.rename(columns={"site": "site_id"})[JUDGED].reset_index(drop=True)
