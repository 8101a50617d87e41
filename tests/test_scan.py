"""A scan of a real shop: files that read back exactly and run nothing, the limit, Ctrl-C, and what is never started."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from string import Template
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import openpyxl
import pyarrow.parquet as pq
import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from pricevane.cli import app, stopping
from pricevane.cli.exports import WRITERS, export_to
from pricevane.cli.scanned import COLUMNS, compact, row_of
from pricevane.cli.session import Failed
from pricevane.cli.stopping import GRACE_S
from pricevane.market import Market, World
from pricevane.model import Evidence, Offer
from pricevane.wire import offer_row
from tests.cli_house import Door, door
from tests.crawl_shop import Reply, Shop, open_shop, page, product, sitemap
from tests.test_readme import run

__all__ = ["door"]
FILES = Path(__file__).parent / "scan"
HOSTILE: list[str] = json.loads((FILES / "hostile_names.json").read_text("utf-8"))
PRODUCT = Template((FILES / "product.html").read_text("utf-8"))
# What the shop asks: currencies with two, no and three decimals, and more digits than a float holds.
ASKED = [("1299.00", "EUR"), ("0.10", "EUR"), ("12800", "JPY"), ("45.125", "KWD"), ("9999999999.99", "EUR")]
NAMES = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "kettle;=1+1", "＝1+1"]
SIGNS = tuple("=+-@＝＋－＠﹦﹢﹣﹫")
LONG_S = 100.0
GTIN = "04006381333931"


def asking(shop: Shop, path: str, name: str, price: str, currency: str) -> Reply:
    """A product page by its JSON-LD and its text."""
    url = shop.url + path
    offers = {"@type": "Offer", "price": price, "priceCurrency": currency, "availability": "InStock", "url": url}
    ld = {"@context": "https://schema.org", "@type": "Product", "name": name, "gtin13": GTIN[1:], "offers": offers}
    said = PRODUCT.substitute(title=name, url=url, ld=json.dumps(ld), price=price, currency=currency)
    return Reply(said.encode(), kind="text/html; charset=utf-8")


@pytest.fixture
def hostile_shop() -> Iterator[Shop]:
    """Five products with names that spreadsheets would run."""
    with open_shop() as shop:
        paths = [f"/p/{number}" for number in range(len(ASKED))]
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *paths))
        for path, name, (price, currency) in zip(paths, NAMES, ASKED, strict=True):
            shop.replies[path] = asking(shop, path, name, price, currency)
        yield shop


def offer(name: str, number: int = 0) -> dict[str, Any]:
    """A row of a file by way of the wire."""
    proof = Evidence(name, name, (name, "dom"), "0" * 32)
    at = datetime(2026, 3, 29, 1, 30, 5, 123456, UTC)
    return row_of(offer_row(Offer(f"https://rival.example/{number}", f"/{number}", at, proof, name=name)))


def read_csv(path: Path) -> list[dict[str, Any]]:
    """Text only: what is empty was not told."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def read_xlsx(path: Path) -> list[dict[str, Any]]:
    head, *rows = openpyxl.load_workbook(path)["offers"].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    ".csv": read_csv,
    ".xlsx": read_xlsx,
    ".json": lambda path: list(json.loads(path.read_text("utf-8"))),
    ".jsonl": read_jsonl,
    ".parquet": lambda path: list(pq.read_table(path).to_pylist()),
}


def test_every_format_that_is_written_is_read_back_here_and_a_row_holds_every_field_of_an_offer() -> None:
    assert READERS.keys() == WRITERS.keys()
    told = offer_row(Offer("https://x.example/1", "/1", datetime.now(UTC), Evidence("", "", (), "")))
    assert set(COLUMNS) == (told.keys() | told["evidence"].keys()) - {"evidence"}


@pytest.mark.slow
@pytest.mark.parametrize("ending", WRITERS)
def test_a_scan_writes_exactly_what_the_shop_asks(door: Door, hostile_shop: Shop, ending: str) -> None:
    path = door.folder / f"Prices{ending.upper()}"
    said = door.run("scan", f"{hostile_shop.url}/", "--browser", "never", "--out", path)
    assert (said.code, said.out) == (0, ""), said
    assert f"5 offers written to {path}" in said.err
    rows = READERS[ending](path)
    assert [list(row) for row in rows] == [list(COLUMNS)] * len(ASKED)
    for row, name, (price, currency) in zip(rows, NAMES, ASKED, strict=True):
        assert Decimal(str(row["price"])) == Decimal(price)
        assert (row["currency"], row["gtin"], row["availability"]) == (currency, GTIN, "in_stock")
        assert row["name"].replace("'", "") == name.replace("'", "")
        assert (row["name"] == name) == (ending != ".csv")
        assert row["raw"]
        assert row["path"] == "jsonld:Product.offers"
        assert re.fullmatch("[0-9a-f]{32}", row["page_hash"])
        assert not row["regular_price"]
    assert sorted(entry.name for entry in door.folder.iterdir()) == [path.name, "pricevane.toml"]


@pytest.mark.slow
def test_a_workbook_and_parquet_hold_numbers_and_instants_and_not_text(door: Door, hostile_shop: Shop) -> None:
    book, columns = door.folder / "x.xlsx", door.folder / "x.parquet"
    before = datetime.now(UTC)
    assert door.run("scan", f"{hostile_shop.url}/", "--browser", "never", "--out", columns).code == 0
    rows = [dict(row) for row in pq.read_table(columns).to_pylist()]
    assert [(row["price"], row["at"].tzinfo is not None) for row in rows] == [
        (Decimal(price), True) for price, _ in ASKED
    ]
    assert all(before <= row["at"] <= datetime.now(UTC) for row in rows)
    assert str(pq.read_schema(columns).field("price").type) == "decimal128(18, 3)"
    assert str(pq.read_schema(columns).field("at").type) == "timestamp[us, tz=UTC]"
    assert rows[0]["layers"][0] == "jsonld"
    assert rows[0]["stock"] is None
    assert door.run("scan", f"{hostile_shop.url}/", "--browser", "never", "--out", book).code == 0
    head, *lines = openpyxl.load_workbook(book)["offers"].iter_rows()
    place = {str(cell.value): number for number, cell in enumerate(head)}
    prices = [line[place["price"]] for line in lines]
    assert [cell.data_type for cell in prices] == ["n"] * len(ASKED)
    assert [cell.number_format for cell in prices] == ["0.00", "0.00", "0", "0.000", "0.00"]
    instant = lines[0][place["at"]]
    assert instant.number_format == 'yyyy-mm-dd hh:mm:ss"Z"'
    assert isinstance(instant.value, datetime)
    assert abs(instant.value.replace(tzinfo=UTC) - before) < timedelta(minutes=5)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_of_a_csv_file_starts_like_a_formula_wherever_it_is_split(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "x.csv"
    export_to(path).write([offer(name, number) for number, name in enumerate(HOSTILE)], COLUMNS)
    text = path.read_text("utf-8")
    assert sum(name.strip().startswith("=") for name in HOSTILE) > 4
    for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for cell in line:
            start = cell.strip().lstrip('"').strip()
            assert not start.startswith(SIGNS), (line, cell)
            assert cell.isprintable()


def test_a_workbook_holds_hostile_names_as_they_are_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    export_to(path).write([offer(name, number) for number, name in enumerate(HOSTILE)], COLUMNS)
    with zipfile.ZipFile(path) as packed:
        sheets = [packed.read(name).decode() for name in packed.namelist() if "worksheets" in name]
    assert len(sheets) == 1
    assert "<f" not in re.sub("<(font|fill|family)", "", sheets[0])
    head, *lines = openpyxl.load_workbook(path)["offers"].iter_rows()
    place = {str(cell.value): number for number, cell in enumerate(head)}
    for line, name in zip(lines, HOSTILE, strict=True):
        cell = line[place["name"]]
        assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)
        assert str(cell.value).split() == "".join(one if one.isprintable() else " " for one in name).split()


def test_an_amount_with_more_digits_than_excel_keeps_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    rows = [
        {**offer("kettle"), "price": price, "currency": "KWD"} for price in ("123456789012345.678", "123456789012.345")
    ]
    export_to(path).write(rows, COLUMNS)
    assert [row["price"] for row in read_xlsx(path)] == ["123456789012345.678", 123456789012.345]


def test_a_file_that_cannot_be_written_after_all_leaves_the_former_one_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_text("former", "utf-8")
    with pytest.raises(Failed, match=r"more than a sheet's 1048575; name a \.csv"):
        export_to(path).write([offer("kettle")] * 2**20, COLUMNS)
    assert [entry.read_text("utf-8") for entry in tmp_path.iterdir()] == ["former"]


def test_an_empty_scan_is_a_file_with_a_heading(tmp_path: Path) -> None:
    for ending, read in READERS.items():
        path = tmp_path / f"x{ending}"
        export_to(path).write([], COLUMNS)
        assert read(path) == []
    assert pq.read_schema(tmp_path / "x.parquet").names == list(COLUMNS)


# Where no file can be: (the words after --out, the exit code, what is said).
UNWRITABLE = {
    "missing folder": ("nowhere/x.csv", 1, "nowhere/x.csv cannot be written: No such file or directory"),
    "folder": (".", 1, ". is a folder; name a file in it, for example prices.csv"),
    "file as folder": ("pricevane.toml/x.csv", 1, "pricevane.toml/x.csv cannot be written: Not a directory"),
    "unknown ending": ("x.xls", 2, "x.xls ends in none of .csv, .xlsx, .json, .jsonl, .parquet"),
    "no ending": ("prices", 2, "prices ends in none of .csv"),
    "pipe": ("pipe.csv", 1, "pipe.csv is no ordinary file; name another"),
}


@pytest.mark.parametrize("why", UNWRITABLE)
def test_a_file_that_cannot_be_is_refused_before_the_shop_is_asked(door: Door, why: str) -> None:
    name, code, message = UNWRITABLE[why]
    os.mkfifo(door.folder / "pipe.csv")
    with open_shop() as shop:
        said = door.run("scan", f"{shop.url}/", "--out", name)
        assert shop.asked == []
    assert (said.code, said.out) == (code, "")
    assert message in " ".join(said.err.replace("│", " ").split())


@pytest.mark.slow
def test_a_limit_ends_the_scan_early_and_well(door: Door) -> None:
    with open_shop() as shop:
        paths = [f"/p/{number}" for number in range(200)]
        shop.replies |= {path: product(shop, path) for path in paths} | {"/sitemap.xml": Reply(sitemap(shop, *paths))}
        said = door.run("scan", f"{shop.url}/", "--browser", "never", "--limit", "3", "-f", "json")
        assert len(shop.asked) < len(paths)
    assert (said.code, len(said.out.splitlines())) == (0, 3), said
    assert "stopped at the limit of 3" in said.err


@pytest.mark.slow
def test_a_line_of_the_table_shows_proof_and_confidence(door: Door) -> None:
    with open_shop() as shop:
        shop.replies["/p/1"] = product(shop, "/p/1")
        said = door.run("scan", f"{shop.url}/p/1", "--browser", "never")
    head, line = said.out.splitlines()
    assert head.split() == ["name", "price", "stock", "sure", "sku", "says", "layers", "place", "page"]
    assert re.search(
        r"Kettle p-1 +19\.90 EUR +in stock +0\.9\d +K-p-1 +19\.90 +jsonld\+dom +Product\.offers +/p/1", line
    )
    assert re.search(r"^1 offer, 0 doubtful; 2 requests, \d+ KiB in \d+\.\d s \(\d+\.\d pages/s\)$", said.err, re.M)


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("jsonld:Product.offers", "Product.offers"),
        ("dom:main > ul > li > span.teaser-price", "… li > span.teaser-price"),
        ("opengraph:product:price:amount", "product:price:amount"),
        ("dom:div > p.price", "div > p.price"),
        ("", ""),
    ],
)
def test_a_place_is_shown_by_its_end(path: str, short: str) -> None:
    assert compact(path) == short


@pytest.mark.slow
@pytest.mark.parametrize(("browser", "is_started"), [("never", False), ("always", True)])
def test_a_scan_without_browser_never_starts_one(door: Door, browser: str, is_started: bool) -> None:
    started, chromium = door.folder / "started", door.folder / "chromium"
    chromium.write_text(f'#!/bin/sh\necho "$@" >> {started}\necho Chromium 140.0.0.0\n', "utf-8")
    chromium.chmod(0o755)
    door.monkeypatch.setenv("PRICEVANE_CHROMIUM", str(chromium))
    with open_shop() as shop:
        shop.replies |= {"/": Reply(page("scripted")), "/p/1": Reply(page("scripted")), "/api/p/1": Reply(b"{}")}
        said = door.run("scan", f"{shop.url}/p/1", "--browser", browser)
        assert "/p/1" in shop.paths or is_started
    assert (said.out, started.exists()) == ("", is_started), said


def many(shop: Shop, answered: int, wait_s: float, then: Callable[[], object]) -> None:
    """A shop of 200 products; after so many answers it does something else once, and answers no more."""
    paths = [f"/p/{number}" for number in range(200)]
    shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *paths))
    places = count()

    def answer(path: str) -> Reply:
        place = next(places)
        if place == answered:
            then()
        return replace(product(shop, path), wait_s=wait_s if place < answered else LONG_S)

    shop.replies["/p/*"] = answer


class Terminal:
    """The command line in a terminal of its own; `seen` is all that it has shown."""

    # Its keyboard is this process's standard input, so that Ctrl-C goes the way that it does for people.
    SCRIPT = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

    def __init__(self, folder: Path, *words: str) -> None:
        self.mark = f"SCAN_MARK={uuid4().hex}"
        name, _, value = self.mark.partition("=")
        size = {"COLUMNS": "100", "LINES": "30", "TERM": "xterm-256color"}
        command = [sys.executable, "-c", self.SCRIPT, sys.executable, "-W", "error", "-m", "pricevane", *words]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **size, name: value},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.seen = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def wait_for(self, text: str, seconds: float = 60.0) -> None:
        """Read until the terminal has shown a text."""
        assert self.process.stdout
        until = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))
            shown = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert shown, f"never shown: {text!r} in {self.seen[-2000:]}"
            self.seen += shown.decode("utf-8", "replace")

    def press_ctrl_c(self) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"\x03")
        self.process.stdin.flush()

    def end(self) -> int:
        """Its exit code, once it and all that it started are gone."""
        rest, _ = self.process.communicate(timeout=60)
        self.seen += rest.decode("utf-8", "replace")
        until = time.monotonic() + 10
        while self.left() and time.monotonic() < until:
            time.sleep(0.05)
        assert self.left() == []
        return self.process.returncode

    def left(self) -> list[str]:
        """Processes that it started and that still run."""
        left = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if self.mark.encode() in (entry / "environ").read_bytes():
                    left.append((entry / "cmdline").read_text("utf-8"))
        return left


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_keeps_what_was_read_and_leaves_no_process(tmp_path: Path) -> None:
    with open_shop() as shop:
        many(shop, 200, 0.3, print)
        with Terminal(
            tmp_path, "scan", f"{shop.url}/", "--browser", "never", "-o", "x.jsonl", "-f", "table"
        ) as terminal:
            terminal.wait_for("Kettle p-")
            terminal.wait_for("pages/s")
            assert any("pricevane.crawler" in command for command in terminal.left())
            terminal.press_ctrl_c()
            code = terminal.end()
    assert code == 130, terminal.seen
    rows = read_jsonl(tmp_path / "x.jsonl")
    assert 0 < len(rows) < 200
    assert {row["price"] for row in rows} == {"19.90"}
    assert f"{len(rows)} offers written to x.jsonl" in terminal.seen
    assert "interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.jsonl"]


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    with open_shop() as shop:
        many(shop, 5, 0.0, print)
        with Terminal(tmp_path, "scan", f"{shop.url}/", "--browser", "never", "-o", "x.csv") as terminal:
            terminal.wait_for("Kettle p-")
            terminal.press_ctrl_c()
            terminal.wait_for("stopping; Ctrl-C again ends at once")
            terminal.press_ctrl_c()
            began = time.monotonic()
            assert terminal.end() == 130
            assert time.monotonic() - began < GRACE_S
    assert "Traceback" not in terminal.seen
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_scan_that_does_not_end_in_time_is_ended_with_what_came(door: Door) -> None:
    door.monkeypatch.setattr(stopping, "GRACE_S", 1.0)
    before = signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    with open_shop() as shop:
        many(shop, 20, 0.0, interrupt)
        said = door.run("scan", f"{shop.url}/", "--browser", "never", "-f", "json")
    assert said.code == 130, said
    assert 0 < len(said.out.splitlines()) <= 20
    assert "interrupted" in said.err
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_a_scan_whose_process_is_killed_keeps_what_came(door: Door) -> None:
    def kill() -> None:
        time.sleep(1)
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                name, parent = entry.parent / "cmdline", int(entry.read_text("utf-8").rpartition(")")[2].split()[1])
                if parent == os.getpid() and "pricevane.crawler" in name.read_text("utf-8"):
                    os.kill(int(entry.parent.name), signal.SIGKILL)

    with open_shop() as shop:
        many(shop, 20, 0.0, kill)
        said = door.run("scan", f"{shop.url}/", "--browser", "never", "-f", "json")
    assert said.code == 3, said
    assert 0 < len(said.out.splitlines()) <= 20
    assert "crawl died: 1" in said.err
    assert "ended with code -9" in said.err


@pytest.mark.slow
def test_a_category_is_scanned_with_its_further_pages_and_nothing_else(door: Door) -> None:
    with open_shop() as shop:
        shop.replies |= {
            "/c/shoes": listing(shop, range(1, 9), "/c/shoes?page=2", "/c/hats"),
            "/c/shoes?page=2": listing(shop, range(9, 17), "/c/shoes?page=3", "/c/shoes"),
            "/c/shoes?page=3": listing(shop, range(17, 20), "/c/shoes?page=4", "/c/shoes"),
            "/c/shoes?page=4": listing(shop, range(17, 20), "/c/shoes?page=5", "/c/shoes"),
            "/sitemap.xml": Reply(sitemap(shop, "/p/99")),
            **{f"/p/{number}": product(shop, f"/p/{number}", f"{number}.50") for number in (17, 18, 19)},
        }
        said = door.run("scan", f"{shop.url}/c/shoes", "--browser", "never", "-f", "json")
        pages = [f"/c/shoes?page={number}" for number in (2, 3, 4)]
        few = [f"/p/{number}" for number in (17, 18, 19)]
        assert sorted(shop.paths) == sorted(["/robots.txt", "/c/shoes", *pages, *few])
    found = {row["url"].rpartition("/")[2]: row["price"] for row in map(json.loads, said.out.splitlines())}
    assert found == {str(number): f"{number}.50" for number in range(1, 20)}
    assert said.code == 0, said


def listing(shop: Shop, numbers: Iterable[int], *further: str) -> Reply:
    """A page of a list: tiles with prices, and links to others."""
    tile = Template((FILES / "tile.html").read_text("utf-8"))
    tiles = "".join(tile.substitute(number=number, url=f"{shop.url}/p/{number}") for number in numbers)
    links = "".join(f'<a href="{shop.url}{path}">{path}</a>' for path in further)
    return Reply((FILES / "list.html").read_text("utf-8").replace("$tiles", tiles).replace("$links", links).encode())


@pytest.mark.slow
def test_every_command_of_the_manual_works_and_every_option_has_one(tmp_path: Path) -> None:
    manual = (FILES.parents[1] / "docs/scan.md").read_text("utf-8")
    words = " ".join(re.findall(r"^```sh\n(.*?)^```", manual, re.M | re.S)).splitlines()
    options = [option for one in scan_command().params for option in one.opts if option.startswith("--")]
    assert [option for option in options if f"`{option}`" not in manual] == []
    assert [option for option in options if not any(f" {option} " in command for command in words)] == []
    (tmp_path / "pricevane.toml").write_text('contact = "pricing@retailer.example"\n', "utf-8")
    with Market(World(products=40, days=2)) as market:
        shop = market.urls["boutique"]
        (path, *_) = re.findall(r'href="/(fr/p/[^"]+)"', urlopen(f"{shop}fr/c/audio").read().decode())
        for command in words:
            said = run(command.replace("fr/p/1000", path).replace("https://rival.example/", shop), tmp_path)
            assert "EUR" in said or "--out" in command, command
    assert len(read_xlsx(tmp_path / "prices.xlsx")) > 5


def scan_command() -> TyperCommand:
    """The command as the console script has it."""
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    found = command.commands["scan"]
    assert isinstance(found, TyperCommand)
    return found
