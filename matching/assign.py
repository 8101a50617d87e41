"""One product a listing, one listing a product on each site, and what may be believed of each pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matching.sparse import Floats, Ints

CONFIRMED, CANDIDATE, REJECTED, ABSTAINED = "confirmed", "candidate", "rejected", "abstained"
# Above this many cells a cluster of rivals is assigned greedily: best scores first.
LARGEST = 250_000
LEAST = 1e-6


def one_to_one(pairs: pd.DataFrame, scores: Floats, shared: pd.Series[bool] | None = None) -> pd.Series[bool]:
    """Which pairs are kept where each listing takes one product and each product one listing of a site.

    pairs has left, right and, if known, site; the kept pairs have the highest sum of scores. Where `shared` (on a
    marketplace) a product may take many listings, each listing still one product.
    """
    keys = pairs["right"].astype("int64")
    if "site" in pairs:
        keys = pd.Series(pairs.groupby(["site", "right"], sort=True).ngroup(), index=pairs.index)
    kept = np.zeros(len(pairs), np.bool_)
    many = np.zeros(len(pairs), np.bool_) if shared is None else shared.to_numpy(np.bool_)
    if many.any():
        kept[many] = _best_of_each(pairs["left"][many], scores[many])
    usable = np.flatnonzero((scores > LEAST) & ~many)
    if len(usable):
        listing = pd.factorize(pairs["left"].to_numpy()[usable])[0].astype(np.int64)
        product = pd.factorize(keys.to_numpy()[usable])[0].astype(np.int64)
        for rows in _clusters(listing, product):
            kept[usable[rows[_assigned(listing[rows], product[rows], scores[usable[rows]])]]] = True
    return pd.Series(kept, index=pairs.index)


def unrivalled(pairs: pd.DataFrame, proof: pd.Series[bool], shared: pd.Series[bool]) -> pd.Series[bool]:
    """Which pairs are the only ones with proof of their listing and, unless `shared`, of their product on its site."""
    many = proof.astype("int64")
    of_product = many.groupby([pairs["site"], pairs["right"]]).transform("sum").le(1) | shared
    return of_product & many.groupby(pairs["left"]).transform("sum").le(1)


def states(
    scores: Floats, kept: pd.Series[bool], vetoed: pd.Series[bool], sure: pd.Series[bool], least: float
) -> pd.Series[str]:
    """The state of each pair: confirmed if sure, candidate from `least` on, else abstained.

    A vetoed pair is rejected, and so is one that another pair of its listing or product displaced.
    """
    said = pd.Series(ABSTAINED, index=kept.index, dtype="str")
    said = said.mask(scores >= least, CANDIDATE).mask(sure, CONFIRMED)
    return said.mask(vetoed | ~kept, REJECTED)


def _best_of_each(listings: pd.Series[int], scores: Floats) -> pd.Series[bool]:
    order = np.lexsort((np.arange(len(scores)), -scores, listings.to_numpy()))
    first = ~listings.iloc[order].duplicated()
    return first.reindex(listings.index).astype(bool) & (scores > LEAST)


def _clusters(listing: Ints, product: Ints) -> list[Ints]:
    """Rows that hang together through common listings or products."""
    many = int(listing.max()) + 1
    size = many + int(product.max()) + 1
    graph = coo_array((np.ones(len(listing)), (listing, product + many)), shape=(size, size))
    cluster = connected_components(graph, directed=False)[1][listing]
    order = np.argsort(cluster, kind="stable")
    return [part.astype(np.int64) for part in np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)]


def _assigned(listing: Ints, product: Ints, scores: Floats) -> Ints:
    """Positions of the assignment with the highest sum of scores."""
    rows, row = np.unique(listing, return_inverse=True)
    columns, column = np.unique(product, return_inverse=True)
    if len(rows) * len(columns) > LARGEST:
        return _greedy(row, column, scores)
    worth = np.zeros((len(rows), len(columns)))
    place = np.full(worth.shape, -1, np.int64)
    worth[row, column], place[row, column] = scores, np.arange(len(scores))
    taken = place[linear_sum_assignment(worth, maximize=True)]
    return np.asarray(taken[taken >= 0], dtype=np.int64)


def _greedy(row: Ints, column: Ints, scores: Floats) -> Ints:
    rows, columns, taken = set[int](), set[int](), []
    for place in np.argsort(-scores, kind="stable").tolist():
        if row[place] not in rows and column[place] not in columns:
            rows.add(row[place])
            columns.add(column[place])
            taken.append(place)
    return np.array(taken, dtype=np.int64)
