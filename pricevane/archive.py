"""The pages behind prices, kept as WARC files with an index beside each: written by crawls, found by a page's hash."""

from __future__ import annotations

import json
import logging
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.warcwriter import WARCWriter

from pricevane.model import page_hash

LARGEST_FILE = 64 * 1024 * 1024
MOST_WAITING = 64 * 1024 * 1024
STAMP = "%Y%m%dT%H%M%SZ"
PAGES, INDEX = ".warc.gz", ".jsonl"
# Nothing of a site or a page is in a file's name: the crawl's begin, its run and a running number.
NAME = re.compile(r"(\d{8}T\d{6}Z)-run\d{8,}-\d{5}(?:\.warc\.gz|\.jsonl)")
KIND = "text/html; charset=utf-8"
RESERVED = "%/:=&?~#+!$,;'@()*[]"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArchivedPage:
    """A page as its reader was given it, UTF-8 encoded, whatever charset it names; fetched from `url` at `at` (UTC)."""

    page_hash: str
    url: str
    at: datetime
    body: bytes


class ArchiveWriter:
    """The files of one crawl, one record a page; a record is whole before the index names it.

    Files begin with the first page. A process that is killed leaves at most one record at the end of its last
    file that no index names. Methods raise OSError.
    """

    def __init__(self, folder: Path, run_id: int, began_at: datetime, largest: int = LARGEST_FILE) -> None:
        self.folder = folder
        self.stem = f"{began_at.astimezone(UTC).strftime(STAMP)}-run{run_id:08d}"
        self.largest = largest
        self.parts = count(1)
        self.pages: BinaryIO | None = None
        self.index: BinaryIO | None = None

    def add(self, page: ArchivedPage) -> None:
        """Append a page, in a new file where the last one is full."""
        if self.pages is None or self.index is None or self.pages.tell() >= self.largest:
            self.pages, self.index = self._open()
        offset = self.pages.tell()
        self.pages.write(_packed(page))
        line = {"page_hash": page.page_hash, "offset": offset, "url": page.url, "at": page.at.isoformat()}
        self.index.write(json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """Close the files."""
        for file in filter(None, (self.pages, self.index)):
            file.close()
        self.pages = self.index = None

    def _open(self) -> tuple[BinaryIO, BinaryIO]:
        """The next pair of files that nobody has written yet."""
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in self.parts:
            with suppress(FileExistsError):
                stem = f"{self.stem}-{part:05d}"
                pages = (self.folder / (stem + PAGES)).open("xb", buffering=0)
                return pages, (self.folder / (stem + INDEX)).open("xb", buffering=0)
        raise AssertionError("numbers do not end")


def _packed(page: ArchivedPage) -> bytes:
    """One gzip member with a `resource` record (ISO 28500, 6.4): the text that was read, not the bytes on the wire."""
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    headers = {"WARC-Date": page.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    address = quote(page.url, safe=RESERVED, errors="replace")
    writer.write_record(
        writer.create_warc_record(
            address, "resource", BytesIO(page.body), len(page.body), KIND, warc_headers_dict=headers
        )
    )
    return buffer.getvalue()


class Archivist:
    """Holds a crawl's pages, packed, until their offers are stored, and archives those that prove something.

    Held are the pages since the store step before the last one, and no more than about `most` bytes; pages
    without offers never. When a file cannot be written it gives up and calls `failed`: the crawl goes on.
    """

    def __init__(
        self,
        writer: ArchiveWriter,
        changed_only: bool,
        failed: Callable[[], object],
        most: int = MOST_WAITING,
    ) -> None:
        self.writer = writer
        self.changed_only = changed_only
        self.failed = failed
        self.most = most
        self.newer: dict[str, ArchivedPage] = {}
        self.older: dict[str, ArchivedPage] = {}
        self.size = 0
        self.is_broken = False

    def hold(self, page: ArchivedPage) -> None:
        """Keep a page that was read until `kept` says what became of its offers."""
        packed = zlib.compress(page.body, 1)
        self.newer[page.page_hash] = ArchivedPage(page.page_hash, page.url, page.at, packed)
        self.size += len(packed)
        if self.size > self.most // 2:
            self._age()

    def kept(self, pages: Collection[str], proofs: Collection[str]) -> None:
        """Archive after a store step: its `proofs`, hashes of pages with a changed reading, or all its `pages`."""
        for wanted in proofs if self.changed_only else pages:
            page = self.newer.pop(wanted, None) or self.older.pop(wanted, None)
            if page is not None and not self.is_broken:
                self._archive(page)
        self._age()

    def _archive(self, page: ArchivedPage) -> None:
        try:
            self.writer.add(ArchivedPage(page.page_hash, page.url, page.at, zlib.decompress(page.body)))
        except OSError as error:
            log.error("pages are not archived any more: %s", error)
            self.is_broken = True
            self.failed()

    def _age(self) -> None:
        self.older, self.newer, self.size = self.newer, {}, 0


def find(folder: Path, wanted: str) -> ArchivedPage | None:
    """The archived page of that hash, newest copy first; None where there is none that is whole."""
    for index in sorted(folder.glob("*" + INDEX), reverse=True):
        for line in _lines(index, wanted):
            page = _read(index.with_suffix(PAGES), line)
            if page is not None and page.page_hash == wanted:
                return page
    return None


def _lines(index: Path, wanted: str) -> Iterator[dict[str, object]]:
    """The index's lines about a hash; half a line, left by a killed crawl, is none."""
    sought = wanted.encode()
    with suppress(FileNotFoundError), index.open("rb") as lines:
        for text in lines:
            if sought in text:
                with suppress(ValueError):
                    line = json.loads(text)
                    if line.get("page_hash") == wanted:
                        yield line


def _read(path: Path, line: dict[str, object]) -> ArchivedPage | None:
    """The page of one line, its hash computed anew; None for a record that is missing or damaged."""
    try:
        with path.open("rb") as file:
            file.seek(int(str(line["offset"])))
            record = next(iter(ArchiveIterator(file, check_digests="raise")), None)
            body: bytes = record.content_stream().read() if record else b""
    except (FileNotFoundError, ArchiveLoadFailed, EOFError, zlib.error):
        return None
    return ArchivedPage(page_hash(body), str(line["url"]), datetime.fromisoformat(str(line["at"])), body)


def prune(folder: Path, before: datetime) -> int:
    """Delete the files of crawls that began before an instant, and nothing else in the folder; how many files."""
    files = [path for path in folder.glob("*") if (found := NAME.fullmatch(path.name)) and _began(found[1]) < before]
    return sum(map(_deleted, files))


def _deleted(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is past its time and cannot be deleted: %s", path, error.strerror)
        return False
    return True


def _began(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
