"""Our products from workbooks, feeds, shop systems and our own shop: one door, one diff, and asking for what lacks."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import typer
from typer.core import TyperGroup

from pricevane.cli import app
from pricevane.intake.catalogue import ProductRow, diff
from pricevane.intake.files import Products, Reading, read_products, read_sales
from pricevane.intake.own_shop import products_of
from pricevane.intake.sheet import BadFile
from pricevane.market import Market, World
from pricevane.model import PriceKind
from pricevane.storage.tables import Listing, OwnPrice, Product
from pricevane.wire import offer_row
from tests.cli_house import Door, door
from tests.house_rows import AT, offer, rows
from tests.test_cli import json_lines
from tests.test_readme import run

__all__ = ["door"]
MANUAL = Path(__file__).parents[1] / "docs/products.md"
FILES = Path(__file__).parent / "products"
GTIN = "04006381333931"
HEAD = ["sku", "name", "gtin", "price", "stock", "key_value_item"]


def read(path: Path, **how: Any) -> Products:
    return read_products(path, Reading(**how), AT)


def workbook(path: Path, *lines: Sequence[object], sheet: str = "Products") -> Path:
    """A workbook with these rows in a sheet behind which another one lies."""
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = sheet
    for line in lines:
        first.append(list(line))
    book.create_sheet("Notes").append(["nothing here"])
    book.save(path)
    return path


def text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_workbook_is_read_by_values_and_a_gtin_gets_its_zeros_back(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "x.xlsx",
        [],
        ["SKU ", "Name", "gtin", "price", "stock", "Key value item", None, "note"],
        [1001, "Kettle", 4006381333931, 19.9, 7, True],
        [],
        ["K-2", "Pan", 36000291452, 0.1 + 0.2, 3.0, "no", None, "x"],
        ["K-3", "Pot", "'4006381333931", 1e6, None, False, None, None, "beyond the table"],
        ["K-4", "Lid", 12345670, None, None, None],
    )
    found = read(path)
    assert [(row.place, row.sku, row.gtin, str(row.price), row.stock, row.key_value_item) for row in found.rows] == [
        ("row 3", "1001", GTIN, "19.9", 7, True),
        ("row 5", "K-2", "00036000291452", "0.3", 3, False),
        ("row 6", "K-3", GTIN, "1000000", None, False),
        ("row 7", "K-4", "00000012345670", "None", None, False),
    ]
    assert found.columns == set(HEAD)


def test_a_sheet_can_be_named_and_sales_come_from_a_workbook_too(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ["Artikel", "date", "units", "revenue"], ["K-1", date(2026, 2, 1), 3, 59.7])
    (row,) = read_sales(path, Reading(columns={"sku": "Artikel"}, sheet="Products"))
    assert (row.sku, row.date, row.units, str(row.revenue)) == ("K-1", date(2026, 2, 1), 3, "59.7")
    with pytest.raises(BadFile, match="has no sheet called 'Stock'; it has: Products, Notes"):
        read(path, sheet="Stock")


def packed(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name.replace("__", "/"), body)
    return target.getvalue()


FEED = (FILES / "feed.xml").read_text("utf-8")
LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + FEED.partition("?>")[2].replace("P-1", "&b;")
# What is wrong -> the file, how it is to be read, what is said.
REFUSED: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "archive": (packed(**{"a.txt": b"x"}), {}, "is packed but no Excel workbook; unpack it, or save it as .xlsx"),
    "broken workbook": (packed(**{"xl__workbook.xml": b"<x"}), {}, "is no sound workbook ("),
    "torn workbook": (packed(**{"xl__workbook.xml": b"<x/>"})[:60], {}, "is no sound workbook ("),
    "bomb": (packed(**{"xl__workbook.xml": b"<x/>", "xl__sharedStrings.xml": bytes(80 * 2**20)}), {}, "too large when"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + bytes(99), {}, "is an old or a locked Excel workbook; save it as .xlsx"),
    "PDF": (b"%PDF-1.7", {}, "is a PDF; export the table behind it"),
    "gzip": (b"\x1f\x8b\x08", {}, "is packed; unpack it first"),
    "page": (b"<!doctype html><html></html>", {}, "is no XML"),
    "XML page": (b"<!DOCTYPE html><html/>", {}, "has neither an item of RSS nor an entry"),
    "other XML": (b"<orders><order/></orders>", {}, "has neither an item of RSS nor an entry of Atom"),
    "XML without products": (b"<x>" + b"<y/>" * 2**21 + b"</x>", {}, "no product in 4 MB of it"),
    "torn feed": (FEED[: len(FEED) // 2].encode(), {}, "is no XML"),
    "entities": (LAUGHS.encode(), {}, "defines entities of its own"),
    "price with thousands": (FEED.replace("24.90 EUR", "1,024.90 EUR").encode(), {}, "product 2: price: '1,024.90' is"),
    "sale of no span": (FEED.replace("2026-03-01T00:00", "soon").encode(), {}, "price: '19.90 EUR in soon"),
    "cost elsewhere": (FEED.replace("12.50 EUR", "12.50 USD").encode(), {}, "product 1: cost: '12.50 USD' is no plain"),
    "product twice": (FEED.replace("P-2", "P-1").encode(), {}, "product 2: 'P-1' is in product 1 already"),
    "sheet of text": (b"sku,name\nK-1,Kettle\n", {"sheet": "x"}, "is no .xlsx workbook and has no sheets"),
    "both missing": (b"Artikelnummer;Titel\n1;x\n", {}, "--column sku=Artikelnummer --column name=Titel"),
    "missing, unlike": (b"sku,x\nK-1,Kettle\n", {}, "name the heading that is it: --column name=HEADING"),
    "typing error": (b"sku,nam e\nK-1,Kettle\n", {}, "--column 'name=nam e'"),
    "unknown heading": (
        b"sku,x\nK-1,Kettle\n",
        {"columns": {"name": "y"}},
        "name=y: no such heading; found: sku, x",
    ),
    "unknown column": (b"sku,x\nK-1,Kettle\n", {"columns": {"nmae": "x"}}, "there is no column nmae; known: "),
    "1,000 columns": (b"sku" + b",x" * 999 + b"\n1\n", {}, "and 970 more; name the heading"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_file_that_cannot_be_imported_is_refused_with_what_to_do(tmp_path: Path, why: str) -> None:
    content, how, message = REFUSED[why]
    began = time.process_time()
    with pytest.raises(BadFile) as refused:
        read(text(tmp_path / "x.bin", content), **how)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 2000
    assert time.process_time() - began < 5


ATOM = FEED.replace("<rss", "<feed").replace("</rss>", "</feed>").replace("channel>", "x>").replace("item>", "entry>")
FEED_TABLE = (FILES / "feed.tsv").read_bytes()
# How the same feed comes.
FEEDS = {
    "RSS": FEED.encode(),
    "Atom": re.sub("</?x>", "", ATOM).encode(),
    "UTF-16": FEED.replace("UTF-8", "UTF-16").encode("utf-16"),
    "tabs": FEED_TABLE,
    "blanks in the headings": FEED_TABLE.replace(b"sale_price_effective_date", b"Sale price effective date"),
}


@pytest.mark.parametrize("how", FEEDS)
def test_a_merchant_feed_is_read_with_the_price_that_counts_today(tmp_path: Path, how: str) -> None:
    found = read(text(tmp_path / "feed", FEEDS[how]))
    told = [(row.sku, row.name, row.gtin, row.brand, row.family, row.category, row.currency) for row in found.rows]
    assert told == [
        ("P-1", "Kettle 1.7 l", GTIN, "Alpha", "kettles", "Kitchen > Kettles", "EUR"),
        ("P-2", "Pan <24 cm>", "", "Beta & Co", "", "", "EUR"),
        ("P-3", "Pot", "", "", "", "", "USD"),
    ]
    assert [(str(row.price), str(row.cost), row.stock) for row in found.rows] == [
        ("19.90", "12.50", None),
        ("24.90", "None", 0),
        ("9.50", "None", None),
    ]
    assert "stock" in found.columns


EXPORTS = {
    "shopify.csv": [
        ("S-1", "Shirt Red S", GTIN, "Alpha", "shirt", "Shirts", "19.90", "8.00"),
        ("S-2", "Shirt Red M", "", "Alpha", "shirt", "Shirts", "21.90", "None"),
        ("S-3", "Mug", "", "Beta", "mug", "Kitchen", "7.50", "None"),
    ],
    "woocommerce.csv": [
        ("W-1", "Kettle", GTIN, "Alpha", "", "Kitchen", "17.90", "None"),
        ("W-2", "Pan", "", "", "", "Kitchen", "29.90", "None"),
        ("W-4", "Shirt - Red", "", "", "W-3", "", "9.90", "None"),
    ],
}


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_of_shop_systems_are_known_by_their_headings(name: str) -> None:
    columns = ("sku", "name", "gtin", "brand", "family", "category", "price", "cost")
    told = [tuple(str(getattr(row, column)) for column in columns) for row in read(FILES / name).rows]
    assert told == EXPORTS[name]


def test_a_named_heading_goes_before_what_is_called_so_already(tmp_path: Path) -> None:
    path = text(tmp_path / "x.csv", "sku,name,price,Preis brutto\nK-1,Kettle,8.00,19.90\n")
    (row,) = read(path, columns={"cost": "price", "price": "Preis brutto"}).rows
    assert (str(row.cost), str(row.price)) == ("8.00", "19.90")


def test_gtins_that_are_none_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    path = text(tmp_path / "x.csv", f"sku,name,gtin\nK-1,Kettle,ABC\nK-2,Pan,{GTIN}\nK-3,Pot,{'9' * 999}\n")
    found = read(path, drop_bad_gtins=True)
    assert [row.gtin for row in found.rows] == ["", GTIN, ""]
    assert [one[:14] for one in found.dropped] == ["line 2 'ABC'", "line 4 '999999"]


FIRST = "sku,name,brand,price,cost\nK-1,Kettle,Alpha,19.90,10\nK-2,Pan,Beta,9.90,5\nK-3,Pot,Beta,5.00,2\n"
SECOND = "sku,name,price,stock\nK-1,Kettle 2,18.90,\nK-2,Pan,9.90,4\nK-4,Lid,3.00,1\nK-5,Cup,,\n"
CHANGES = [
    ("K-4", "new", "price", "", "3.00 EUR"),
    ("K-5", "new", "price", "", ""),
    ("K-1", "changed", "name", "Kettle", "Kettle 2"),
    ("K-1", "changed", "price", "19.90 EUR", "18.90 EUR"),
    ("K-2", "changed", "stock", "", "4"),
    ("K-3", "missing", "", "", ""),
]


def test_a_dry_run_shows_what_the_real_run_then_does_and_writes_nothing(door: Door) -> None:
    text(door.folder / "1.csv", FIRST)
    text(door.folder / "2.csv", SECOND)
    assert door.run("import", "products", "1.csv").out == "products: 3 added, 0 changed, 0 as they were\n"
    before = rows(door.engine, Product), rows(door.engine, OwnPrice)
    shown = door.run("import", "products", "2.csv", "--dry-run", "--format", "json")
    assert (rows(door.engine, Product), rows(door.engine, OwnPrice)) == before
    told = [tuple(one[name] for name in ("sku", "change", "column", "old", "new")) for one in json_lines(shown)]
    assert told == CHANGES
    assert "products: would be 2 added, 2 changed (1 of them in price), 0 as they were" in shown.err
    assert "not among them: 1 known product (K-3), left as they are" in shown.err
    done = door.run("import", "products", "2.csv")
    assert done.out.splitlines()[0] == "products: 2 added, 2 changed (1 of them in price), 0 as they were"
    again = door.run("import", "products", "2.csv", "--dry-run", "--format", "csv")
    assert again.out.splitlines() == ["sku,name,change,column,old,new", "K-3,Pot,missing,,,"]
    costs = [(row.sku, row.cost_minor) for row in rows(door.engine, Product)]
    assert costs == [("K-1", 1000), ("K-2", 500), ("K-3", 200), ("K-4", None), ("K-5", None)]


def test_products_that_a_file_lacks_are_disabled_only_when_asked_and_never_most_of_them(door: Door) -> None:
    text(door.folder / "1.csv", FIRST)
    text(door.folder / "2.csv", "sku,name\nK-1,Kettle\n")
    text(door.folder / "3.csv", "sku,name\nK-1,Kettle\nK-2,Pan\n")
    assert door.run("import", "products", "1.csv").code == 0
    assert "2 products are missing, more than half" in door.refused("import", "products", "2.csv", "--disable-missing")
    dry = door.run("import", "products", "2.csv", "--disable-missing", "--dry-run")
    assert (dry.code, "would be refused unless --yes" in dry.err) == (0, True)
    assert "1 known product (K-3), disabled" in door.run("import", "products", "3.csv", "--disable-missing").out
    assert [row.enabled for row in rows(door.engine, Product)] == [True, True, False]
    assert door.run("import", "products", "2.csv", "--disable-missing", "--yes").code == 0
    assert door.run("import", "products", "2.csv", "--disable-missing", "--yes").code == 0
    assert [row.enabled for row in rows(door.engine, Product)] == [True, False, False]
    assert "0 added, 2 changed, 1 as" in door.run("import", "products", "1.csv").out
    assert [row.enabled for row in rows(door.engine, Product)] == [True, True, True]


def test_what_is_wrong_with_products_is_counted_and_no_reason_to_refuse_them(door: Door) -> None:
    shared = "".join(f"K-{number},Kettle {number},{GTIN},9\n" for number in range(500))
    text(door.folder / "x.csv", f"sku,name,gtin,Preis\n{shared}E-1,🫖,,\nE-2,A,,\nE-3,чайник 電気ケトル,,\n")
    said = door.run("import", "products", "x.csv")
    assert said.out == "products: 503 added, 0 changed, 0 as they were\n"
    assert said.err.splitlines() == [
        "500 products with the GTIN of another product too: they will not be matched by GTIN"
        " (K-0, K-1, K-2, K-3, K-4, and 495 more)",
        "2 products with a name of fewer than 3 letters and digits: it says nothing (E-1, E-2)",
        "503 products with no own price: nothing will be proposed for them (K-0, K-1, K-2, K-3, K-4, and 498 more)",
        "the file has no column brand: names and part numbers are matched with less certainty",
        "the file has no column price: own prices stay as they are",
        "not read: Preis; if that is the price, add --column price=Preis",
    ]


def test_a_large_catalogue_costs_as_much_a_row_as_a_small_one(door: Door) -> None:
    spent = {}
    for count in (4_000, 16_000):
        made = [ProductRow(sku=str(n), name=f"Kettle {n % 7}", gtin=GTIN, place="") for n in range(count)]
        began = time.process_time()
        with door.engine.begin() as connection:
            found = diff(connection, made, "EUR", 0.19)
        assert len(found.added) == count
        spent[count] = time.process_time() - began
    assert spent[16_000] < 12 * spent[4_000] + 0.5


def offered(number: int, **changed: Any) -> dict[str, Any]:
    """An offer of our own shop as a crawl tells it."""
    usual = {"url": f"https://shop.example/p/{number}-kettle", "sku": f"S-{number}", "brand": "Alpha"}
    return offer_row(offer(number, **{**usual, **changed}))


PAGE = "https://shop.example/p/shirt"
# What the shop says -> (sku, family, brand) of the products, and what is left out.
SHELVES: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str, str]], dict[str, int]]] = {
    "its sku": ([offered(1)], [("S-1", "", "Alpha")], {}),
    "else its MPN": ([offered(1, sku="", mpn="M-1", gtin=GTIN)], [("M-1", "", "Alpha")], {}),
    "else its GTIN": ([offered(1, sku="", gtin=GTIN, brand="")], [(GTIN, "", "")], {}),
    "else its address": ([offered(1, sku="")], [("1-kettle", "", "Alpha")], {}),
    "variants": (
        [offered(1, url=f"{PAGE}?variant=1"), offered(2, url=f"{PAGE}?variant=2")],
        [("S-1", "shirt", "Alpha"), ("S-2", "shirt", "Alpha")],
        {},
    ),
    "one sku twice": (
        [offered(1), offered(2, sku="S-1", brand="")],
        [("S-1", "", "Alpha")],
        {"sku already taken": 1},
    ),
    "doubtful": ([{**offered(1), "status": "doubtful"}], [], {"doubtful price": 1}),
    "no price": ([offered(1, price=None)], [], {"no price": 1}),
    "used": ([offered(1, kind=PriceKind.USED)], [], {"not the shelf price": 1}),
    "without VAT": ([offered(1, tax_included=False)], [], {"not the shelf price": 1}),
    "sold by others": ([offered(1, seller="X", seller_is_shop=False)], [], {"sold by others": 1}),
    "no name": ([offered(1, name="")], [], {"no usable name or number": 1}),
    "sku without end": ([offered(1, sku="x" * 101)], [], {"no usable name or number": 1}),
}


@pytest.mark.parametrize("what", SHELVES)
def test_only_clear_offers_of_our_own_shop_become_products(what: str) -> None:
    offers, products, left_out = SHELVES[what]
    shelf = products_of(offers)
    assert [(row.sku, row.family, row.brand) for row in shelf.rows] == products
    assert shelf.left_out == left_out
    assert all("cost" not in row.model_fields_set and str(row.price) == "19.90" for row in shelf.rows)


@pytest.mark.slow
def test_our_own_shop_is_read_as_any_other_and_nothing_of_it_is_a_rivals(door: Door) -> None:
    with Market(World(products=40, days=2)) as market:
        words = ("import", "shop", market.urls["boutique"], "--browser", "never")
        dry = door.run(*words, "--dry-run", "--format", "json")
        assert (dry.code, rows(door.engine, Product)) == (0, []), dry
        done = door.run(*words)
        again = door.run(*words)
        one = door.run(*words, "--limit", "1", "--dry-run")
        shelf = zip(market.world.listings, market.world.truth(0), strict=True)
        asked = {int(100 * shown.shown) for listing, shown in shelf if listing.shop.name == "boutique"}
    found = rows(door.engine, Product)
    assert len(found) == len(json_lines(dry)) > 10
    assert all(row.sku and row.name and row.currency == "EUR" for row in found)
    assert {price.price_minor for price in rows(door.engine, OwnPrice)} <= asked
    assert f"products: {len(found)} added, 0 changed" in done.out
    assert f"0 added, 0 changed, {len(found)} as they were" in again.out
    assert "stopped at the limit of 1" in one.err
    assert rows(door.engine, Listing) == []


@pytest.mark.slow
def test_every_command_of_the_manual_works_and_every_option_has_one(tmp_path: Path) -> None:
    manual = MANUAL.read_text("utf-8")
    words = " ".join(re.findall(r"^```sh\n(.*?)^```", manual, re.M | re.S)).splitlines()
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name in ("products", "shop"):
        found = group.commands["import"].commands[name]  # type: ignore[attr-defined]
        options = [option for one in found.params for option in one.opts if option.startswith("--")]
        said = " ".join(command for command in words if f"import {name} " in command)
        assert [option for option in options if f" {option} " not in f"{said} "] == []
    (tmp_path / "pricevane.toml").write_text('contact = "pricing@retailer.example"\ncurrency = "EUR"\n', "utf-8")
    workbook(tmp_path / "export.xlsx", ["Artikelnummer", "name", "Preis brutto"], ["K-1", "Kettle", 19.9])
    text(tmp_path / "feed.xml", FEED)
    with Market(World(products=40, days=2)) as market:
        text(tmp_path / "products.csv", market.world.products_csv())
        for command in words:
            run(command.replace("https://shop.retailer.example/", market.urls["boutique"]), tmp_path)
