"""What a scan says of an offer: the columns of a file, and a line on the screen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pricevane.cli.kinds import Kind

STEPS, LONGEST_PLACE = 2, 32
WIDE = 140
# Column of a file -> what its values are; the order in which they stand.
COLUMNS: dict[str, Kind] = {
    "url": Kind.TEXT,
    "name": Kind.TEXT,
    "price": Kind.MONEY,
    "currency": Kind.TEXT,
    "regular_price": Kind.MONEY,
    "availability": Kind.TEXT,
    "status": Kind.TEXT,
    "confidence": Kind.SHARE,
    "doubts": Kind.LIST,
    "raw": Kind.TEXT,
    "path": Kind.TEXT,
    "layers": Kind.LIST,
    "page_hash": Kind.TEXT,
    "gtin": Kind.TEXT,
    "sku": Kind.TEXT,
    "mpn": Kind.TEXT,
    "brand": Kind.TEXT,
    "kind": Kind.TEXT,
    "condition": Kind.TEXT,
    "tax_included": Kind.FLAG,
    "seller": Kind.TEXT,
    "seller_is_shop": Kind.FLAG,
    "unit_price": Kind.UNIT_PRICE,
    "unit_base": Kind.TEXT,
    "pack": Kind.TEXT,
    "shipping": Kind.MONEY,
    "stock": Kind.COUNT,
    "promotion": Kind.TEXT,
    "promotion_ends_on": Kind.DAY,
    "category": Kind.TEXT,
    "attributes": Kind.OBJECT,
    "image": Kind.TEXT,
    "currency_raw": Kind.TEXT,
    "region": Kind.TEXT,
    "key": Kind.TEXT,
    "at": Kind.INSTANT,
}
SHOWN = ("name", "price", "was", "stock", "sure", "says", "by", "place")
SHOWN_WIDE = (*SHOWN[:5], "gtin", "sku", "says", "layers", "place", "page")


def row_of(offer: Mapping[str, Any]) -> dict[str, Any]:
    """An offer (see `wire.offer_row`) as a row of COLUMNS, its proof beside the rest."""
    whole = {**offer, **offer["evidence"]}
    return {name: whole[name] for name in COLUMNS}


def shown(width: int) -> tuple[str, ...]:
    """Those columns of a line that a screen of that width has room for."""
    return SHOWN_WIDE if width >= WIDE else SHOWN


def line_of(row: Mapping[str, Any], shop: str) -> dict[str, str]:
    """A row in few words, a "?" at a doubtful one; `shop` is the origin that addresses need not repeat."""
    others = len(row["layers"]) - 1
    return {
        "name": row["name"],
        "price": f"{row['price']} {row['currency']}".rstrip() if row["price"] else "",
        "was": row["regular_price"] or "",
        "stock": row["availability"].replace("_", " "),
        "sure": f"{math.floor(100 * row['confidence']) / 100:.2f}{'' if row['status'] == 'good' else ' ?'}",
        "gtin": row["gtin"],
        "sku": row["sku"],
        "says": row["raw"],
        "by": "+".join([*row["layers"][:1], *([str(others)] if others else [])]),
        "layers": "+".join(row["layers"]),
        "place": compact(row["path"]),
        "page": row["url"].removeprefix(shop),
    }


def compact(path: str) -> str:
    """A place on a page by its end: `dom:main > ul > li > span.price` becomes `… li > span.price`."""
    place = path.partition(":")[2] or path
    steps = place.split(" > ")
    short = " > ".join(steps[-STEPS:])[-LONGEST_PLACE:]
    return short if short == place else f"… {short}"
