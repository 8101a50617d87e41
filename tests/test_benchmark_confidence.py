"""The benchmark of confidence: worse copies keep their label, and its measures say what they are called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from benchmarks.confidence import calibration_error, left_out, newton, rows_of
from benchmarks.pages.cases import Case
from benchmarks.pages.perturbed import CHANGES, perturbed

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = """<html lang="en"><head><title>Aurelia lamp</title><script type="application/ld+json">
{"@type": "Product", "name": "Aurelia lamp", "offers": {"@type": "Offer", "price": "24.99", "priceCurrency": "GBP"}}
</script></head><body><h1 id="top">Aurelia lamp</h1>"""
PAGE = HEAD + '<p class="price">&pound;24.99</p><button class="buy">Add to basket</button></body></html>'
CASE = Case("lamp", "https://lamps.example/p/1", PAGE.encode(), {"price": frozenset([Decimal("24.99")])})
SHOWN = "£24.99</p>"


def _copies(seed: int = 0) -> dict[str, str]:
    return {one.name: one.case.body.decode("utf-8-sig") for one in perturbed(CASE, seed)}


def test_every_worse_copy_still_shows_the_labelled_price_but_the_one_that_loses_it() -> None:
    copies = _copies()
    assert copies.keys() == CHANGES.keys()
    assert {name for name, page in copies.items() if SHOWN not in page} == {"price_gone"}
    assert [one.name for one in perturbed(CASE) if not one.certain] == ["price_gone"]


@pytest.mark.parametrize(
    ("change", "there", "gone"),
    [
        ("text_only", "<h1", "ld+json"),
        ("stale", "ld+json", '"24.99"'),
        ("price_gone", '"24.99"', "£24.99"),
        ("old_beside", "£", "&pound;"),
        ("related_before", "Borealis", "&pound;"),
        ("renamed", 'class="c', 'class="price"'),
        ("extras", 'class="note"', "&pound;"),
        ("far_away", "craftsmen", "&pound;"),
    ],
)
def test_a_worse_copy_is_worse_in_one_way(change: str, there: str, gone: str) -> None:
    page = _copies()[change]
    assert there in page
    assert gone not in page


def test_a_seed_always_makes_the_same_copies_and_another_seed_makes_others() -> None:
    assert _copies(1) == _copies(1)
    assert _copies(1) != _copies(2)


def test_pages_without_a_single_visible_price_are_left_alone() -> None:
    two = {"price": frozenset([Decimal("24.99"), Decimal(20)])}
    assert not list(perturbed(replace(CASE, truth=two)))
    assert not list(perturbed(replace(CASE, body=HEAD.encode())))


def test_each_page_and_copy_is_a_row_that_knows_whether_it_was_read_right() -> None:
    rows = {one.change: one for one in rows_of([CASE], AT)}
    assert rows.keys() == {"original", *CHANGES}
    assert rows["original"].right
    assert rows["original"].sort == "one"
    assert rows["price_gone"].sort == "one unseen"
    assert all(len(one.features) == len(rows["original"].features) for one in rows.values() if one.read)


def test_calibration_error_is_the_distance_of_what_was_said_from_what_was_right() -> None:
    right = np.array([1.0, 0.0] * 50)
    assert calibration_error(np.full(100, 0.5), right) == pytest.approx(0)
    assert calibration_error(np.full(100, 0.9), right) == pytest.approx(0.4)


def test_fitted_weights_find_the_odds_that_made_the_answers() -> None:
    drawn = np.random.default_rng(7)
    features = np.column_stack([np.ones(20_000), drawn.normal(size=20_000)])
    right = (drawn.random(20_000) < 1 / (1 + np.exp(-features @ np.array([0.5, 1.5])))).astype(float)
    assert newton(features, right) == pytest.approx([0.5, 1.5], abs=0.1)


def test_a_shop_is_judged_by_constants_that_never_saw_it() -> None:
    seen = next(iter(rows_of([CASE], AT)))
    others = [replace(seen, shop="b", right=True), replace(seen, shop="c", right=False)]
    judged = {one.shop: one.confidence for one in left_out([replace(seen, shop="a"), *others])}
    turned = {one.shop: one.confidence for one in left_out([replace(seen, shop="a", right=False), *others])}
    assert judged["a"] == turned["a"]
    assert judged["b"] > turned["b"]
