"""What people and programs see: tables, JSON Lines, CSV and progress; hostile text made harmless."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

# Wide enough that nothing is cut when the output goes to a file or another program.
FILE_WIDTH = 400
LONG = (
    *("name", "page", "url", "promotion", "reason", "rule", "last", "sites"),
    *("raw", "path", "says", "by", "layers", "place", "robots_line"),
)
LEAST_LONG = 12

out = Console(highlight=False, markup=False, soft_wrap=False)
if not out.is_terminal:
    out = Console(highlight=False, markup=False, soft_wrap=False, width=FILE_WIDTH)
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

# A spreadsheet runs a cell that starts like this (CWE-1236), one that splits at semicolons what follows them too;
# leading blanks and quotes do not help, and some take the wide and small forms of the signs as well.
FORMULA = re.compile(r"""(?:^|(?<=;))(?=[\s"]*[-=+@＝＋－＠﹦﹢﹣﹫])""")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
RIGHT = (
    *("price", "regular_price", "was", "sure", "current", "proposed", "change", "score", "id", "listings"),
    *("units", "from", "to", "requests", "mb", "blocked", "refused"),
)


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="table, json (one object a line) or csv")]


def safe_cell(value: object) -> str:
    """A CSV cell that no spreadsheet takes for a formula; plain numbers stay numbers."""
    text = plain(value)
    return text if NUMBER.fullmatch(text) else FORMULA.sub("'", text)


def plain(value: object) -> str:
    """A value as one line of text without control characters."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    text = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return "".join(character if character.isprintable() else " " for character in text)


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Format, empty: str = "nothing") -> None:
    """Print rows to standard output; `empty` is said on standard error when there are none."""
    if form is Format.JSON:
        for row in rows:
            sys.stdout.write(json.dumps({name: row.get(name) for name in columns}, default=str) + "\n")
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([safe_cell(row.get(name)) for name in columns] for row in rows)
    elif rows:
        whole = table(rows, columns, out.width)
        out.print(whole, width=max(out.width, whole.width or 0), crop=False)
    if not rows:
        err.print(empty)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], width: int) -> Table:
    """One line a row, `width` characters wide if the long texts can be cut for it; amounts are never cut.

    Columns that are empty in every row are left out.
    """
    cells = {name: [plain(row.get(name)) for row in rows] for name in columns}
    cells = {name: column for name, column in cells.items() if any(column)}
    widths = {name: max(map(cell_len, (name, *column))) for name, column in cells.items()}
    long = [name for name in LONG if name in widths]
    room = width - sum(widths.values()) - 2 * len(widths) + sum(widths[name] for name in long)
    for left, name in enumerate(sorted(long, key=lambda name: widths[name])):
        widths[name] = min(widths[name], max(LEAST_LONG, room // (len(long) - left)))
        room -= widths[name]
    made = Table(box=None, pad_edge=False, header_style="bold", width=sum(widths.values()) + 2 * len(widths) - 2)
    for name in cells:
        justify: Literal["right", "left"] = "right" if name in RIGHT else "left"
        made.add_column(name.replace("_", " "), justify=justify, no_wrap=True, width=widths[name])
    for row in zip(*cells.values(), strict=True):
        made.add_row(*map(Text, row))
    return made


@contextmanager
def progress(label: str) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A callback for crawl progress: pages, pages/s and an estimate, on a terminal only."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with ProgressBar(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=None, told="")

        def update(seen: Mapping[str, Any]) -> None:
            rate = seen["pages"] / seen["seconds"] if seen["seconds"] else 0.0
            told = f"{seen['pages']} pages · {seen['offers']} offers · {rate:.1f} pages/s"
            bar.update(task, completed=seen["pages"], total=seen["expected"], told=told)

        yield update
