"""Our own side: products and sales as a file has them, compared with what is known, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from sqlalchemy import Connection, and_, bindparam, case, func, insert, select, update

from pricevane.intake.cells import GREATEST, Amount, Count, Flag, Price, Rate, cut, number, own_gtin, whole
from pricevane.intake.sheet import BadFile, Row
from pricevane.model import LostDigits, Money
from pricevane.storage.history import update_rows, upsert
from pricevane.storage.tables import Category, OwnPrice, Product, Proposal, Sales

TEXTS = ("name", "gtin", "brand", "mpn", "family", "category")
AMOUNTS = ("cost", "landed_cost", "rrp", "legal_floor")
# A product before anything is known of it; `price` is its own price, `category` its category's name.
UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    **dict.fromkeys([f"{name}_minor" for name in AMOUNTS]),
    "stock": None,
    "key_value_item": False,
    "enabled": False,
    "price": None,
}
Text = Annotated[str, Field(max_length=500)]


class ProductRow(Row):
    """One product: cost and landed cost net of VAT; price, rrp and legal_floor as on the shelf."""

    sku: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=500)
    gtin: str = ""
    brand: Text = ""
    mpn: Text = ""
    family: Text = ""
    category: Text = ""
    currency: str = Field("", pattern="^([A-Za-z]{3})?$")
    price: Price = None
    cost: Amount = None
    landed_cost: Amount = None
    rrp: Amount = None
    legal_floor: Amount = None
    vat: Rate = None
    stock: Count = None
    key_value_item: Flag = False

    @field_validator("gtin")
    @classmethod
    def _gtin(cls, value: str) -> str:
        if value and not own_gtin(value):
            raise ValueError(
                f"{cut(value)!r} is no GTIN (8, 12, 13 or 14 digits with a right check digit);"
                " leave it empty if unknown, or add --drop-bad-gtins"
            )
        return own_gtin(value)


class SalesRow(Row):
    """What one product sold on one day; revenue as paid by shoppers, in the product's currency."""

    sku: str = Field(min_length=1)
    date: date
    units: Annotated[int, BeforeValidator(whole), Field(ge=0, le=GREATEST)]
    revenue: Annotated[Decimal, BeforeValidator(number), Field(ge=0, le=GREATEST)]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows an import added, changed and left as they were."""

    added: int
    changed: int
    same: int


@dataclass(frozen=True)
class Change:
    """What an import makes of one product: its columns (see UNKNOWN) before and after; no id, a new one."""

    product_id: int | None
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Those that change, in the order of the table."""
        return tuple(name for name, value in self.new.items() if self.old.get(name) != value)


@dataclass(frozen=True)
class Diff:
    """What an import would do: one change a row, and how the enabled products that it lacks would be disabled."""

    changes: Sequence[Change]
    lacking: Sequence[Change]

    @cached_property
    def added(self) -> list[Change]:
        """New products."""
        return [change for change in self.changes if change.product_id is None]

    @cached_property
    def changed(self) -> list[Change]:
        """Known products of which anything changes."""
        return [change for change in self.changes if change.product_id is not None and change.columns]

    @property
    def counts(self) -> Imported:
        """How many are added, changed and as they were."""
        added, changed = len(self.added), len(self.changed)
        return Imported(added, changed, len(self.changes) - added - changed)

    @property
    def prices(self) -> int:
        """How many known products get another own price."""
        return sum("price" in change.columns for change in self.changed)

    @property
    def lacks_most(self) -> bool:
        """Whether more than half of the enabled products are lacking."""
        return len(self.lacking) > sum(bool(change.old.get("enabled")) for change in self.changes)


def import_products(
    connection: Connection, rows: Sequence[ProductRow], currency: str, vat: float, at: datetime, source: str
) -> Imported:
    """Add or update products by sku and append own prices that changed; products not in `rows` stay.

    Raises BadFile for an amount with more decimals than its currency has.
    """
    found = diff(connection, rows, currency, vat)
    write(connection, found, at, source)
    return found.counts


def diff(connection: Connection, rows: Iterable[ProductRow], currency: str, vat: float) -> Diff:
    """What the rows, distinct by sku, would change; only columns that a row has do.

    A new product without currency or VAT rate has the house's. Raises BadFile for an amount with more decimals than
    its currency has, and for a currency that changes alone.
    """
    standing = _standing(connection)
    changes = []
    for row in rows:
        product_id, old = standing.pop(row.sku, (None, {}))
        changes.append(Change(product_id, old, _after(row, old, currency, vat)))
    lacking = [Change(known, old, {**old, "enabled": False}) for known, old in standing.values() if old["enabled"]]
    return Diff(changes, lacking)


def _standing(connection: Connection) -> dict[str, tuple[int, dict[str, Any]]]:
    """Every product by its sku: id and columns."""
    latest = (
        select(OwnPrice.product_id, func.max(OwnPrice.valid_from).label("valid_from"))
        .group_by(OwnPrice.product_id)
        .subquery()
    )
    at_last = and_(OwnPrice.product_id == latest.c.product_id, OwnPrice.valid_from == latest.c.valid_from)
    prices = {
        row.product_id: Money.from_minor(row.price_minor, row.currency)
        for row in connection.execute(
            select(OwnPrice.product_id, OwnPrice.price_minor, OwnPrice.currency).join(latest, at_last)
        )
    }
    category = func.coalesce(Category.name, "").label("category")
    query = select(*Product.__table__.c, category).outerjoin(Category, Category.id == Product.category_id)
    return {
        row["sku"]: (
            row["id"],
            {name: row[name] for name in row if name not in {"id", "category_id"}} | {"price": prices.get(row["id"])},
        )
        for row in connection.execute(query).mappings()
    }


def _after(row: ProductRow, old: Mapping[str, Any], currency: str, vat: float) -> dict[str, Any]:
    """A product's columns once the row is taken in."""
    given = row.model_fields_set
    code = (row.currency.upper() if "currency" in given else old.get("currency")) or currency
    start = old or {"sku": row.sku, **UNKNOWN, "vat_bp": _basis_points(vat)}
    amounts = {f"{name}_minor": _minor(getattr(row, name), row, code, name) for name in AMOUNTS if name in given}
    new = {
        **start,
        **{name: getattr(row, name) for name in (*TEXTS, "stock", "key_value_item") if name in given},
        **amounts,
        "currency": code,
        "enabled": True,
    }
    if "vat" in given:
        new["vat_bp"] = _basis_points(vat if row.vat is None else row.vat)
    if row.price is not None:
        _minor(row.price, row, code, "price")
        new["price"] = Money(row.price, code)
    _check_currency(row, old, new, amounts)
    return new


def _check_currency(row: ProductRow, old: Mapping[str, Any], new: Mapping[str, Any], given: Iterable[str]) -> None:
    """Amounts of the former currency must not be taken for the new one's."""
    if not old or old["currency"] == new["currency"]:
        return
    names = [f"{name}_minor" for name in AMOUNTS]
    left = [name.removesuffix("_minor") for name in names if name not in given and old[name] is not None]
    if left:
        raise BadFile(
            f"{row.place}: currency: {row.sku} changes from {old['currency']} to {new['currency']};"
            f" give its {', '.join(left)} as well; nothing was imported"
        )


def _basis_points(rate: float | Decimal) -> int:
    return round(Decimal(str(rate)) * 10_000)


def _minor(amount: Decimal | None, row: ProductRow, currency: str, column: str) -> int | None:
    try:
        return None if amount is None else Money(amount, currency).minor
    except LostDigits as error:
        raise BadFile(f"{row.place}: {column}: {error}; nothing was imported") from error


def write(connection: Connection, found: Diff, at: datetime, source: str, disable_lacking: bool = False) -> None:
    """Carry a diff out; own prices are appended, as of `at`."""
    gone = found.lacking if disable_lacking else ()
    changes = [*found.added, *found.changed, *gone]
    categories = _category_ids(connection, {change.new["category"] for change in changes} - {""})
    rows = [
        {
            "id": change.product_id,
            **{name: value for name, value in change.new.items() if name not in {"category", "price"}},
            "category_id": categories.get(change.new["category"]),
        }
        for change in changes
    ]
    added = [{name: row[name] for name in row if name != "id"} for row in rows if row["id"] is None]
    if added:
        connection.execute(insert(Product), added)
    update_rows(connection, Product, [row for row in rows if row["id"] is not None])
    _append_prices(connection, [change for change in changes if "price" in change.columns], at, source)


def _category_ids(connection: Connection, names: set[str]) -> dict[str, int]:
    if names:
        statement = upsert(connection, Category).on_conflict_do_nothing(index_elements=["name"])
        connection.execute(statement, [{"name": name} for name in sorted(names)])
    return dict(connection.execute(select(Category.name, Category.id)).all())


def _append_prices(connection: Connection, changes: Iterable[Change], at: datetime, source: str) -> None:
    """Own prices that differ from the last known.

    An approved proposal that one of them carries out is applied; by another price it is overtaken, and expires.
    """
    ids = dict(connection.execute(select(Product.sku, Product.id)).all())
    new = [
        {
            "product_id": ids[change.new["sku"]],
            "valid_from": at,
            "price_minor": change.new["price"].minor,
            "currency": change.new["price"].currency,
            "source": source,
        }
        for change in changes
    ]
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
            f"{unknown[0].place}: sku: no product has the sku {unknown[0].sku!r} ({len(unknown)} such rows);"
            " import the products before their sales; nothing was imported"
        )
    standing = {(s.product_id, s.sold_on): (s.units, s.revenue_minor) for s in connection.execute(select(Sales))}
    values = []
    for row in rows:
        product = known[row.sku]
        try:
            revenue = Money(row.revenue, product.currency).minor
        except LostDigits as error:
            raise BadFile(f"{row.place}: revenue: {error}; nothing was imported") from error
        values.append({"product_id": product.id, "sold_on": row.date, "units": row.units, "revenue_minor": revenue})
    fresh = [v for v in values if standing.get((v["product_id"], v["sold_on"])) != (v["units"], v["revenue_minor"])]
    added = sum((v["product_id"], v["sold_on"]) not in standing for v in fresh)
    if fresh:
        statement = upsert(connection, Sales)
        told = {name: getattr(statement.excluded, name) for name in ("units", "revenue_minor")}
        connection.execute(statement.on_conflict_do_update(index_elements=["product_id", "sold_on"], set_=told), fresh)
    return Imported(added, len(fresh) - added, len(values) - len(fresh))
