"""The end-to-end benchmark on made pages whose truth is known by hand, and the report of all benchmarks."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.__main__ import render
from benchmarks.end_to_end import measure
from benchmarks.output import tell
from benchmarks.pages.labels import read_pages
from benchmarks.pages.moves import rewrite_half
from benchmarks.pages.rewriting import moved, rewritten
from benchmarks.pages.shops import open_shops
from benchmarks.pages.written import shows

ROOT = Path(__file__).parents[1]
MADE = Path(__file__).parent / "benchmark"
OLD, NEW = Decimal("1299.00"), Decimal("1234.05")
# With this seed the chosen half of the made pages with a price is: lamp, mug, shade.
SEED = 25


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the made pages, packed as saved pages are."""
    shutil.copytree(MADE, tmp_path / "data")
    for path in (tmp_path / "data").glob("product_pages/html/*.html"):
        path.with_suffix(".html.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return tmp_path / "data"


@pytest.mark.slow
def test_figures_are_what_is_known_of_the_made_pages(data: Path) -> None:
    figures = dict(measure(read_pages(data), datetime.now(UTC), SEED).figures)
    assert figures.pop("seconds") > 0
    assert figures == {
        "pages": 6,
        "shops": 2,
        "priced_pages": 5,
        "offers": 4,
        "price_right_share": 0.6,
        "price_wrong_share": 0.2,
        "pages_with_several_prices": 0,
        "extruct_price_right_share": 0.6,
        "extruct_price_wrong_share": 0.2,
        "rewritten": 2,
        "rewriting_left_out": 1,
        "products": 5,
        "products_with_identifier": 2,
        "matched": 2,
        "confirmed_by_hand": 2,
        "matched_wrong": 0,
        "moves_found": 2,
        "moves_missed": 0,
        "moves_false": 0,
        "crawls_held": 0,
        "proposals": 2,
        "mails": 1,
    }


def test_a_page_whose_price_cannot_be_changed_everywhere_is_left_out(data: Path) -> None:
    made = rewrite_half(read_pages(data), SEED)
    assert made.left_out == ("shade",)
    assert {page_id: new.amount for page_id, new in made.prices.items()} == {
        "lamp": Decimal("135.45"),
        "mug": Decimal("17.10"),
    }


def test_all_written_forms_change_and_nothing_else_does(data: Path) -> None:
    page = next(page for page in read_pages(data) if page.id == "lamp")
    before = page.body.decode()
    written = ("129.00", "129,00", "12900")
    after = rewritten(page.body, Decimal("129.00"), Decimal("122.55")).decode()
    changed = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [old for old, _ in changed] == [
        line for line in before.splitlines() if any(form in line for form in written)
    ]
    assert '"cents": 12255, "id": 4129, "width": "129px"' in after
    assert "122,55&nbsp;€</p><p>Raten: 3 × 45,00 €" in after
    assert "value=%22122.55%22" in after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1299.00", "1234.05"),
        ("1,299.00", "1,234.05"),
        ("1.299,00 €", "1.234,05 €"),
        ("1 299,00", "1 234,05"),
        ("1&nbsp;299,00", "1&nbsp;234,05"),
        ("1299", "1234.05"),
        ("EUR1299", "EUR1234.05"),
        (r"\u20ac1299", r"\u20ac1234.05"),
        ('"price":1299.0,', '"price":1234.05,'),
        ("129900", "123405"),
        ("11299.00", "11299.00"),
        ("1299.005", "1299.005"),
        ("2.1299", "2.1299"),
        ("item-1299", "item-1299"),
        ("1299px", "1299px"),
    ],
)
def test_an_amount_is_rewritten_the_way_that_it_was_written(old: str, new: str) -> None:
    assert rewritten(old.encode(), OLD, NEW).decode() == new


@pytest.mark.parametrize(
    "text",
    [
        *("1299.00", "1.299,00", "1 299,00", "1&nbsp;299", "$1,299", "1299 €", "129900", "EUR1299", "%221299%22"),
        *("<b>1299</b><sup>00</sup>", "<b>1 299</b>,<i>00</i>", "1<!-- -->299", "١٢٩٩", r"\u20ac1299"),
    ],
)
def test_an_amount_is_seen_however_it_is_written(text: str) -> None:
    assert shows(f"<p>x {text} x</p>".encode(), OLD)


@pytest.mark.parametrize(
    "text", ["1298.99", "11299", "1299.50", "1299px", "1299%", "#1299", "a-1299", "12 990", "1299-b"]
)
def test_another_number_is_not_the_amount(text: str) -> None:
    assert not shows(f"<p>x {text} x</p>".encode(), OLD)


@pytest.mark.parametrize(("price", "new"), [("129.00", "122.55"), ("15", "14"), ("48.0", "45.6"), ("1.99", "1.89")])
def test_a_new_price_has_as_many_decimals_as_the_old_one(price: str, new: str) -> None:
    assert str(moved(Decimal(price), Decimal("0.95"))) == new


def test_shops_are_served_in_their_own_currency_and_language(data: Path) -> None:
    with open_shops(read_pages(data)) as shops:
        assert [(shop.host, shop.currency, shop.language) for shop in shops] == [
            ("mugs.example", "GBP", "en"),
            ("www.lamps.example", "EUR", "de"),
        ]
        assert len({shop.url.rpartition(":")[0] for shop in shops}) == 2
        assert sorted(shops[1].bodies) == ["/p/lamp.html", "/p/shade.html"]


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_the_data_folder_nothing_is_measured_and_the_reason_is_told(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    just = ("--just", "end_to_end", "--just", "price_strings")
    said = run("benchmarks", "--report", str(report), *just, "--data", str(tmp_path / "absent"))
    reason = "end_to_end: there is no product_pages/ground-truth.json in the data folder"
    assert said.splitlines()[1].startswith(f"skipped: {reason}")
    assert {line.partition(": ")[0] for line in said.splitlines()} == {"bench", "skipped", "report"}
    assert reason in report.read_text("utf-8")
    assert "| figure |" not in report.read_text("utf-8")


def test_the_report_holds_the_figures_the_date_and_the_machine(tmp_path: Path) -> None:
    tell({"pages": 6, "price_right_share": 0.6}, ["two shops"], tmp_path / "figures.json")
    measured = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    lines = render({"end_to_end": measured, "broken": None}, datetime(2026, 1, 2, 3, 4, tzinfo=UTC)).splitlines()
    assert lines[2].startswith("2026-01-02 03:04 UTC; ")
    assert {"| `pages` | 6 |", "| `price_right_share` | 0.6 |", "Skipped: two shops."} <= set(lines)
    assert lines[-1] == "It failed; there are no figures."
