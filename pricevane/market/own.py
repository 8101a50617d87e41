"""Our side of the market as an operator would export it: the products file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import median

from pricevane.market.nouns import Good
from pricevane.market.numbers import cents, chance, shop_price, times
from pricevane.market.rivals import VAT

COLUMNS = [
    "sku",
    "gtin",
    "brand",
    "mpn",
    "name",
    "family",
    "category",
    "currency",
    "price",
    "cost",
    "landed_cost",
    "rrp",
    "legal_floor",
    "vat",
    "stock",
    "key_value_item",
]
NAME = "{brand} {series} {kind} {variant}"
NEAR_MEDIAN = Decimal("0.02")
NO_COST_SHARE = 0.03
NO_GTIN_SHARE = 0.05
LEGAL_FLOOR_SHARE = 0.08
KEY_VALUE_SHARE = 0.12
SOLD_OUT_SHARE = 0.03


def own_price(seed: int, good: Good, rivals: Sequence[Decimal]) -> Decimal:
    """Our shelf price: near the median of the rivals' first prices, and always one with a shop's ending."""
    if not rivals:
        return good.base
    middle = median(rivals)
    price = shop_price(times(middle, chance(seed, "own price", good.sku).uniform(0.985, 1.015)))
    near = abs(price - middle) <= middle * NEAR_MEDIAN
    return price if near else min(sorted(rivals), key=lambda rival: abs(rival - middle))


def products_csv(seed: int, goods: Iterable[Good], prices: dict[str, Decimal]) -> str:
    """One row per sku; cost and landed cost net of VAT, price, RRP and legal floor with VAT."""
    return as_csv(COLUMNS, (_row(seed, good, prices[good.sku]) for good in goods if good.sku))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A comma-separated file with a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _row(seed: int, good: Good, price: Decimal) -> list[object]:
    rng = chance(seed, "own", good.sku)
    margin, freight, above = rng.uniform(0.18, 0.40), rng.uniform(1.02, 1.06), rng.uniform(1.04, 1.22)
    cost = times(cents(price / (1 + VAT)), (1 - margin) / freight)
    landed = times(cost, freight)
    no_cost, no_gtin, floored, key_value, sold_out = (
        rng.random(5) < [NO_COST_SHARE, NO_GTIN_SHARE, LEGAL_FLOOR_SHARE, KEY_VALUE_SHARE, SOLD_OUT_SHARE]
    ).tolist()
    return [
        good.sku,
        "" if no_gtin else good.gtin,
        good.brand,
        good.mpn,
        good.name(NAME, "en"),
        good.family,
        good.category,
        "EUR",
        price,
        "" if no_cost else cost,
        "" if no_cost else landed,
        max(price, shop_price(times(price, above))),
        cents(landed * (1 + VAT) * Decimal("1.02")) if floored else "",
        VAT,
        0 if sold_out else int(rng.integers(1, 220)),
        str(key_value).lower(),
    ]
