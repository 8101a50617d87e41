"""The simulated market's listings against our products by their names alone, and its sisters as traps."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from benchmarks.output import share
from benchmarks.pairing.sets import PairSet
from matching.assign import CANDIDATE, CONFIRMED
from matching.candidates import candidates
from matching.identifiers import match, unmatched
from matching.judge import judge
from matching.readings import read
from matching.vetoes import vetoes
from pricevane.market import World

PRODUCTS = 480
TAUGHT = 101


def market_figures(seed: int) -> dict[str, float]:
    """Precision and recall of confirmed matches, by identifiers first, and the share of traps that a veto names.

    A trap is a listing of one variant beside our product of another of its family (colour, capacity, pack, size).
    """
    listings, ours = _sides(World(seed=seed, products=PRODUCTS))
    truth = listings.set_index("listing_id")["truth"]
    certain = match(listings, ours)
    rest = judge(unmatched(listings, certain), ours).pairs
    confirmed = pd.concat([certain, rest[rest["state"].eq(CONFIRMED)]])
    right = int(confirmed["product_id"].eq(confirmed["listing_id"].map(truth)).sum())
    named = judge(listings.drop(columns=["gtin", "mpn"]), ours.drop(columns=["gtin", "mpn"])).pairs
    found = named[named["state"].isin([CONFIRMED, CANDIDATE])]
    named_right = int(found["product_id"].eq(found["listing_id"].map(truth)).sum())
    true = int(truth.ge(0).sum())
    caught, traps = _traps(listings, ours)
    return {
        "market.precision": share(right, len(confirmed)),
        "market.recall": share(right, true),
        "market.by_name_precision": share(named_right, len(found)),
        "market.by_name_recall": share(named_right, true),
        "market.traps": traps,
        "market.traps_vetoed": share(caught, traps),
    }


def market_set(seed: int = TAUGHT) -> PairSet:
    """The listings' candidates among our products by name, labelled: another world than the one that is scored."""
    listings, ours = (side.drop(columns=["gtin", "mpn"]) for side in _sides(World(seed=seed, products=PRODUCTS)))
    left, right = read(listings, "listing_id"), read(ours, "product_id")
    pairs = candidates(left, right)[["left", "right"]]
    truth, sites = listings["truth"].to_numpy(), listings["site_id"].to_numpy()
    made = pairs.assign(
        label=(truth[pairs["left"]] == pairs["right"]).astype("float64"), part="train", site=sites[pairs["left"]]
    )
    return PairSet("market", left, right, made, whole=True)


def _sides(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All shops' listings with their true product_id (-1: not ours), and our products."""
    ours = pd.read_csv(io.StringIO(world.products_csv()), dtype=str, keep_default_na=False)
    ours = ours.assign(product_id=np.arange(len(ours)), gtin=_padded(ours["gtin"]))
    places = dict(zip(ours["sku"], ours["product_id"], strict=True))
    shops = {shop.name: place for place, shop in enumerate(world.shops)}
    rows = [
        (one.name, one.good.brand, one.mpn, one.gtin, shops[one.shop.name], one.good.family, one.good.sku)
        for one in world.listings
    ]
    listings = pd.DataFrame(rows, columns=["name", "brand", "mpn", "gtin", "site_id", "family", "sku"])
    truth = listings["sku"].map(places).fillna(-1).astype("int64")
    listings = listings.assign(listing_id=np.arange(len(listings)), truth=truth, gtin=_padded(listings["gtin"]))
    return listings.drop(columns="sku"), ours[["product_id", "name", "brand", "mpn", "gtin", "category", "family"]]


def _padded(gtin: pd.Series[str]) -> pd.Series[str]:
    return gtin.where(gtin.eq(""), gtin.str.zfill(14))


def _traps(listings: pd.DataFrame, ours: pd.DataFrame) -> tuple[int, int]:
    variants = listings[listings["family"].ne("") & listings["truth"].ge(0)]
    beside = variants.merge(ours[["product_id", "family"]], on="family", validate="many_to_many")
    beside = beside[beside["product_id"].ne(beside["truth"])]
    pairs = pd.DataFrame({"left": beside["listing_id"].to_numpy(), "right": beside["product_id"].to_numpy()})
    found = vetoes(read(listings, "listing_id"), read(ours, "product_id"), pairs)["veto"]
    return int(found.ne("").sum()), len(pairs)
