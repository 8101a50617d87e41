"""What the rivals charge now: clean prices only, one figure a product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pandas as pd

from pricing.settings import Guardrails


def eligible(
    accepted: pd.DataFrame, sites_out: Mapping[str, str], guardrails: Guardrails, as_of: datetime
) -> pd.DataFrame:
    """Accepted prices, key listing_id, with `left_out`: why a price does not count now ("" if it does)."""
    oldest = pd.Timestamp(as_of) - timedelta(hours=guardrails.max_age_hours)
    left_out = pd.Series("", accepted.index, dtype="str")
    for wrong, why in (
        (accepted["stale"], "stale"),
        (accepted["at"].lt(oldest), "too old"),
        (accepted["contested"], "contested"),
        (accepted["site"].isin(list(sites_out)), "site held"),
    ):
        left_out = left_out.mask(left_out.eq("") & wrong.astype(bool), why)
    return accepted.assign(left_out=left_out)


def one_a_site(prices: pd.DataFrame) -> pd.DataFrame:
    """The cheapest listing of each (product_id, site): a rival with many listings still counts once."""
    ordered = prices.sort_values(["product_id", "site", "price_minor", "listing_id"])
    return ordered.drop_duplicates(["product_id", "site"]).reset_index(drop=True)


def current(own: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Our price now, key product_id: own_minor (int64), own_currency, own_since."""
    valid = own[own["valid_from"].le(as_of)].sort_values("valid_from").drop_duplicates("product_id", keep="last")
    names = {"price_minor": "own_minor", "currency": "own_currency", "valid_from": "own_since"}
    return valid.rename(columns=names)[["product_id", *names.values()]].reset_index(drop=True)


def summary(prices: pd.DataFrame) -> pd.DataFrame:
    """Key product_id: rivals, lowest_minor, highest_minor, average_minor, median_minor (half up, int64).

    `prices` has one row a (product_id, site).
    """
    grouped = prices.groupby("product_id")["price_minor"]
    made = grouped.agg(rivals="size", lowest_minor="min", highest_minor="max", total="sum", middle="median")
    made["average_minor"] = (2 * made["total"] + made["rivals"]) // (2 * made["rivals"])
    made["median_minor"] = ((2 * made["middle"]).astype("int64") + 1) // 2
    return made.drop(columns=["total", "middle"]).astype("int64").reset_index()


def market(
    accepted: pd.DataFrame, own: pd.DataFrame, products: pd.DataFrame, guardrails: Guardrails, as_of: datetime
) -> pd.DataFrame:
    """Every product's market, key product_id.

    own_minor, rivals, lowest_minor, highest_minor, average_minor, median_minor (gross minor units, Int64),
    rank (1 = cheapest, ours included), index (100 · own / median), not_comparable and stale (how many
    listings were left out for being contested or held, and for their age). `accepted` is what `eligible` made,
    or what `screen` accepted where no site is held.
    """
    prices = accepted if "left_out" in accepted else eligible(accepted, {}, guardrails, as_of)
    clean = one_a_site(prices[prices["left_out"].eq("")])
    aged = prices["left_out"].isin(["stale", "too old"])
    out = prices.assign(stale=aged, not_comparable=prices["left_out"].ne("") & ~aged)
    counts = out.groupby("product_id")[["not_comparable", "stale"]].sum().reset_index()
    made = products[["product_id"]]
    for part in (current(own, as_of)[["product_id", "own_minor"]], summary(clean), counts):
        made = made.merge(part, on="product_id", how="left", validate="one_to_one")
    whole = made.columns.drop("product_id")
    made[whole] = made[whole].astype("Int64")
    counted = ["rivals", "not_comparable", "stale"]
    made[counted] = made[counted].fillna(0)
    made["rank"] = _rank(made, clean)
    made["index"] = (100 * made["own_minor"] / made["median_minor"]).astype("Float64")
    return made


def _rank(made: pd.DataFrame, clean: pd.DataFrame) -> pd.Series[int]:
    ours = clean["product_id"].map(made.set_index("product_id")["own_minor"])
    cheaper = clean["price_minor"].lt(ours).fillna(False).groupby(clean["product_id"]).sum()
    rank = 1 + made["product_id"].map(cheaper).astype("Int64")
    return rank.where(made["own_minor"].notna())
