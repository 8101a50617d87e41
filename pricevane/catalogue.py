"""Our own side: products and sales from CSV files, checked whole before anything is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import Connection, bindparam, insert, select, update

from pricevane.model import LostDigits, Money, gtin14
from pricevane.storage.history import update_rows, upsert
from pricevane.storage.tables import Category, OwnPrice, Product, Proposal, Sales

SHOWN_ERRORS = 10
# One separator only, and never one that could be a thousands mark: 1,299 is refused, not guessed.
NUMBER = re.compile(r"-?\d+(?:\.\d+|,\d{1,2}|,\d{4,})?")


class BadFile(ValueError):
    """A file that cannot be imported; each line of the message names a row, a column and what to do."""


def _number(value: object) -> object:
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no plain number; write 1299.00 (no thousands separator, no currency)")
    return Decimal(text.replace(",", "."))


def _yes(value: object) -> object:
    return str(value).strip().lower() in ("1", "true", "yes", "y", "x") if value else False


Amount = Annotated[Annotated[Decimal, Field(ge=0)] | None, BeforeValidator(_number)]


class Row(BaseModel):
    """A row of a CSV file; unknown columns are ignored, empty cells are absent."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


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
    price: Annotated[Annotated[Decimal, Field(gt=0)] | None, BeforeValidator(_number)] = None
    cost: Amount = None
    landed_cost: Amount = None
    rrp: Amount = None
    legal_floor: Amount = None
    vat: Annotated[Annotated[Decimal, Field(ge=0, le=1)] | None, BeforeValidator(_number)] = None
    stock: Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_number)] = None
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
    units: Annotated[int, BeforeValidator(_number), Field(ge=0)]
    revenue: Annotated[Decimal, BeforeValidator(_number), Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows an import added, changed and left as they were."""

    added: int
    changed: int
    same: int


R = TypeVar("R", bound=Row)


def read_rows(path: Path, row_type: type[R], encoding: str, unique: Callable[[R], object]) -> list[R]:
    """Every row of a CSV file (comma, semicolon or tab; heading first); raises BadFile, naming lines."""
    errors: list[str] = []
    rows: list[R] = []
    first_line: dict[object, int] = {}
    for line, cells in _cells(path, row_type, encoding):
        try:
            row = row_type.model_validate(cells)
        except ValidationError as error:
            errors += [f"line {line}: {_explain(problem)}" for problem in error.errors()]
            continue
        key = unique(row)
        if key in first_line:
            errors.append(f"line {line}: {key!r} is in line {first_line[key]} already; keep one of the two")
        first_line.setdefault(key, line)
        rows.append(row)
    if errors:
        more = [f"and {len(errors) - SHOWN_ERRORS} more"] if len(errors) > SHOWN_ERRORS else []
        raise BadFile("\n".join([f"{path}: nothing was imported", *errors[:SHOWN_ERRORS], *more]))
    if not rows:
        raise BadFile(f"{path}: no rows below the heading")
    return rows


def _explain(problem: Any) -> str:
    column = ".".join(map(str, problem["loc"]))
    return f"{column}: {problem['msg'].removeprefix('Value error, ')}"


def _cells(path: Path, row_type: type[Row], encoding: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line number, column -> cell) of a CSV file."""
    try:
        text = path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise BadFile(
            f"{path}: line {line} is not {encoding}; save the file as UTF-8 or name --encoding, for example cp1252"
        ) from error
    except LookupError as error:
        raise BadFile(f"{encoding!r} is no known encoding; for example utf-8, cp1252, latin-1") from error
    if "\x00" in text:
        raise BadFile(f"{path} is no text file; export it as CSV")
    heading = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=heading.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    table.fieldnames = [name.strip().lower() for name in table.fieldnames or []]
    missing = [
        name for name, field in row_type.model_fields.items() if field.is_required() and name not in table.fieldnames
    ]
    if missing:
        raise BadFile(
            f"{path}: the heading has no column {', '.join(missing)}; found: {', '.join(table.fieldnames) or 'nothing'}"
        )
    for cells in table:
        if None in cells:
            raise BadFile(
                f"{path}: line {table.line_num} has more cells than the heading; quote cells that contain {delimiter!r}"
            )
        yield table.line_num, {name: cell or "" for name, cell in cells.items()}


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
        raise BadFile(f"product {row.sku}: {column}: {error}") from error


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
    """Own prices that differ from the last known; an approved proposal that they carry out is applied."""
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
    applied = update(Proposal).where(
        Proposal.product_id == bindparam("product"),
        Proposal.proposed_minor == bindparam("price"),
        Proposal.state == "approved",
    )
    connection.execute(
        applied.values(state="applied"),
        [{"product": row["product_id"], "price": row["price_minor"]} for row in new],
    )


def import_sales(connection: Connection, rows: list[SalesRow]) -> Imported:
    """Write sales by (sku, date), newer files over older ones; raises BadFile for an unknown sku."""
    known = {row.sku: row for row in connection.execute(select(Product.sku, Product.id, Product.currency))}
    unknown = sorted({row.sku for row in rows} - set(known))
    if unknown:
        raise BadFile(
            f"{len(unknown)} unknown sku, the first is {unknown[0]!r}; import the products before"
            " their sales. Nothing was imported"
        )
    standing = {(s.product_id, s.sold_on): (s.units, s.revenue_minor) for s in connection.execute(select(Sales))}
    values = []
    for row in rows:
        product = known[row.sku]
        try:
            revenue = Money(row.revenue, product.currency).minor
        except LostDigits as error:
            raise BadFile(f"sales of {row.sku} on {row.date}: {error}. Nothing was imported") from error
        values.append({"product_id": product.id, "sold_on": row.date, "units": row.units, "revenue_minor": revenue})
    fresh = [v for v in values if standing.get((v["product_id"], v["sold_on"])) != (v["units"], v["revenue_minor"])]
    added = sum((v["product_id"], v["sold_on"]) not in standing for v in fresh)
    if fresh:
        statement = upsert(connection, Sales)
        told = {name: getattr(statement.excluded, name) for name in ("units", "revenue_minor")}
        connection.execute(statement.on_conflict_do_update(index_elements=["product_id", "sold_on"], set_=told), fresh)
    return Imported(added, len(fresh) - added, len(values) - len(fresh))
