"""What speaks against a match by identifiers: shops mistype GTINs, and use one for all packs or colours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from matching.assign import CANDIDATE, CONFIRMED
from matching.readings import read
from matching.vetoes import vetoes

# So many different names of one site with one identifier, and it says nothing.
MOST_NAMES = 3
REUSED = "the site uses one {method} for {names} different names"
CONTRADICTED = "the same {method}, but another {veto}"


def checked(found: pd.DataFrame, listings: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """`found` (listing_id, product_id, method, score) with veto, factor, flag and state.

    Confirmed, or a candidate with the reason as its flag: a veto holds, or the site gives one product to more than
    MOST_NAMES names. listings, key listing_id, and products, key product_id, as for `judge.judge`.
    """
    left = listings[listings["listing_id"].isin(found["listing_id"])]
    right = products[products["product_id"].isin(found["product_id"])]
    sides = read(left, "listing_id"), read(right, "product_id")
    places = {
        "left": sides[0].ids.get_indexer(pd.Index(found["listing_id"])),
        "right": sides[1].ids.get_indexer(pd.Index(found["product_id"])),
    }
    against = vetoes(*sides, pd.DataFrame(places, index=found.index))
    names = _names(found, left)
    reused = [REUSED.format(method=how, names=count) for how, count in zip(found["method"], names, strict=True)]
    vetoed = [
        CONTRADICTED.format(method=how, veto=why) for how, why in zip(found["method"], against["veto"], strict=True)
    ]
    flag = np.where(against["veto"].ne(""), vetoed, np.where(names > MOST_NAMES, reused, ""))
    return found.assign(**against, flag=flag, state=np.where(flag != "", CANDIDATE, CONFIRMED))


def _names(found: pd.DataFrame, listings: pd.DataFrame) -> pd.Series[int]:
    """How many different names the site has for the product of each pair."""
    rows = found.merge(listings[["listing_id", "site_id", "name"]], on="listing_id", how="left", validate="one_to_one")
    counts = rows.groupby(["site_id", "product_id"])["name"].transform("nunique")
    return counts.set_axis(found.index)
