"""Which observations may be compared with our own price, all of them gross of VAT."""

from __future__ import annotations

import pandas as pd

from pricing.money import ONE

KINDS = ("standard", "sale")
CONDITIONS = ("new", "unknown")
BEYOND = 1 << 40  # minor units; what no price can be
NO_RATE = "price without VAT from a site whose rate is unknown"


def gross(observations: pd.DataFrame) -> pd.DataFrame:
    """Observations with ex-tax prices converted at their site's rate, half up to minor units.

    Adds `unlike`: why a row cannot be compared ("" if it can). A missing `tax_included` means included.
    """
    ex_tax = (~observations["tax_included"].fillna(True).astype(bool)) | observations["kind"].eq("ex_tax")
    known = ex_tax & observations["vat_bp"].gt(0)
    factor = ONE + observations["vat_bp"].where(known, 0)
    made = observations.assign(
        kind=observations["kind"].mask(known & observations["kind"].eq("ex_tax"), "standard"),
        unlike=pd.Series("", observations.index, dtype="str").mask(ex_tax & ~known, NO_RATE),
    )
    for column in ("price_minor", "regular_minor"):
        price = observations[column].astype("Int64")
        made[column] = (price.where(price.lt(BEYOND)) * factor + ONE // 2) // ONE
    return made


def compared(observations: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Gross observations beside our own price, key (listing_id, at), sorted by at and listing.

    Adds `own_minor` (ours at that time, or the first known one; Int64) and `unlike`.
    """
    rows = gross(observations).sort_values(["at", "listing_id"], ignore_index=True)
    ours = _one_currency(own)
    rows["own_minor"] = _own_then(rows, ours)
    currency = rows["product_id"].map(ours.drop_duplicates("product_id").set_index("product_id")["currency"])
    for wrong, why in (
        (~rows["kind"].isin(KINDS), "price for " + rows["kind"].astype("str")),
        (~rows["condition"].isin(CONDITIONS), "condition " + rows["condition"].astype("str")),
        (~rows["price_minor"].gt(0).fillna(False), "no price"),
        (rows["own_minor"].isna(), "no own price to compare with"),
        (currency.notna() & rows["currency"].ne(currency), "currency " + rows["currency"].astype("str")),
    ):
        rows["unlike"] = rows["unlike"].mask(rows["unlike"].eq("") & wrong.astype(bool), why)
    return rows


def _one_currency(own: pd.DataFrame) -> pd.DataFrame:
    """Own prices in the currency that each product has now, oldest first."""
    ordered = own.sort_values(["valid_from", "product_id"], ignore_index=True)
    newest = ordered.drop_duplicates("product_id", keep="last").set_index("product_id")["currency"]
    return ordered[ordered["currency"].eq(ordered["product_id"].map(newest))]


def _own_then(rows: pd.DataFrame, ours: pd.DataFrame) -> pd.Series[int]:
    prices = ours[["product_id", "valid_from", "price_minor"]].rename(columns={"price_minor": "own_minor"})
    found = pd.merge_asof(rows[["product_id", "at"]], prices, left_on="at", right_on="valid_from", by="product_id")[
        "own_minor"
    ].astype("Int64")
    first = prices.drop_duplicates("product_id").set_index("product_id")["own_minor"]
    return found.fillna(rows["product_id"].map(first).astype("Int64"))


def not_comparable(rows: pd.DataFrame) -> dict[str, int]:
    """How many listings' newest observation cannot be compared, by reason; takes what `compared` made."""
    newest = rows.drop_duplicates("listing_id", keep="last")
    counts = newest.loc[newest["unlike"].ne(""), "unlike"].value_counts()
    return {str(reason): int(count) for reason, count in sorted(counts.items())}
