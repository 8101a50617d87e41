"""Our own products and sales: a file is imported whole or refused with the line, the column and what to do."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from pricevane.intake.catalogue import Imported, ProductRow, SalesRow, import_products, import_sales
from pricevane.intake.sheet import BadFile, read_rows
from pricevane.storage.tables import Category, OwnPrice, PricingRun, Product, Proposal, Sales
from tests.house_rows import AT, add_product, rows

HOUR = timedelta(hours=1)
HEAD = "sku,name,gtin,currency,price,cost,vat,stock,key_value_item\n"
GOOD = HEAD + "K-1,Kettle,,EUR,19.90,10,,,\n"
# What is wrong: (the file, its encoding, what the message says).
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "bad row": ((GOOD + "K-2,,,EUR,19.90,,,,\n").encode(), "utf-8", "line 3: name: "),
    "wrong encoding": ((GOOD + "K-2,Café,,EUR,19.90,,,,\n").encode("cp1252"), "utf-8", "line 3 is not utf-8; save"),
    "no such encoding": (GOOD.encode(), "utf-9", "'utf-9' is no known encoding; for example utf-8"),
    "duplicate sku": ((GOOD + "K-1,Kettle,,EUR,19.90,,,,\n").encode(), "utf-8", "line 3: 'K-1' is in line 2 already"),
    "negative cost": ((HEAD + "K-1,Kettle,,EUR,19.90,-1,,,\n").encode(), "utf-8", "line 2: cost: "),
    "price of nothing": ((HEAD + "K-1,Kettle,,EUR,0,1,,,\n").encode(), "utf-8", "line 2: price: "),
    "thousands comma": ((HEAD + 'K-1,Kettle,,EUR,"1,299",1,,,\n').encode(), "utf-8", "line 2: price: '1,299' is no"),
    "thousands apostrophe": ((HEAD + "K-1,Kettle,,EUR,1'299.00,1,,,\n").encode(), "utf-8", "line 2: price: "),
    "thousands space": ((HEAD + "K-1,Kettle,,EUR,1 299.00,1,,,\n").encode(), "utf-8", "line 2: price: "),
    "both marks": ((HEAD + 'K-1,Kettle,,EUR,"1.299,00",1,,,\n').encode(), "utf-8", "line 2: price: "),
    "currency in the cell": ((HEAD + "K-1,Kettle,,EUR,19.90 €,1,,,\n").encode(), "utf-8", "no currency"),
    "exponent": ((HEAD + "K-1,Kettle,,EUR,1e3,1,,,\n").encode(), "utf-8", "line 2: price: '1e3' is no plain number"),
    "beyond all prices": ((HEAD + "K-1,Kettle,,EUR,99999999999999999999,1,,,\n").encode(), "utf-8", "line 2: price: "),
    "beyond all stock": ((HEAD + "K-1,Kettle,,EUR,1,1,,99999999999999999999,\n").encode(), "utf-8", "line 2: stock: "),
    "stock in thousands": ((HEAD + "K-1,Kettle,,EUR,1,1,,1.000,\n").encode(), "utf-8", "line 2: stock: '1.000' is no"),
    "vat in per cent": ((HEAD + "K-1,Kettle,,EUR,1,1,20,,\n").encode(), "utf-8", "line 2: vat: "),
    "neither yes nor no": ((HEAD + "K-1,Kettle,,EUR,1,1,,,perhaps\n").encode(), "utf-8", "line 2: key_value_item: "),
    "bad GTIN": ((HEAD + "K-1,Kettle,4006381333932,EUR,1,1,,,\n").encode(), "utf-8", "line 2: gtin: '4006381333932'"),
    "GTIN of a spreadsheet": ((HEAD + "K-1,Kettle,4.00638E+12,EUR,1,1,,,\n").encode(), "utf-8", "line 2: gtin: "),
    "currency with four letters": ((HEAD + "K-1,Kettle,,EURO,1,1,,,\n").encode(), "utf-8", "line 2: currency: "),
    "missing column": (
        b"sku,title\nK-1,Kettle\n",
        "utf-8",
        "no column name; found: sku, title; name the heading that is it: --column name=title",
    ),
    "column twice": (b"sku,name,Price,price\nK-1,Kettle,1,2\n", "utf-8", "has the column price twice"),
    "empty file": (b"", "utf-8", "no column sku, name; found: nothing"),
    "heading only": (HEAD.encode(), "utf-8", "no rows below the heading"),
    "binary file": (b"PK\x03\x04" + bytes(40), "utf-8", "no text file; export it as CSV"),
    "spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "utf-8", "line 1 is not utf-8"),
    "name without end": (
        (HEAD + f"K-1,{'x' * 10_000},,,1,,,,\n").encode(),
        "utf-8",
        "line 2: name: String should have",
    ),
    "empty name": ((HEAD + "K-1, ,,EUR,1,,,,\n").encode(), "utf-8", "line 2: name: String should have at least 1"),
    "GTIN with letters": ((HEAD + "K-1,Kettle,40063B,,1,,,,\n").encode(), "utf-8", "line 2: gtin: '40063B' is no"),
    "too many cells": ((GOOD + "K-2,Kettle, red,,EUR,19.90,,,,\n").encode(), "utf-8", "line 3 has more cells than"),
    "open quotation mark": ((HEAD + 'K-1,"Kettle,,EUR,1,1,,,\nK-2,Pan,,EUR,1,1,,,\n').encode(), "utf-8", "quotation"),
    "too many decimals": ((GOOD + "K-2,Kettle,,JPY,1990.5,,,,\n").encode(), "utf-8", "line 3: price: 1990.5 JPY has"),
    "cost with too many decimals": ((HEAD + "K-1,Kettle,,,1,1.299,,,\n").encode(), "utf-8", "line 2: cost: 1.299 EUR"),
}
REFUSED_SALES = {
    "unknown sku": ("K-1,2026-02-01,3,59.70\nK-9,2026-02-01,1,5\n", "line 3: sku: no product has the sku 'K-9'"),
    "negative units": ("K-1,2026-02-01,-3,59.70\n", "line 2: units: "),
    "units in thousands": ("K-1,2026-02-01,1.000,59.70\n", "line 2: units: '1.000' is no whole number"),
    "no date": ("K-1,01.02.2026,3,59.70\n", "line 2: date: "),
    "nothing sold": ("K-1,2026-02-01,,59.70\n", "line 2: units: "),
    "too many decimals": ("K-1,2026-02-01,3,59.701\n", "line 2: revenue: 59.701 EUR has more decimals"),
    "same day twice": ("K-1,2026-02-01,3,59.70\nK-1,2026-02-01,1,19.90\n", "is in line 2 already"),
}
SAME = {
    "comma": GOOD.encode(),
    "byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "windows line ends": GOOD.replace("\n", "\r\n").encode(),
    "capitals in the heading": GOOD.replace("sku,name", " SKU , Name ").encode(),
    "semicolon and decimal comma": GOOD.replace(",", ";").replace("19.90", "19,90").encode(),
    "tab and quotation marks": GOOD.replace(",", "\t").replace("Kettle", '"Kettle"').encode(),
    "empty lines": (GOOD + "\n\n").encode(),
    "a column that we do not know": GOOD.replace("\n", ",x\n").replace("item,x", "item,colour").encode(),
    "cells missing at the end": (HEAD + "K-1,Kettle,,EUR,19.90,10\n").encode(),
}
TABLES = (Product, OwnPrice, Category, Sales)


def take(engine: Engine, path: Path, at: Any = AT, encoding: str = "utf-8") -> Imported:
    """Import a products file as the command does."""
    found = read_rows(path, ProductRow, encoding, lambda row: row.sku)
    with engine.begin() as connection:
        return import_products(connection, found, "EUR", 0.19, at, "test")


def take_sales(engine: Engine, path: Path) -> Imported:
    """Import a sales file as the command does."""
    found = read_rows(path, SalesRow, "utf-8", lambda row: (row.sku, row.date))
    with engine.begin() as connection:
        return import_sales(connection, found)


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "own.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("why", REFUSED)
def test_a_bad_file_is_refused_with_its_place_and_nothing_is_written(
    sqlite_engine: Engine, tmp_path: Path, why: str
) -> None:
    content, encoding, message = REFUSED[why]
    with pytest.raises(BadFile) as refused:
        take(sqlite_engine, write(tmp_path, content), encoding=encoding)
    assert message in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 2
    assert [rows(sqlite_engine, table) for table in TABLES] == [[]] * 4


def test_a_refused_file_adds_no_category_either(engine: Engine, tmp_path: Path) -> None:
    lines = "sku,name,category,currency,price\nK-1,Kettle,Kitchen,EUR,19.90\nK-2,Pan,Pans,JPY,19.5\n"
    with pytest.raises(BadFile, match="line 3: price"):
        take(engine, write(tmp_path, lines))
    assert [rows(engine, table) for table in TABLES] == [[]] * 4


@pytest.mark.parametrize("path", [Path("nowhere.csv"), Path()], ids=["missing", "folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_rows(tmp_path / path, ProductRow, "utf-8", lambda row: row.sku)


def test_ten_mistakes_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        read_rows(write(tmp_path, HEAD + ",,,,,,,,\n" * 20), ProductRow, "utf-8", lambda row: row.sku)
    assert str(refused.value).splitlines()[-1] == "and 30 more"
    assert len(str(refused.value).splitlines()) == 12


@pytest.mark.parametrize("how", SAME)
def test_files_of_all_usual_programs_are_read_alike(tmp_path: Path, how: str) -> None:
    (row,) = read_rows(write(tmp_path, SAME[how]), ProductRow, "utf-8", lambda row: row.sku)
    assert (row.sku, row.name, str(row.price), str(row.cost), row.stock) == ("K-1", "Kettle", "19.90", "10", None)
    assert (row.place, row.key_value_item) == ("line 2", False)


def test_another_encoding_can_be_named(sqlite_engine: Engine, tmp_path: Path) -> None:
    take(sqlite_engine, write(tmp_path, GOOD.replace("Kettle", "Café").encode("cp1252")), encoding="cp1252")
    assert rows(sqlite_engine, Product)[0].name == "Café"


def test_amounts_become_minor_units_of_their_currency(engine: Engine, tmp_path: Path) -> None:
    lines = HEAD + "K-1,Kettle,4006381333931,,19.9,10.5,,7,yes\nK-2,Pan,,jpy,1990,,0.10,,\nK-3,Pot,,KWD,1.234,,,,\n"
    assert take(engine, write(tmp_path, lines)) == Imported(3, 0, 0)
    products = rows(engine, Product)
    assert [(row.currency, row.cost_minor, row.vat_bp, row.stock, row.key_value_item) for row in products] == [
        ("EUR", 1050, 1900, 7, True),
        ("JPY", None, 1000, None, False),
        ("KWD", None, 1900, None, False),
    ]
    assert products[0].gtin == "04006381333931"
    assert [(row.price_minor, row.currency) for row in rows(engine, OwnPrice)] == [
        (1990, "EUR"),
        (1990, "JPY"),
        (1234, "KWD"),
    ]


def test_own_prices_are_only_added_and_only_when_they_change(engine: Engine, tmp_path: Path) -> None:
    steps = [("19.90", (1, 0, 0)), ("19.90", (0, 0, 1)), ("18.90", (0, 1, 0)), ("19.90", (0, 1, 0))]
    for hours, (price, counted) in enumerate(steps):
        done = take(engine, write(tmp_path, GOOD.replace("19.90", price)), AT + hours * HOUR)
        assert (done.added, done.changed, done.same) == counted
    assert [(row.valid_from, row.price_minor) for row in rows(engine, OwnPrice)] == [
        (AT, 1990),
        (AT + 2 * HOUR, 1890),
        (AT + 3 * HOUR, 1990),
    ]


def test_an_import_changes_what_it_says_and_leaves_other_products(engine: Engine, tmp_path: Path) -> None:
    take(engine, write(tmp_path, GOOD + "K-2,Pan,,EUR,9.90,5,,,\n"))
    assert take(engine, write(tmp_path, GOOD.replace("Kettle", "Kettle 2")), AT + HOUR) == Imported(0, 1, 0)
    assert [(row.sku, row.name, row.cost_minor) for row in rows(engine, Product)] == [
        ("K-1", "Kettle 2", 1000),
        ("K-2", "Pan", 500),
    ]


COMPLETE = "sku,name,gtin,brand,category,price,cost,vat,stock\nK-1,Kettle,4006381333931,Alpha,Kitchen,19.90,10,0.07,5\n"
# A later file -> what it leaves of brand, cost, VAT rate, stock and the number of own prices.
LATER = {
    "nothing but the name": ("sku,name\nK-1,Kettle\n", ("Alpha", 1000, 700, 5, 1)),
    "an empty cell empties": ("sku,name,brand,cost,stock\nK-1,Kettle,,,\n", ("", None, 700, None, 1)),
    "an empty rate is the house's": ("sku,name,vat\nK-1,Kettle,\n", ("Alpha", 1000, 1900, 5, 1)),
    "an empty price leaves the last one": ("sku,name,price\nK-1,Kettle,\n", ("Alpha", 1000, 700, 5, 1)),
    "a cost alone": ("sku,name,cost\nK-1,Kettle,11.50\n", ("Alpha", 1150, 700, 5, 1)),
    "a price alone": ("sku,name,price\nK-1,Kettle,18.90\n", ("Alpha", 1000, 700, 5, 2)),
}


@pytest.mark.parametrize("what", LATER)
def test_only_columns_that_a_file_has_change_anything(sqlite_engine: Engine, tmp_path: Path, what: str) -> None:
    lines, left = LATER[what]
    take(sqlite_engine, write(tmp_path, COMPLETE))
    take(sqlite_engine, write(tmp_path, lines), AT + HOUR)
    (row,) = rows(sqlite_engine, Product)
    assert (row.brand, row.cost_minor, row.vat_bp, row.stock, len(rows(sqlite_engine, OwnPrice))) == left
    assert (row.gtin, row.category_id, row.currency) == ("04006381333931", 1, "EUR")


def test_a_currency_never_changes_under_amounts_that_the_file_lacks(sqlite_engine: Engine, tmp_path: Path) -> None:
    take(sqlite_engine, write(tmp_path, COMPLETE))
    with pytest.raises(BadFile, match="line 2: currency: K-1 changes from EUR to USD; give its cost as well"):
        take(sqlite_engine, write(tmp_path, "sku,name,currency\nK-1,Kettle,USD\n"))
    take(sqlite_engine, write(tmp_path, "sku,name,currency,cost,price\nK-1,Kettle,USD,11,21\n"), AT + HOUR)
    (row,) = rows(sqlite_engine, Product)
    assert (row.currency, row.cost_minor) == ("USD", 1100)


@pytest.mark.parametrize(
    ("imported", "states"),
    [
        ("18.90", ["applied", "proposed"]),
        ("19.90", ["approved", "proposed"]),
        ("17.00", ["expired", "proposed"]),
    ],
    ids=["the approved price", "the price of before", "another price"],
)
def test_an_import_settles_what_was_approved(engine: Engine, tmp_path: Path, imported: str, states: list[str]) -> None:
    run = {"at": AT, "publication": "published", "reason": "", "report": {}}
    usual = {
        "pricing_run_id": 1,
        "at": AT,
        "expires_at": AT + HOUR,
        "current_minor": 1990,
        "proposed_minor": 1890,
        "currency": "EUR",
        "rule": "",
        "reason": "",
        "trail": [],
        "rivals": [],
        "effect": {},
    }
    products = [add_product(engine, sku) for sku in ("K-1", "K-2")]
    with engine.begin() as connection:
        usual["pricing_run_id"] = connection.execute(
            insert(PricingRun).values(run).returning(PricingRun.id)
        ).scalar_one()
        both = zip(products, ("approved", "proposed"), strict=True)
        connection.execute(insert(Proposal), [{**usual, "product_id": one, "state": state} for one, state in both])
    take(engine, write(tmp_path, GOOD.replace("19.90", imported) + f"K-2,Pan,,EUR,{imported},5,,,\n"), AT)
    assert [row.state for row in rows(engine, Proposal)] == states


@pytest.mark.parametrize("why", REFUSED_SALES)
def test_bad_sales_are_refused_with_their_place_and_nothing_is_written(
    sqlite_engine: Engine, tmp_path: Path, why: str
) -> None:
    lines, message = REFUSED_SALES[why]
    add_product(sqlite_engine)
    with pytest.raises(BadFile) as refused:
        take_sales(sqlite_engine, write(tmp_path, "sku,date,units,revenue\n" + lines))
    assert message in str(refused.value)
    assert rows(sqlite_engine, Sales) == []


def test_a_newer_sales_file_corrects_an_older_one(engine: Engine, tmp_path: Path) -> None:
    add_product(engine)
    head = "sku;date;units;revenue\n"
    assert take_sales(engine, write(tmp_path, head + "K-1;2026-02-01;3;59,70\n")) == Imported(1, 0, 0)
    lines = head + "K-1;2026-02-01;2;39,80\nK-1;2026-02-02;1;19,90\n"
    assert take_sales(engine, write(tmp_path, lines)) == Imported(1, 1, 0)
    assert take_sales(engine, write(tmp_path, lines)) == Imported(0, 0, 2)
    assert [(row.sold_on, row.units, row.revenue_minor) for row in rows(engine, Sales)] == [
        (date(2026, 2, 1), 2, 3980),
        (date(2026, 2, 2), 1, 1990),
    ]
