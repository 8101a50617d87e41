"""Our own side: products and sales from CSV files, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from sqlalchemy import Connection, and_, bindparam, case, insert, select, update

from pricevane.model import LostDigits, Money, gtin14
from pricevane.sheet import BadFile, Row
from pricevane.storage.history import update_rows, upsert
from pricevane.storage.tables import Category, OwnPrice, Product, Proposal, Sales

# One separator only, and never one that could be a thousands mark: 1,299 is refused, not guessed.
NUMBER = re.compile(r"-?\d+(?:\.\d+|,\d{1,2}|,\d{4,})?")
WHOLE = re.compile(r"-?\d+")
GREATEST = 10**9
WORDS = {**dict.fromkeys(("1", "true", "yes", "y", "x"), True), **dict.fromkeys(("", "0", "false", "no", "n"), False)}


def _number(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no plain number; write 1299.00 (no thousands separator, no currency)")
    return Decimal(text.replace(",", "."))


def _whole(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        return None
    if not WHOLE.fullmatch(value.strip()):
        raise ValueError(f"{value.strip()!r} is no whole number; write 1299 (no separators)")
    return int(value)


def _yes(value: object) -> object:
    word = str(value).strip().lower()
    if word not in WORDS:
        raise ValueError(f"{value!r} is neither yes nor no; write yes, or leave it empty")
    return WORDS[word]


Amount = Annotated[Annotated[Decimal, Field(ge=0, le=GREATEST)] | None, BeforeValidator(_number)]
Price = Annotated[Annotated[Decimal, Field(gt=0, le=GREATEST)] | None, BeforeValidator(_number)]


class ProductRow(Row):
    """One product: cost and landed cost net of VAT; price, rrp and legal_floor as on the shelf."""

    sku: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=500)
    gtin: str = ""
    brand: str = ""
    mpn: str = ""
    family: str = ""
    category: str = ""
    currency: str = Field("", pattern="^([A-Za-z]{3})?$")
    price: Price = None
    cost: Amount = None
    landed_cost: Amount = None
    rrp: Amount = None
    legal_floor: Amount = None
    vat: Annotated[Annotated[Decimal, Field(ge=0, le=1)] | None, BeforeValidator(_number)] = None
    stock: Annotated[Annotated[int, Field(ge=0, le=GREATEST)] | None, BeforeValidator(_whole)] = None
    key_value_item: Annotated[bool, BeforeValidator(_yes)] = False

    @field_validator("gtin")
    @classmethod
    def _gtin(cls, value: str) -> str:
        if value and not gtin14(value):
            raise ValueError(
                f"{value!r} is no GTIN (8, 12, 13 or 14 digits with a right check digit); leave it empty if unknown"
            )
        return gtin14(value)


class SalesRow(Row):
    """What one product sold on one day; revenue as paid by shoppers, in the product's currency."""

    sku: str = Field(min_length=1)
    date: date
    units: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=GREATEST)]
    revenue: Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=GREATEST)]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows an import added, changed and left as they were."""

    added: int
    changed: int
    same: int


def import_products(
    connection: Connection, rows: list[ProductRow], currency: str, vat: float, at: datetime, source: str
) -> Imported:
    """Add or update products by sku and append own prices that changed; products not in `rows` stay.

    Raises BadFile for an amount with more decimals than its currency has.
    """
    categories = _category_ids(connection, {row.category for row in rows if row.category})
    columns = Product.__table__.c
    standing = {row.sku: row for row in connection.execute(select(*columns))}
    added, changed = [], []
    for row in rows:
        values = _product_values(row, currency, vat, categories)
        known = standing.get(row.sku)
        if known is None:
            added.append(values)
        elif any(getattr(known, name) != value for name, value in values.items()):
            changed.append({"id": known.id, **values})
    if added:
        connection.execute(insert(Product), added)
    update_rows(connection, Product, changed)
    _append_prices(connection, rows, currency, at, source)
    return Imported(len(added), len(changed), len(rows) - len(added) - len(changed))


def _category_ids(connection: Connection, names: set[str]) -> dict[str, int]:
    if names:
        statement = upsert(connection, Category).on_conflict_do_nothing(index_elements=["name"])
        connection.execute(statement, [{"name": name} for name in sorted(names)])
    return dict(connection.execute(select(Category.name, Category.id)).all())


def _minor(amount: Decimal | None, row: ProductRow, currency: str, column: str) -> int | None:
    try:
        return None if amount is None else Money(amount, row.currency.upper() or currency).minor
    except LostDigits as error:
        raise BadFile(f"line {row.line}: {column}: {error}; nothing was imported") from error


def _product_values(row: ProductRow, currency: str, vat: float, categories: Mapping[str, int]) -> dict[str, Any]:
    amounts = {
        f"{name}_minor": _minor(getattr(row, name), row, currency, name)
        for name in ("cost", "landed_cost", "rrp", "legal_floor")
    }
    return {
        **{
            name: getattr(row, name)
            for name in ("sku", "name", "gtin", "brand", "mpn", "family", "stock", "key_value_item")
        },
        **amounts,
        "currency": row.currency.upper() or currency,
        "category_id": categories.get(row.category),
        "vat_bp": round((Decimal(str(vat)) if row.vat is None else row.vat) * 10_000),
        "enabled": True,
    }


def _append_prices(connection: Connection, rows: list[ProductRow], currency: str, at: datetime, source: str) -> None:
    """Own prices that differ from the last known.

    An approved proposal that one of them carries out is applied; by another price it is overtaken, and expires.
    """
    ids = dict(connection.execute(select(Product.sku, Product.id)).all())
    latest: dict[int, tuple[int, str]] = {}
    for price in connection.execute(select(OwnPrice).order_by(OwnPrice.valid_from)):
        latest[price.product_id] = (price.price_minor, price.currency)
    new = []
    for row in rows:
        minor = _minor(row.price, row, currency, "price")
        code = row.currency.upper() or currency
        if minor is not None and latest.get(ids[row.sku]) != (minor, code):
            new.append(
                {"product_id": ids[row.sku], "valid_from": at, "price_minor": minor, "currency": code, "source": source}
            )
    if not new:
        return
    connection.execute(insert(OwnPrice), new)
    carried_out = and_(Proposal.proposed_minor == bindparam("price"), Proposal.currency == bindparam("code"))
    settled = (
        update(Proposal)
        .where(Proposal.product_id == bindparam("product"), Proposal.state == "approved")
        .values(state=case((carried_out, "applied"), else_="expired"))
    )
    connection.execute(
        settled,
        [{"product": row["product_id"], "price": row["price_minor"], "code": row["currency"]} for row in new],
    )


def import_sales(connection: Connection, rows: list[SalesRow]) -> Imported:
    """Write sales by (sku, date), newer files over older ones; raises BadFile for an unknown sku."""
    known = {row.sku: row for row in connection.execute(select(Product.sku, Product.id, Product.currency))}
    unknown = [row for row in rows if row.sku not in known]
    if unknown:
        raise BadFile(
            f"line {unknown[0].line}: sku: no product has the sku {unknown[0].sku!r} ({len(unknown)} such rows);"
            " import the products before their sales; nothing was imported"
        )
    standing = {(s.product_id, s.sold_on): (s.units, s.revenue_minor) for s in connection.execute(select(Sales))}
    values = []
    for row in rows:
        product = known[row.sku]
        try:
            revenue = Money(row.revenue, product.currency).minor
        except LostDigits as error:
            raise BadFile(f"line {row.line}: revenue: {error}; nothing was imported") from error
        values.append({"product_id": product.id, "sold_on": row.date, "units": row.units, "revenue_minor": revenue})
    fresh = [v for v in values if standing.get((v["product_id"], v["sold_on"])) != (v["units"], v["revenue_minor"])]
    added = sum((v["product_id"], v["sold_on"]) not in standing for v in fresh)
    if fresh:
        statement = upsert(connection, Sales)
        told = {name: getattr(statement.excluded, name) for name in ("units", "revenue_minor")}
        connection.execute(statement.on_conflict_do_update(index_elements=["product_id", "sold_on"], set_=told), fresh)
    return Imported(added, len(fresh) - added, len(values) - len(fresh))
