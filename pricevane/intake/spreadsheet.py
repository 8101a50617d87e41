"""An Excel workbook of people as a table: one sheet, values only, within bounds."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook

from pricevane.intake.sheet import MOST_ROWS, BadFile, Table

# Unpacked; the packed file may be a thousandth of it.
LARGEST = 400 * 1024 * 1024
# Of the parts that are kept in memory as a whole: texts, styles, names.
LARGEST_PART = 64 * 1024 * 1024
MOST_COLUMNS = 500
# Excel keeps no more digits of a number; those behind them are noise of its binary form.
DIGITS = ".15g"


def read_workbook(source: str, body: bytes, sheet: str = "") -> Table:
    """A sheet, the first one if none is named; its first row that is not empty is the heading.

    Raises BadFile for what is no workbook, for one that is too large unpacked, and for an unknown sheet.
    """
    _check_size(source, body)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            rows = _rows(source, body, sheet)
        except BadFile:
            raise
        except Exception as error:  # openpyxl raises whatever its parsers do
            raise BadFile(f"{source} is no sound workbook ({_line(error)}); save it again as .xlsx or CSV") from error
    headings = rows[0][1] if rows else []
    names = [name.strip() for name in headings]
    width = max((place for place, name in enumerate(names, 1) if name), default=0)
    keys = Table(source, tuple(names[:width]), ()).columns
    below = ((f"row {number}", dict(zip(keys, cells, strict=False))) for number, cells in rows[1:])
    return Table(source, tuple(names[:width]), below)


def _rows(source: str, body: bytes, sheet: str) -> list[tuple[int, list[str]]]:
    book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    names = [found.title for found in book.worksheets]
    if not names or (sheet and sheet not in names):
        asked = f" called {sheet!r}" if sheet else ""
        raise BadFile(f"{source} has no sheet{asked}; it has: {', '.join(names) or 'none'}")
    chosen: Any = book[sheet or names[0]]
    chosen.reset_dimensions()
    return list(_filled(source, chosen.iter_rows(max_col=MOST_COLUMNS, values_only=True)))


def _filled(source: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, by their number; all as wide as the first of them."""
    width = 0
    for number, values in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise BadFile(f"{source} has more than {MOST_ROWS} rows; split it")
        cells = [_text(value) for value in (values[:width] if width else values)]
        if any(cells):
            width = width or max(place for place, cell in enumerate(cells, 1) if cell)
            yield number, cells[:width]


def _text(value: object) -> str:
    """A cell as one would write it in CSV: plain numbers, ISO dates, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = format(value, DIGITS)
        return format(float(short), "f").rstrip("0").rstrip(".") if "e" in short else short
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value).replace("\x00", "")


def _check_size(source: str, body: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadFile(f"{source} is no sound workbook ({_line(error)}); save it again as .xlsx or CSV") from error
    if not any(part.filename.lstrip("/") == "xl/workbook.xml" for part in parts):
        raise BadFile(f"{source} is packed but no Excel workbook; unpack it, or save it as .xlsx or CSV")
    large = [part.file_size for part in parts if "worksheets/" not in part.filename]
    if sum(part.file_size for part in parts) > LARGEST or max(large) > LARGEST_PART:
        raise BadFile(f"{source} is too large when it is unpacked; save it as CSV or split it")


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:100]
