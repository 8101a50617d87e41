"""Matches whose price is far from what their site usually asks beside ours: perhaps another product by now."""

from __future__ import annotations

import numpy as np
import pandas as pd

# A sale of sixty per cent is no other product.
FARTHEST = float(np.log(2.5))
# Deviations from the site's median, in robust standard deviations, and the pairs needed to know a site's usual.
DEVIATIONS, FEWEST = 6.0, 8
MAD_TO_SIGMA = 1.4826
FLAG = "priced at {ratio:.2g} of ours, where {usual:.2g} is usual for this site"


def drifting(pairs: pd.DataFrame, usual_of: pd.DataFrame | None = None) -> pd.Series[str]:
    """Why a person should look at each pair, "" where its price ratio is usual; index as `pairs`.

    pairs: site_id, price_minor, own_minor (of one currency; missing ones say nothing). What is usual is the median
    ratio of the site's pairs in `usual_of` (`pairs` itself if not given), or of all sites where a site has fewer
    than FEWEST.
    """
    known = pairs if usual_of is None else usual_of
    ratios, asked = _ratios(known), _ratios(pairs)
    everywhere = _level(ratios)
    levels = {site: _level(group) for site, group in ratios.groupby(known["site_id"]) if len(group.dropna()) >= FEWEST}
    said = []
    for site, ratio in zip(pairs["site_id"], asked, strict=True):
        usual, spread = levels.get(site, everywhere)
        far = abs(ratio - usual) > max(FARTHEST, DEVIATIONS * spread)
        said.append(FLAG.format(ratio=np.exp(ratio), usual=np.exp(usual)) if far else "")
    return pd.Series(said, index=pairs.index, dtype="str")


def _ratios(pairs: pd.DataFrame) -> pd.Series[float]:
    price, own = (pairs[name].astype("Float64").astype("float64") for name in ("price_minor", "own_minor"))
    return pd.Series(np.log((price / own).where(price.gt(0) & own.gt(0))), index=pairs.index, dtype="float64")


def _level(ratios: pd.Series[float]) -> tuple[float, float]:
    """Median and robust standard deviation; 0 (the same price) where too few are known."""
    known = ratios.dropna()
    if len(known) < FEWEST:
        return 0.0, 0.0
    return float(known.median()), MAD_TO_SIGMA * float((known - known.median()).abs().median())
