"""Rows as an Excel workbook: text that is never a formula, amounts and instants that Excel can calculate with."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from pricevane.cli.kinds import Columns, Kind, Row, Rows, flat, typed
from pricevane.cli.session import Failed
from pricevane.model import EXPONENTS

MOST_ROWS = 2**20 - 1
LONGEST_TEXT = 32_767
# Excel keeps no more digits of a number.
MOST_DIGITS = 15
WIDEST, NARROWEST = 48, 10
TEXT = "@"
FORMATS = {
    Kind.UNIT_PRICE: "0.00####",
    Kind.SHARE: "0.000",
    Kind.COUNT: "0",
    Kind.FLAG: "General",
    Kind.INSTANT: 'yyyy-mm-dd hh:mm:ss"Z"',
    Kind.DAY: "yyyy-mm-dd",
}


def write(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """One sheet, the heading kept in sight; raises Failed for more rows than a sheet holds."""
    if len(rows) > MOST_ROWS:
        raise Failed(f"{len(rows)} rows are more than a sheet's {MOST_ROWS}; name a .csv or .parquet file with --out")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("offers")
    sheet.freeze_panes = "A2"
    for number, name in enumerate(columns, 1):
        longest = max((len(str(row[name])) for row in rows), default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(WIDEST, max(NARROWEST, len(name), longest) + 2)
    sheet.append([_heading(sheet, name) for name in columns])
    for row in rows:
        sheet.append([_cell(sheet, kind, name, row) for name, kind in columns.items()])
    book.save(target)


def _heading(sheet: WriteOnlyWorksheet, name: str) -> Any:
    cell = WriteOnlyCell(sheet, name)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: WriteOnlyWorksheet, kind: Kind, name: str, row: Row) -> Any:
    """A cell whose type is said and not guessed from what the text looks like; None for an empty one."""
    value = typed(kind, row[name])
    if value is None or value in ("", [], {}):
        return None
    if (kind not in FORMATS and kind is not Kind.MONEY) or (isinstance(value, Decimal) and not _fits(value)):
        return _text(sheet, flat(kind, row[name]))
    if kind is Kind.INSTANT:
        value = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = FORMATS.get(kind) or _money_format(str(row["currency"]))
    return cell


def _text(sheet: WriteOnlyWorksheet, text: str) -> Any:
    """Text that stays text also when somebody edits the cell."""
    cell = WriteOnlyCell(sheet, text[:LONGEST_TEXT])
    cell.data_type = "s"
    cell.number_format = TEXT
    cell.quotePrefix = True
    return cell


def _fits(amount: Decimal) -> bool:
    return len(amount.normalize().as_tuple().digits) <= MOST_DIGITS


def _money_format(currency: str) -> str:
    """As many decimals as the currency has."""
    decimals = EXPONENTS.get(currency, 2)
    return f"0.{'0' * decimals}" if decimals else "0"
