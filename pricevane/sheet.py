"""CSV files of people: read whole, checked row by row, refused with the line and the column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

SHOWN_ERRORS = 10


class BadFile(ValueError):
    """A file that cannot be imported; each line of the message names a row, a column and what to do."""


class Row(BaseModel):
    """A row of a CSV file and the line it ends in; unknown columns are ignored, empty cells are absent."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    line: int = 0


R = TypeVar("R", bound=Row)


def read_rows(path: Path, row_type: type[R], encoding: str, unique: Callable[[R], object]) -> list[R]:
    """Every row of a CSV file (comma, semicolon or tab; heading first); raises BadFile, naming lines."""
    errors: list[str] = []
    rows: list[R] = []
    first_line: dict[object, int] = {}
    for line, cells in _cells(path, row_type, encoding):
        try:
            row = row_type.model_validate({**cells, "line": line})
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
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(table, [])]
        _check_heading(path, names, row_type)
        for cells in table:
            if len(cells) > len(names):
                raise BadFile(
                    f"{path}: line {table.line_num} has more cells than the heading;"
                    f" quote cells that contain {delimiter!r}"
                )
            if cells:
                yield table.line_num, dict(zip_longest(names, cells, fillvalue=""))
    except csv.Error as error:
        raise BadFile(f"{path}: line {table.line_num} is no CSV ({error}); is a quotation mark left open?") from error


def _check_heading(path: Path, names: list[str], row_type: type[Row]) -> None:
    missing = [name for name, field in row_type.model_fields.items() if field.is_required() and name not in names]
    if missing:
        raise BadFile(f"{path}: the heading has no column {', '.join(missing)}; found: {', '.join(names) or 'nothing'}")
    twice = [name for name in row_type.model_fields if names.count(name) > 1]
    if twice:
        raise BadFile(f"{path}: the heading has the column {', '.join(twice)} twice; keep one of the two")
