"""Rows written to a file whose ending names its format: hostile text stays text, amounts exact, all or nothing."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

from pricevane.cli.kinds import Columns, Rows, flat
from pricevane.cli.output import safe_cell
from pricevane.cli.session import Failed

Writer = Callable[[Rows, Columns, IO[bytes]], None]


class UnknownEnding(ValueError):
    """A file's ending names no format; the message names those there are."""


def write_csv(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """Comma, UTF-8, heading first."""
    text = io.TextIOWrapper(target, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(flat(kind, row[name])) for name, kind in columns.items()] for row in rows)
    text.detach()


def write_json(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """One array of objects."""
    target.write(b"[\n" + b",\n".join(_lines(rows, columns)) + b"\n]\n")


def write_jsonl(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """One object a line."""
    target.writelines(line + b"\n" for line in _lines(rows, columns))


def _lines(rows: Rows, columns: Columns) -> Iterator[bytes]:
    return (json.dumps({name: row[name] for name in columns}).encode() for row in rows)


def write_xlsx(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """See `workbook`."""
    from pricevane.cli import workbook

    workbook.write(rows, columns, target)


def write_parquet(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """See `parquet`."""
    from pricevane.cli import parquet

    parquet.write(rows, columns, target)


WRITERS: dict[str, Writer] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
    ".json": write_json,
    ".jsonl": write_jsonl,
    ".parquet": write_parquet,
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file that can be written, or could when it was asked for."""

    path: Path
    writer: Writer

    def write(self, rows: Rows, columns: Columns) -> None:
        """Put the rows in the file's place, a former file's included; raises Failed and leaves that one as it was."""
        with _whole(self.path) as target:
            self.writer(rows, columns, target)


def export_to(path: Path) -> Export:
    """The file to be, after a try whether its folder takes one; raises UnknownEnding or Failed."""
    if path.is_dir():
        raise Failed(f"{path} is a folder; name a file in it, for example {path / 'prices.csv'}")
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UnknownEnding(f"{path} ends in none of {', '.join(WRITERS)}; for example {path.stem}.xlsx")
    if path.exists() and not path.is_file():
        raise Failed(f"{path} is no ordinary file; name another")
    part = _part(path)
    with _told(path):
        part.open("xb").close()
        part.unlink()
    return Export(path, writer)


def _part(path: Path) -> Path:
    return path.with_name(f".{uuid4().hex}.part")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}; name another file with --out") from error


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` once the block is through, or leaves nothing."""
    part = _part(path)
    with _told(path):
        try:
            with part.open("xb") as target:
                yield target
                target.flush()
                os.fsync(target.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
