"""The benchmark of reading: the laws of its protocol, the forms it compares, and a run on made pages."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pages.cases import Answer, Case, accepted, case_of, graded, of_page
from benchmarks.pages.cpu import figures as cpu_figures
from benchmarks.pages.fields import FIELDS, STATES, form
from benchmarks.pages.figures import answered_figures
from benchmarks.pages.labels import Page, fixture_pages, truth_pages
from benchmarks.pages.made import market_cases, other_cases
from benchmarks.pages.parts import Missing, part
from benchmarks.pages.peer import peer_answer
from benchmarks.pages.protocol import Tally, tally, wilson
from benchmarks.pages.rivals import best_rivals
from benchmarks.pages.sources import Outcome
from pricevane.model import Availability, PageKind

ROOT = Path(__file__).parents[1]
MADE = Path(__file__).parent / "benchmark"
TEN, NINE = Decimal("10.00"), Decimal(9)
TALLIES = st.builds(Tally, *[st.integers(0, 50)] * 4)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the made pages, packed as saved pages are."""
    shutil.copytree(MADE, tmp_path / "data")
    for path in (tmp_path / "data").glob("product_pages/html/*.html"):
        path.with_suffix(".html.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("truth", "answer", "counted"),
    [
        ({TEN}, Decimal(10), Tally(hits=1)),
        ({TEN, NINE}, Decimal("9.0"), Tally(hits=1)),
        ({TEN}, NINE, Tally(false=1, missed=1)),
        ({TEN}, None, Tally(missed=1, silent=1)),
        (set(), TEN, Tally(false=1)),
        (set(), None, Tally()),
    ],
)
def test_a_wrong_answer_is_false_and_a_miss_and_silence_is_a_miss(
    truth: set[Decimal], answer: Decimal | None, counted: Tally
) -> None:
    assert tally([(truth, answer)]) == counted


@given(TALLIES)
def test_f1_is_the_harmonic_mean_and_a_share_of_nothing_is_no_figure(counted: Tally) -> None:
    precision, recall, f1 = counted.precision, counted.recall, counted.f1
    assert (precision is None) == (counted.hits + counted.false == 0)
    assert (recall is None) == (counted.hits + counted.missed == 0)
    if precision and recall:
        assert f1 == pytest.approx(2 / (1 / precision + 1 / recall))
    else:
        assert not f1


@pytest.mark.parametrize(
    ("hits", "whole", "low", "high"), [(5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1), (0, 10, 0, 0.2775)]
)
def test_the_interval_is_wilsons(hits: int, whole: int, low: float, high: float) -> None:
    assert wilson(hits, whole) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 2000), st.data())
def test_the_interval_holds_the_share_and_stays_a_share(whole: int, draw: st.DataObject) -> None:
    hits = draw.draw(st.integers(0, whole))
    low, high = wilson(hits, whole)
    assert 0 <= low <= hits / whole + 1e-12
    assert hits / whole - 1e-12 <= high <= 1


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        ("price", "229.99 ", "229.990", True),
        ("price", "229.99", "229.9", False),
        ("price", "1.299", "1299", False),
        ("brand", "KÄRCHER", "Kärcher", True),
        ("brand", "Tikkers ", "tikkers", True),
        ("brand", "adidas", "adidas Performance", False),
        ("gtin", "4006381333931", "04006381333931", True),
        ("gtin", "400-6381 333931", "4006381333931", True),
        ("gtin", "4006381333931", "4006381333930", False),
        ("sku", " 466/7999", "466/7999", True),
        ("sku", "466/7999", "4667999", False),
        ("sku", "ab1", "AB1", False),
        ("mpn", "0638", "638", False),
    ],
)
def test_values_are_compared_in_one_form(field: str, one: str, other: str, same: bool) -> None:
    assert (form(field, one) == form(field, other)) is same


@pytest.mark.parametrize("empty", [None, "", "  "])
@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_value_is_no_answer(field: str, empty: str | None) -> None:
    assert form(field, empty) is None


def test_every_state_but_unknown_is_one_of_the_two_classes() -> None:
    assert set(STATES) == set(Availability)
    assert {state for state, name in STATES.items() if not name} == {Availability.UNKNOWN}
    assert {state for state, name in STATES.items() if name == "OutOfStock"} == {
        Availability.OUT_OF_STOCK,
        Availability.DISCONTINUED,
    }


@pytest.mark.parametrize(
    ("label", "yes", "no"),
    [
        ("€", "EUR", "USD"),
        ("$", "USD", "EUR"),
        ("$", "CAD", "GBP"),
        ("£", "GBP", "EUR"),
        ("BRL", "BRL", "USD"),
        ("kr", "SEK", "EUR"),
        ("zł", "PLN", "CZK"),
        ("ر.س", "SAR", "AED"),
        ("Kč", "CZK", "PLN"),
    ],
)
def test_a_symbol_stands_for_every_currency_that_it_may_mean(label: str, yes: str, no: str) -> None:
    codes = accepted("currency", [label])
    assert {yes, label} <= codes
    assert no not in codes


def test_unknown_availability_is_no_answer_and_each_state_is_an_attribute_of_its_own() -> None:
    truths = {"a": "InStock", "b": "InStock", "c": "OutOfStock", "d": "OutOfStock"}
    cases = [Case(name, "", b"", {"availability": frozenset([state])}) for name, state in truths.items()]
    said = {name: Answer({"availability": "InStock"} if name in "ac" else {}) for name in truths}
    assert graded("availability", cases, said) == Tally(hits=1, false=1, missed=3, silent=2)
    assert graded("availability", cases, said, "InStock") == Tally(hits=1, false=1, missed=1, silent=1)
    assert graded("availability", cases, said, "OutOfStock") == Tally(missed=2, silent=2)


def test_doubtful_prices_are_no_answers_and_a_price_where_there_is_none_is_wrong() -> None:
    truths = {"right": {TEN}, "wrong": {TEN}, "doubtful": {TEN}, "none": set[Decimal](), "unlabelled": None}
    cases = [
        Case(name, "", b"", {} if truth is None else {"price": frozenset(truth)}) for name, truth in truths.items()
    ]
    said = {name: Answer({"price": TEN if name != "wrong" else NINE}, good=name != "doubtful") for name in truths}
    found = answered_figures(cases, said)
    assert found["wrong_prices"] == 2
    assert found["answered_share"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["price_precision_answered"] == pytest.approx(1 / 3, abs=1e-4)


def page(**labels: object) -> Page:
    fields = {"id": "x", "host": "shop.example", "path": "/p", "body": b"", "accepted": (), "asserted": False}
    return Page(**{**fields, **labels})  # type: ignore[arg-type]


def test_a_captcha_must_have_no_price_and_a_page_that_nobody_priced_is_not_scored() -> None:
    assert "price" not in case_of(page()).truth
    assert case_of(page(asserted=True)).truth == {"price": frozenset()}
    captcha = case_of(page(kind="captcha", asserted=True))
    assert captcha.priceless
    assert not captcha.tiles
    category = case_of(page(expect_no_price=True, asserted=True))
    assert category.priceless
    assert category.tiles


def test_the_fixtures_captcha_asserts_that_there_is_no_price(data: Path) -> None:
    fixtures = {page.id: case_of(page) for page in fixture_pages(data)}
    assert fixtures["robot-check"].truth["price"] == frozenset()
    assert [page.id for page in truth_pages(data)] == ["lamp", "shade", "mug", "bowl", "plate"]


def test_among_tiles_only_an_answer_about_the_page_itself_counts() -> None:
    body = b'<link rel="canonical" href="https://shop.example/lamps">'
    case = Case("x", "https://shop.example/lamps?page=2&utm_source=ad", body, priceless=True, tiles=True)
    paths = ("/lamps?page=2", "/lamps", "/lamps/1", "/lamps?page=3")
    answers = [Answer({"price": TEN}, f"https://shop.example{path}") for path in paths]
    assert [answer.url.removeprefix("https://shop.example") for answer in of_page(case, answers)] == [*paths[:2]]
    assert of_page(Case("x", case.url, body, priceless=True), answers) == answers


def test_the_peer_reads_json_ld_microdata_and_open_graph() -> None:
    linked = b"""<script type="application/ld+json">{"@type": "Product", "sku": 7, "brand": [{"name": "Kiln"}],
        "offers": [{"price": "1,299.00", "priceCurrency": "USD", "availability": "http://schema.org/SoldOut"}]}
        </script>"""
    nested = b"""<div itemscope itemtype="https://schema.org/Product"><b itemprop="mpn">K-1</b>
        <i itemprop="gtin13">4006381333931</i></div>"""
    tagged = b"""<meta property="og:title" content="x"><meta property="product:availability" content="in stock">
        <meta property="product:brand" content="Other">"""
    assert dict(peer_answer(b"<html><body>" + linked + nested + tagged).values) == {
        "price": Decimal("1299.00"),
        "currency": "USD",
        "availability": "OutOfStock",
        "sku": "7",
        "brand": "kiln",
        "mpn": "K-1",
        "gtin": "04006381333931",
    }
    assert peer_answer(tagged).values["availability"] == "InStock"


def test_the_two_best_commercial_readers_are_scored_by_the_same_protocol(data: Path) -> None:
    cases = [case_of(page) for page in truth_pages(data)]
    rivals = best_rivals(data, cases)
    assert list(rivals) == ["best", "other"]
    assert graded("price", cases, rivals["best"]) == Tally(hits=3, missed=2, silent=2)
    assert graded("price", cases, rivals["other"]) == Tally(hits=1, false=1, missed=4, silent=3)


def test_cpu_figures_stand_beside_the_peers() -> None:
    assert cpu_figures({"": [1.0, 2.0, 6.0], "peer_": [2.0, 4.0, 12.0], "fast_": [1.0, 1.0, 1.0]}, "peer_") == {
        "cpu_ms_median": 2.0,
        "cpu_ms_p90": 5.2,
        "seconds_worst_page": 0.006,
        "cpu_over_peer": 0.5,
        "cpu_sum_over_peer": 0.5,
        "peer_cpu_ms_median": 4.0,
        "peer_cpu_ms_p90": 10.4,
        "peer_seconds_worst_page": 0.012,
        "fast_cpu_ms_median": 1.0,
        "fast_cpu_ms_p90": 1.0,
        "fast_seconds_worst_page": 0.001,
        "fast_over_peer": 0.25,
        "fast_sum_over_peer": 0.167,
    }


def test_a_figure_about_nothing_is_skipped_by_name() -> None:
    outcome = Outcome()
    outcome.add({"price_f1": 0.5, "extruct_price_f1": 0.25, "extruct_sku_f1": None}, "market_")
    assert outcome.figures == {"market_price_f1": 0.5, "extruct_market_price_f1": 0.25}
    assert outcome.skipped == ["read_pages: extruct_market_sku_f1, no page has a label or an answer for it"]


def test_made_pages_hold_at_least_sixty_that_are_out_of_stock_and_those_that_sell_nothing_have_no_price() -> None:
    market = market_cases()
    assert len({case.id for case in market}) == len(market)
    assert sum(case.truth["availability"] == {"OutOfStock"} for case in market) >= 60
    assert all(len(case.truth["price"]) == 1 for case in market)
    others = other_cases()
    assert all(one.case.priceless and one.case.truth == {"price": frozenset()} for one in others)
    assert {one.kind for one in others if one.case.tiles} == {PageKind.LISTING}


def test_a_part_that_is_not_there_is_missed_by_name() -> None:
    with pytest.raises(Missing, match=r"pricevane\.market\.absent\.pages"):
        part("pricevane.market.absent", "pages")
    with pytest.raises(Missing, match=r"benchmarks\.output\.absent"):
        part("benchmarks.output", "absent")


def run(*arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-m", "benchmarks.read_pages", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_figures_are_what_is_known_of_the_made_pages(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    said = run("--data", str(data), "--quick", "--only", "real", "--failures", "--json", str(path)).splitlines()
    figures = json.loads(path.read_text("utf-8"))["figures"]
    assert {f"{name}: {value}" for name, value in figures.items()} <= set(said)
    known = {
        "pages": 7,
        "price_f1": 0.6667,
        "price_precision": 0.75,
        "price_recall": 0.6,
        "wrong_prices": 1,
        "answered_share": 0.8,
        "price_precision_answered": 0.75,
        "currency_share": 0.8,
        "price_f1_5": 0.6667,
        "brand_f1": 1.0,
        "gtin_f1": 1.0,
        "mpn_f1": 1.0,
        "availability_f1": 0.6667,
        "in_stock_f1": 0.75,
        "out_of_stock_f1": 0.0,
        "out_of_stock_pages": 1,
        "abstained.price": 1,
        "abstained.sku": 0,
        "non_product_with_price": 0,
        "non_product_pages": 2,
        "extruct_price_f1": 0.6667,
        "extruct_gtin_f1": 1.0,
        "best_price_f1": 0.75,
        "best_out_of_stock_f1": 1.0,
        "other_price_f1": 0.2857,
    }
    assert {name: figures[name] for name in known} == known
    assert figures["cpu_ms_median"] > 0
    assert "sku_f1" not in figures
    assert any(
        line.startswith("price wrong: bowl https://mugs.example/p/bowl.html label 25.00, ours 20") for line in said
    )
    assert any(line.startswith("price silent: plate https://mugs.example/p/plate.html label 12.00") for line in said)


@pytest.mark.slow
def test_one_page_is_told_with_its_labels_and_offers(data: Path) -> None:
    said = run("--data", str(data), "--page", "lamp").splitlines()
    assert said[0] == "page lamp https://www.lamps.example/p/lamp.html"
    assert "label gtin: 04006381333931" in said
    assert "label price: 129.00" in said
    assert any(line.startswith("offer https://www.lamps.example/p/lamp.html: ") for line in said)
