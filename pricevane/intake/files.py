"""The one door for files of our own: what sort of file it is, told by its content, and its rows, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pricevane.intake import layouts, sheet
from pricevane.intake.catalogue import ProductRow, SalesRow
from pricevane.intake.cells import cut, own_gtin
from pricevane.intake.merchant import read_feed
from pricevane.intake.sheet import BadFile, Table
from pricevane.intake.spreadsheet import read_workbook

WORKBOOK = b"PK\x03\x04"
XML = re.compile(rb"\s*(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<")
OTHERS = {
    b"\xd0\xcf\x11\xe0": "is an old or a locked Excel workbook; save it as .xlsx or CSV, without a password",
    b"\x1f\x8b": "is packed; unpack it first",
    b"%PDF": "is a PDF; export the table behind it as CSV or .xlsx",
    b"PAR1": "is a Parquet file; export it as CSV or .xlsx",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read: its encoding, its sheet, headings by our column, whether GTINs may be left out."""

    encoding: str = "utf-8"
    sheet: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    drop_bad_gtins: bool = False


@dataclass(frozen=True, slots=True)
class Products:
    """The products of a file, the columns that it has of ours, headings that might be others, and GTINs left out."""

    rows: list[ProductRow]
    columns: frozenset[str]
    probable: dict[str, str]
    dropped: list[str]


def read_products(path: Path, how: Reading, at: datetime) -> Products:
    """The products of a CSV file, a workbook, a shop system's export or a merchant feed, with the prices of `at`.

    Raises BadFile, which says what is wrong where, and asks for missing columns by name.
    """
    known = frozenset(ProductRow.model_fields) - {"place"}
    table = layouts.with_our_columns(open_table(path, how), at).renamed(how.columns, known)
    dropped: list[str] = []
    if how.drop_bad_gtins:
        table = Table(table.source, table.headings, _without_bad_gtins(table, dropped))
    rows = sheet.rows_of(table, ProductRow, lambda row: row.sku)
    columns = known.intersection(table.columns)
    return Products(rows, columns, sheet.probably(table, known - columns, known), dropped)


def read_sales(path: Path, how: Reading) -> list[SalesRow]:
    """The sales of a CSV file or a workbook; raises BadFile as `read_products` does."""
    table = open_table(path, how).renamed(how.columns, frozenset(SalesRow.model_fields) - {"place"})
    return sheet.rows_of(table, SalesRow, lambda row: (row.sku, row.date))


def open_table(path: Path, how: Reading) -> Table:
    """A file as a table of text; raises BadFile for what is none."""
    source, body = str(path), sheet.content(path)
    if body.startswith(WORKBOOK):
        return read_workbook(source, body, how.sheet)
    if how.sheet:
        raise BadFile(f"{source} is no .xlsx workbook and has no sheets; leave --sheet out")
    for mark, what in OTHERS.items():
        if body.startswith(mark):
            raise BadFile(f"{source} {what}")
    if XML.match(body[:200]):
        return read_feed(source, body)
    return sheet.read_csv(source, body, how.encoding)


def _without_bad_gtins(table: Table, dropped: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for place, cells in table.rows:
        gtin = cells.get("gtin", "").strip()
        if not gtin or own_gtin(gtin):
            yield place, cells
        else:
            dropped.append(f"{place} {cut(gtin)!r}")
            yield place, {**cells, "gtin": ""}
