"""Starts the shop's process, talks with it over its pipes, and ends it by its id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from select import select

from tests.oscar.nouns import OscarPage, load

ROOT = Path(__file__).parents[2]
CHUNK = 65536


class ChildFailed(RuntimeError):
    """The shop's process broke off or kept silent; the message ends with what it last complained of."""


def render(
    folder: Path, currency: str = "EUR", language: str = "en", goods: int = 220, timeout_s: float = 300
) -> list[OscarPage]:
    """All pages of a new shop made in the empty `folder`, with html and truth; raises ChildFailed.

    `goods` is about how many the shop carries: the default makes 309 pages, which take about 16 s of one core.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "pages.jsonl"
    with _child("render", folder, currency, language, goods, str(target)) as process:
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired as slow:
            raise ChildFailed(f"the shop in {folder} is not rendered after {timeout_s} s") from slow
    if process.returncode:
        raise ChildFailed(f"the shop in {folder} ended with {process.returncode}: {_complaint(folder)}")
    return [load(line) for line in target.read_text(encoding="utf-8").splitlines()]


@dataclass(slots=True)
class OscarServer:
    """A running shop: its address, its process, and the truth about all its pages (without html) at the start."""

    url: str
    pid: int
    pages: tuple[OscarPage, ...]
    process: subprocess.Popen[bytes]
    folder: Path
    timeout_s: float

    def change(self, upc: str, gross: Decimal | None = None, stock: int | None = None) -> OscarPage:
        """Rewrite one stock record in the shop's database; the answer is the new truth, without html.

        The database keeps prices before tax in whole cents, so the new price may lie a cent beside `gross`.
        Raises ChildFailed, and the shop ends, where it has no stock record for `upc`.
        """
        order = {"upc": upc, "gross": None if gross is None else str(gross), "stock": stock}
        if self.process.stdin is None:
            raise ChildFailed("the shop takes no orders")
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
        except BrokenPipeError as gone:
            raise ChildFailed(f"the shop in {self.folder} has ended: {_complaint(self.folder)}") from gone
        (answer,) = _read(self.process, self.folder, b"\n", self.timeout_s)
        return load(answer)


@contextmanager
def serve(
    folder: Path,
    port: int = 0,
    currency: str = "EUR",
    language: str = "en",
    goods: int = 220,
    timeout_s: float = 60,
) -> Iterator[OscarServer]:
    """The same shop on 127.0.0.1, at `port` or a free one, until the block ends; raises ChildFailed.

    The process also ends when this one dies, because its input then ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _child("serve", folder, currency, language, goods, str(port)) as process:
        pages = tuple(map(load, _read(process, folder, b"\n\n", timeout_s)))
        url = pages[0].url.removesuffix(pages[0].path)
        yield OscarServer(url, process.pid, pages, process, folder, timeout_s)


@contextmanager
def _child(
    door: str, folder: Path, currency: str, language: str, goods: int, where: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The process for one door; ended when the block is left, however it is left."""
    # Oscar calls what its own tree library deprecates, so its warnings are not ours to fail on.
    command = [sys.executable, "-W", "ignore", "-m", "tests.oscar.child"]
    arguments = [door, str(folder), currency, language, str(goods), where]
    with _complaints(folder).open("wb") as complaints:
        process = subprocess.Popen(
            [*command, *arguments],
            bufsize=0,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(5 if process.poll() is None else 0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _read(process: subprocess.Popen[bytes], folder: Path, end: bytes, timeout_s: float) -> list[str]:
    """The lines that the process writes up to `end`, none of which may be later than `timeout_s`."""
    if process.stdout is None:
        raise ChildFailed("the shop has no voice")
    text = b""
    while not text.endswith(end):
        ready, _, _ = select([process.stdout], [], [], timeout_s)
        chunk = os.read(process.stdout.fileno(), CHUNK) if ready else b""
        if not chunk:
            raise ChildFailed(f"the shop in {folder} says no more: {_complaint(folder)}")
        text += chunk
    return text.decode().split("\n")[: -len(end)]


def _complaints(folder: Path) -> Path:
    return folder / "complaints.txt"


def _complaint(folder: Path) -> str:
    return _complaints(folder).read_text(encoding="utf-8", errors="replace")[-400:]
