"""Tables of people: read whole, checked row by row, refused with the row and the column."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pricevane.intake.headings import alike, listed, plain

SHOWN_ERRORS = 10
LARGEST = 200 * 1024 * 1024
MOST_ROWS = 2**20
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadFile(ValueError):
    """A file that cannot be imported; each line of the message names a row, a column and what to do."""

    @classmethod
    def of(cls, what: str, errors: Sequence[str]) -> BadFile:
        """What happened, the first few errors, and how many more there are."""
        more = [f"and {len(errors) - SHOWN_ERRORS} more"] if len(errors) > SHOWN_ERRORS else []
        return cls("\n".join([what, *errors[:SHOWN_ERRORS], *more]))


class Row(BaseModel):
    """A row of a table and its place there, like "line 3"; unknown columns are ignored.

    `model_fields_set` holds the columns that the table has; an empty cell is an absent value.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    place: str = ""


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Table:
    """A file as text: its headings as written, and each row's place with its cells by plain heading."""

    source: str
    headings: tuple[str, ...]
    rows: Iterable[tuple[str, Mapping[str, str]]]

    @property
    def columns(self) -> list[str]:
        """The headings as columns are compared by (see `headings.plain`)."""
        return [plain(heading) for heading in self.headings]

    def renamed(self, given: Mapping[str, str], known: Collection[str]) -> Table:
        """The table with `given` (our column -> heading), which go before what is called so already.

        Raises BadFile for a column that is not among `known`, and for a heading that is not there.
        """
        for column, heading in given.items():
            if column not in known:
                raise BadFile(f"--column {column}=…: there is no column {column}; known: {listed(known)}")
            if plain(heading) not in self.columns:
                raise BadFile(
                    f"{self.source}: --column {column}={heading}: no such heading; found: {listed(self.headings)}"
                )
        places = {column: plain(heading) for column, heading in given.items()}
        gone = {*places, *places.values()}
        headings = [heading for heading in self.headings if plain(heading) not in gone]
        rows = (
            (
                place,
                {
                    **{name: cell for name, cell in cells.items() if name not in gone},
                    **{column: cells[name] for column, name in places.items()},
                },
            )
            for place, cells in self.rows
        )
        return Table(self.source, (*headings, *given), rows)


def read_rows(path: Path, row_type: type[R], encoding: str, unique: Callable[[R], object]) -> list[R]:
    """Every row of a CSV file (comma, semicolon or tab; heading first); raises BadFile, naming lines."""
    return rows_of(read_csv(str(path), content(path), encoding), row_type, unique)


def content(path: Path) -> bytes:
    """A file, whole; raises BadFile for one that cannot be read or is larger than LARGEST bytes."""
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from error
    if len(found) > LARGEST:
        raise BadFile(f"{path} is larger than {LARGEST // 2**20} MB; split it")
    return found


def rows_of(table: Table, row_type: type[R], unique: Callable[[R], object]) -> list[R]:
    """Every row of a table; raises BadFile, naming rows and columns, and a column that is missing."""
    _check_heading(table, row_type)
    errors: list[str] = []
    rows: list[R] = []
    first_place: dict[object, str] = {}
    for count, (place, cells) in enumerate(table.rows):
        if count == MOST_ROWS:
            raise BadFile(f"{table.source} has more than {MOST_ROWS} rows; split it")
        try:
            row = row_type.model_validate({**cells, "place": place})
        except ValidationError as error:
            errors += [f"{place}: {_explain(problem)}" for problem in error.errors()]
            continue
        key = unique(row)
        if key in first_place:
            errors.append(f"{place}: {key!r} is in {first_place[key]} already; keep one of the two")
        first_place.setdefault(key, place)
        rows.append(row)
    if errors:
        raise BadFile.of(f"{table.source}: nothing was imported", errors)
    if not rows:
        raise BadFile(f"{table.source}: no rows below the heading")
    return rows


def _explain(problem: Any) -> str:
    column = ".".join(map(str, problem["loc"]))
    return f"{column}: {problem['msg'].removeprefix('Value error, ')}"


def read_csv(source: str, body: bytes, encoding: str) -> Table:
    """A CSV file as a table, its places lines; raises BadFile, also while its rows are read."""
    text = _decoded(source, body, encoding)
    heading = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        headings = next(filter(any, lines), [])
    except csv.Error as error:
        raise _broken(source, lines.line_num, error) from error
    return Table(source, tuple(name.strip() for name in headings), _csv_rows(source, headings, lines, delimiter))


def _csv_rows(source: str, headings: list[str], lines: Any, delimiter: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    names = [plain(name) for name in headings]
    try:
        for cells in lines:
            if len(cells) > len(names):
                raise BadFile(
                    f"{source}: line {lines.line_num} has more cells than the heading;"
                    f" quote cells that contain {delimiter!r}"
                )
            if cells:
                yield f"line {lines.line_num}", dict(zip_longest(names, cells, fillvalue=""))
    except csv.Error as error:
        raise _broken(source, lines.line_num, error) from error


def _broken(source: str, line: int, error: csv.Error) -> BadFile:
    return BadFile(f"{source}: line {line} is no CSV ({error}); is a quotation mark left open?")


def _decoded(source: str, body: bytes, encoding: str) -> str:
    if body.startswith(UTF16):
        encoding = "utf-16"
    try:
        text = body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadFile(
            f"{source}: line {line} is not {encoding}; save the file as UTF-8 or name --encoding, for example cp1252"
        ) from error
    except LookupError as error:
        raise BadFile(f"{encoding!r} is no known encoding; for example utf-8, cp1252, latin-1") from error
    if "\x00" in text:
        raise BadFile(f"{source} is no text file; export it as CSV")
    return text


def _check_heading(table: Table, row_type: type[Row]) -> None:
    fields = {name: field for name, field in row_type.model_fields.items() if name != "place"}
    columns = table.columns
    twice = [name for name in fields if columns.count(name) > 1]
    if twice:
        raise BadFile(f"{table.source}: the heading has the column {', '.join(twice)} twice; keep one of the two")
    missing = [name for name, field in fields.items() if field.is_required() and name not in columns]
    if missing:
        found = f"the heading has no column {', '.join(missing)}; found: {listed(table.headings)}"
        raise BadFile(f"{table.source}: {found}; {asked(table, missing, fields)}")


def asked(table: Table, missing: Collection[str], known: Collection[str]) -> str:
    """What to add to the command for columns that are missing, with the headings that most probably are they."""
    probable = probably(table, missing, known)
    options = [shlex.quote(f"{name}={probable.get(name, 'HEADING')}") for name in missing]
    return "name the heading that is it: " + " ".join(f"--column {option}" for option in options)


def probably(table: Table, missing: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Missing column -> the heading that is clearly like what people call it, among those that no `known` one has."""
    unread = [heading for heading in table.headings if plain(heading) not in known]
    found = {column: alike(column, unread) for column in missing}
    return {column: heading for column, heading in found.items() if heading}
