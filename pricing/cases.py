"""All that the guardrails need to know of one product, gathered from the frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from pricing.money import whole

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Case:
    """One product now: our price and its history, costs (net), other limits (gross), the clean market.

    Amounts are minor units; `changed_at` is when our price last changed (None: never), `changes_30d` how
    often within 30 days; `highest_minor` and `rivals` are the market's.
    """

    product_id: int
    currency: str
    own_minor: int
    own_currency: str
    month_ago_minor: int
    changed_at: datetime | None
    changes_30d: int
    cost: int | None
    rrp_minor: int | None
    legal_floor_minor: int | None
    floor_margin_bp: int | None
    vat_bp: int
    stock: int | None
    key_value_item: bool
    highest_minor: int | None
    rivals: int


def own_history(own: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Our price now and how it came about, key product_id: own_minor, own_currency, month_ago_minor,
    changed_at (NaT: never), changes_30d. Prices in another currency than today's are left out."""
    ordered = own[own["valid_from"].le(as_of)].sort_values(["product_id", "valid_from"])
    currency = ordered.groupby("product_id")["currency"].transform("last")
    ordered = ordered[ordered["currency"].eq(currency)]
    start = pd.Timestamp(as_of) - WINDOW
    before = ordered.groupby("product_id")["price_minor"].shift()
    changed = before.notna() & before.ne(ordered["price_minor"])
    told = ordered.assign(
        changed_at=ordered["valid_from"].where(changed),
        recent=changed & ordered["valid_from"].gt(start),
        then=ordered["price_minor"].astype("Int64").where(ordered["valid_from"].le(start)),
    ).groupby("product_id")
    made = told.agg(
        own_minor=("price_minor", "last"),
        own_currency=("currency", "last"),
        month_ago_minor=("then", "last"),
        first=("price_minor", "first"),
        changed_at=("changed_at", "max"),
        changes_30d=("recent", "sum"),
    )
    made["month_ago_minor"] = made["month_ago_minor"].fillna(made.pop("first").astype("Int64"))
    return made.reset_index()


def cases(products: pd.DataFrame, own: pd.DataFrame, market: pd.DataFrame, as_of: datetime) -> dict[int, Case]:
    """The case of every product that has a price of ours, by product_id."""
    rows = products.merge(own_history(own, as_of), on="product_id", how="inner", validate="one_to_one")
    clean = market[["product_id", "highest_minor", "rivals"]]
    rows = rows.merge(clean, on="product_id", how="left", validate="one_to_one")
    return {int(row["product_id"]): _case(row) for row in rows.astype(object).to_dict("records")}


def _case(row: dict[Any, Any]) -> Case:
    return Case(
        product_id=int(row["product_id"]),
        currency=str(row["currency"]),
        own_minor=int(row["own_minor"]),
        own_currency=str(row["own_currency"]),
        month_ago_minor=int(row["month_ago_minor"]),
        changed_at=None if pd.isna(row["changed_at"]) else row["changed_at"].to_pydatetime(),
        changes_30d=int(row["changes_30d"]),
        # A cost of nothing is a missing one.
        cost=whole(row["landed_cost_minor"]) or whole(row["cost_minor"]) or None,
        rrp_minor=whole(row["rrp_minor"]) or None,
        legal_floor_minor=whole(row["legal_floor_minor"]),
        floor_margin_bp=whole(row["floor_margin_bp"]),
        vat_bp=int(row["vat_bp"]),
        stock=whole(row["stock"]),
        key_value_item=bool(row["key_value_item"]),
        highest_minor=whole(row["highest_minor"]),
        rivals=whole(row["rivals"]) or 0,
    )
