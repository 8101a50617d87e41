"""Small frames with the columns and dtypes that the storage gives to the pricing stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
INSTANT = "datetime64[us, UTC]"

OBSERVATION: dict[str, tuple[str, Any]] = {
    "listing_id": ("int64", 1),
    "product_id": ("int64", 1),
    "site_id": ("int64", 1),
    "site": ("str", "rival-a"),
    "at": (INSTANT, START),
    "price_minor": ("Int64", 1000),
    "regular_minor": ("Int64", None),
    "currency": ("str", "EUR"),
    "availability": ("str", "in_stock"),
    "kind": ("str", "standard"),
    "tax_included": ("boolean", None),
    "condition": ("str", "new"),
    "layers": ("int64", 1),
    "verdict": ("str", ""),
    "family": ("str", ""),
    "vat_bp": ("int64", 2000),
    "delivery_minor": ("int64", 0),
    "url": ("str", "https://rival.example/p"),
    "evidence_id": ("int64", 1),
    "name": ("str", "A thing"),
}
OWN: dict[str, tuple[str, Any]] = {
    "product_id": ("int64", 1),
    "valid_from": (INSTANT, START - timedelta(days=60)),
    "price_minor": ("int64", 1000),
    "currency": ("str", "EUR"),
    "source": ("str", "import"),
}
PRODUCT: dict[str, tuple[str, Any]] = {
    "product_id": ("int64", 1),
    "sku": ("str", "SKU-1"),
    "name": ("str", "A thing"),
    "category": ("str", "Things"),
    "family": ("str", ""),
    "currency": ("str", "EUR"),
    "cost_minor": ("Int64", 500),
    "landed_cost_minor": ("Int64", None),
    "rrp_minor": ("Int64", None),
    "legal_floor_minor": ("Int64", None),
    "vat_bp": ("int64", 2000),
    "stock": ("Int64", 10),
    "key_value_item": ("bool", False),
    "floor_margin_bp": ("Int64", None),
    "decided_at": (INSTANT, None),
}
SALES: dict[str, tuple[str, Any]] = {
    "product_id": ("int64", 1),
    "sold_on": ("datetime64[us]", datetime(2026, 3, 1)),  # noqa: DTZ001
    "units": ("int64", 1),
    "revenue_minor": ("int64", 1000),
}


def frame(columns: Mapping[str, tuple[str, Any]], rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One line per row; what a row leaves out has the column's usual value."""
    told = list(rows)
    unknown = {name for row in told for name in row} - set(columns)
    assert not unknown, unknown
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name, usual) for row in told], dtype=dtype)
            for name, (dtype, usual) in columns.items()
        }
    )


def observations(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Observations; `day` (days after START) may stand for `at`."""
    return frame(OBSERVATION, [_dated(row) for row in rows])


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    day = row.get("day", 0)
    return {"at": START + timedelta(days=day), **{name: value for name, value in row.items() if name != "day"}}


def series(listing: int, prices: Iterable[int | None], **same: Any) -> list[dict[str, Any]]:
    """One observation a day of one listing on its own site; None skips the day."""
    usual = {"listing_id": listing, "site_id": listing, "site": f"rival-{listing}", "evidence_id": listing}
    return [
        {**usual, **same, "price_minor": price, "day": day} for day, price in enumerate(prices) if price is not None
    ]


def own(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Own prices, by default one product at 10.00 for long."""
    return frame(OWN, rows or [{}])


def products(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Own products, by default one."""
    return frame(PRODUCT, rows or [{}])


def sales(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Sales, by default none."""
    return frame(SALES, rows)
