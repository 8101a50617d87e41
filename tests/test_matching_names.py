"""What names say, which differences part two names, and what features promise, whatever is written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.features import Comparison
from matching.readings import read, reading
from matching.text import LONGEST_NAME, folded
from matching.vetoes import factor, veto

HERE = Path(__file__).parent
NAMES: list[dict[str, Any]] = tomllib.loads((HERE / "matching_names.toml").read_text("utf-8"))["name"]
PAIRS: list[dict[str, Any]] = tomllib.loads((HERE / "matching_vetoes.toml").read_text("utf-8"))["pair"]
ANY = st.text(max_size=60)
AMOUNT = st.decimals(min_value="0.1", max_value="999", places=1)


@pytest.mark.parametrize("case", NAMES, ids=[case["rule"] for case in NAMES])
def test_a_name_says(case: dict[str, Any]) -> None:
    said = reading(case["name"])
    found = {dimension: sorted(amounts) for dimension, amounts in said.quantities.amounts.items()}
    assert found == {dimension: sorted(amounts) for dimension, amounts in case.get("amounts", {}).items()}
    assert said.quantities.count == case.get("count", 0)
    assert said.codes == case.get("codes", [])


@pytest.mark.parametrize("case", PAIRS, ids=[case["rule"] for case in PAIRS])
def test_two_names_are_kept_apart_by(case: dict[str, Any]) -> None:
    one, other = (reading(name, case.get("brand", "")) for name in case["names"])
    assert veto(one, other) == veto(other, one) == case["veto"]
    if "factor" in case:
        assert factor(one.quantities, other.quantities) == pytest.approx(case["factor"])


@given(ANY)
def test_folding_twice_changes_nothing_and_no_text_grows_without_bound(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert len(folded(text * 40)) <= LONGEST_NAME


@given(ANY)
def test_a_name_is_never_kept_from_itself(text: str) -> None:
    assert veto(reading(text), reading(text)) == ""


@given(AMOUNT)
def test_a_quantity_is_the_same_in_any_unit(amount: Any) -> None:
    one, other = reading(f"juice {amount} l"), reading(f"juice {amount * 1000} ml")
    assert veto(one, other) == ""


@settings(deadline=None)
@given(st.lists(ANY, min_size=1, max_size=4), st.lists(ANY, min_size=1, max_size=4))
def test_features_are_the_same_with_the_sides_swapped(ours: list[str], theirs: list[str]) -> None:
    left = read(pd.DataFrame({"listing_id": range(len(theirs)), "name": theirs}), "listing_id")
    right = read(pd.DataFrame({"product_id": range(len(ours)), "name": ours}), "product_id")
    pairs = pd.DataFrame([(a, b) for a in range(len(theirs)) for b in range(len(ours))], columns=["left", "right"])
    swapped = pairs.rename(columns={"left": "right", "right": "left"})
    made = Comparison(left, right).features(pairs)
    turned = Comparison(right, left).features(swapped)
    np.testing.assert_allclose(made.to_numpy(), turned[made.columns].to_numpy(), atol=1e-9)
