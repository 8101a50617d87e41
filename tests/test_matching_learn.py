"""What decisions teach, which identifiers are not believed, and when a match's price says that it is another thing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.checks import MOST_NAMES, checked
from matching.drift import FEWEST, drifting
from matching.identifiers import aliases, match, match_by_sku, with_our_brands
from matching.learn import FEWEST as FEWEST_DECISIONS
from matching.learn import corrected, implied, recalibrated, thresholds
from matching.scorer import AMONG, calibrated, shipped

SCORER = shipped()
GTIN = "04006381333931"


def decided(*rows: tuple[int, float, int], proven: bool = True) -> pd.DataFrame:
    """Pairs of (site, log-odds and leads, label)."""
    frame = pd.DataFrame(rows, columns=["site_id", "log_odds", "label"])
    leads = {name: frame["log_odds"].clip(-5, 5) for name in AMONG[1:]}
    return frame.assign(**leads, proven=proven, vetoed=False)


def chances(scorer: Any, pairs: pd.DataFrame) -> list[float]:
    found: list[float] = calibrated(pairs[list(AMONG)].to_numpy(np.float64), scorer.among).tolist()
    return found


def test_without_decisions_the_shipped_scorer_stands() -> None:
    assert recalibrated(SCORER, decided()) == SCORER
    assert thresholds(SCORER, decided()) == {}


def test_refusals_lower_and_approvals_raise_the_chance_of_pairs_like_them() -> None:
    asked = decided((1, 2.0, 0))
    (before,) = chances(SCORER, asked)
    (lower,), (higher,) = (chances(recalibrated(SCORER, decided(*[(1, 2.0, label)] * 40)), asked) for label in (0, 1))
    assert lower < before - 0.1
    assert higher > before


def test_a_few_decisions_move_little() -> None:
    asked = decided((1, 2.0, 0))
    (before,), (after,) = chances(SCORER, asked), chances(recalibrated(SCORER, decided((1, 2.0, 0))), asked)
    assert abs(after - before) < 0.2


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(-9, 9), st.integers(0, 1)), max_size=30))
@settings(max_examples=40, deadline=None)
def test_whatever_is_decided_a_likelier_pair_stays_likelier(rows: list[tuple[int, float, int]]) -> None:
    scorer = recalibrated(SCORER, decided(*rows))
    told = chances(scorer, decided(*[(1, odds, 0) for odds in (-8.0, -2.0, 0.0, 2.0, 8.0)]))
    assert told == sorted(told)
    assert 0 <= scorer.sure <= 1


def test_a_refused_automatic_match_raises_that_sites_threshold_above_it() -> None:
    rows = decided((1, 4.0, 0), (1, 4.5, 1), (2, 4.0, 1))
    found = thresholds(SCORER, rows)
    refused, accepted, _ = chances(SCORER, rows)
    assert found.keys() == {1}
    assert refused < found[1] < accepted


def test_enough_approvals_lower_a_sites_threshold_as_far_as_they_prove() -> None:
    strict = pd.Series({"auto": 0.999})
    scorer = SCORER.__class__(
        **{name: getattr(SCORER, name) for name in SCORER.__slots__ if name != "auto"}, auto=strict["auto"]
    )
    rows = decided(*[(1, odds, int(odds > 0.5)) for odds in np.linspace(-3, 5, 1_200)])
    (site,) = thresholds(scorer, rows).values()
    assert 0.5 <= site < 0.999
    assert thresholds(scorer, decided(*[(1, 4.0, 1)] * 50)) == {}


def features(rows: int, seed: int) -> tuple[pd.DataFrame, Any]:
    """Features of which one, that the shipped scorer thinks nothing of, says what is right here."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.5).astype(np.float64)
    made = pd.DataFrame({name: np.zeros(rows) for name in SCORER.columns})
    return made.assign(first_word=np.where(rng.random(rows) < 0.9, labels, 1 - labels)), labels


def test_many_decisions_weigh_features_anew_where_that_pays_on_listings_held_out() -> None:
    seen, labels = features(FEWEST_DECISIONS + 100, 1)
    whose = np.arange(len(labels))
    made = corrected(SCORER, seen, labels, whose, len(labels))
    asked, truth = features(500, 2)
    assert made.corrections["first_word"][2] > 0
    before, after = (scorer.log_odds(asked) for scorer in (SCORER, made))
    assert np.ptp(before) < 1
    assert (after[truth == 1].mean() - after[truth == 0].mean()) > 1
    noise = np.random.default_rng(3).permutation(labels)
    assert corrected(SCORER, seen, noise, whose, len(labels)).corrections == {}
    assert corrected(SCORER, seen, labels, whose, FEWEST_DECISIONS - 1).corrections == {}


def test_a_listing_that_is_one_product_is_none_of_its_other_candidates() -> None:
    pairs = pd.DataFrame({"listing_id": [1, 1, 1, 2, 2, 3], "product_id": [7, 8, 9, 7, 8, 7]})
    said = pd.DataFrame({"listing_id": [1, 2], "product_id": [8, 7], "label": [1.0, 0.0]})
    labels = implied(pairs, said)
    assert labels[:4].tolist() == [0, 1, 0, 0]
    assert np.isnan(labels[4:]).all()


def sides(names: list[str], ours: list[str], **columns: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    listings = pd.DataFrame(
        {"listing_id": range(1, len(names) + 1), "site_id": 1, "name": names, "gtin": GTIN, "brand": "", "mpn": ""}
    ).assign(**columns)
    products = pd.DataFrame(
        {"product_id": range(101, len(ours) + 101), "name": ours, "gtin": GTIN, "brand": "", "mpn": ""}
    )
    return listings, products


@pytest.mark.parametrize(
    ("name", "ours", "veto"),
    [
        ("Moka Coffee 250 g", "Moka Coffee 250g", ""),
        ("Moka Coffee 1 kg", "Moka Coffee 250 g", "size"),
        ("Moka Coffee, pack of 6", "Moka Coffee", "pack count"),
        ("Sonic speaker red", "Sonic speaker blue", "colour"),
        ("Sonic speaker refurbished", "Sonic speaker", "condition"),
        ("Case for Sonic speaker", "Sonic speaker", "accessory"),
    ],
)
def test_a_gtin_that_a_difference_contradicts_is_left_to_a_person(name: str, ours: str, veto: str) -> None:
    listings, products = sides([name], [ours])
    ((named, state, flag),) = checked(match(listings, products), listings, products)[
        ["veto", "state", "flag"]
    ].to_numpy()
    assert (named, state, bool(flag)) == (veto, "candidate" if veto else "confirmed", bool(veto))
    assert veto in str(flag)


def test_a_gtin_that_a_site_gives_to_many_names_is_not_believed() -> None:
    names = [f"Lamp {letter * 3}" for letter in "abcdefgh"]
    for count, state in ((MOST_NAMES, "confirmed"), (MOST_NAMES + 1, "candidate"), (len(names), "candidate")):
        listings, products = sides(names[:count], ["Lamp"])
        found = checked(match(listings, products), listings, products)
        assert set(found["state"]) == {state}, count


def test_a_brands_other_name_is_learned_from_gtins_and_used_with_part_numbers() -> None:
    brands = ["HP", "HP", "HP", "HP", "Hewlett", "Acme"]
    listings = pd.DataFrame(
        {"listing_id": range(1, 7), "brand": brands, "gtin": "", "mpn": [f"MX-{n}00" for n in range(1, 7)]}
    )
    products = pd.DataFrame(
        {"product_id": range(1, 7), "brand": ["Hewlett-Packard"] * 5 + ["Acme"], "gtin": "", "mpn": listings["mpn"]}
    )
    known = pd.DataFrame({"listing_id": [1, 2, 3, 6], "product_id": [1, 2, 3, 6]})
    learned = aliases(listings, products, known)
    assert learned == {"hp": "hewlettpackard"}
    assert match(listings, products)["listing_id"].tolist() == [6]
    assert match(listings, products, learned)["listing_id"].tolist() == [1, 2, 3, 4, 6]
    assert with_our_brands(listings, learned)["brand"].tolist() == [*["hewlettpackard"] * 4, "Hewlett", "Acme"]
    assert aliases(listings, products, known[:2]) == {}


def test_a_shops_sku_carries_a_match_to_its_other_regions_only() -> None:
    rows = [
        ("de", "shop:443", "A1", ""),
        ("fr", "shop:443", "A1", ""),
        ("fr", "shop:443", "B1", ""),
        ("xx", "other:443", "A1", ""),
        ("it", "shop:443", "A1", "05012345678900"),
        ("es", "shop:443", "A1", ""),
        ("es", "shop:443", "A1", ""),
    ]
    listings = pd.DataFrame(rows, columns=["site_id", "shop", "sku", "gtin"]).assign(listing_id=range(1, 8))
    listings.loc[0, "gtin"] = GTIN
    found = match_by_sku(listings, pd.DataFrame({"listing_id": [1], "product_id": [7]}))
    assert found[["listing_id", "product_id", "method"]].to_numpy().tolist() == [[2, 7, "sku"]]


def test_a_price_far_from_the_sites_usual_ratio_is_flagged_and_a_dear_site_is_not() -> None:
    usual = [1000, 1020, 980, 1100, 950, 1010, 990, 1000, 1000]
    pairs = pd.DataFrame({"site_id": 1, "price_minor": [*usual, 410, 3900, 700], "own_minor": 1000})
    far = drifting(pairs).ne("").tolist()
    assert far == [False] * len(usual) + [False, True, False]
    dear = pairs.assign(price_minor=pairs["price_minor"] * 3)
    assert drifting(dear).ne("").tolist() == far
    assert "3.9 of ours" in drifting(pairs).iloc[-2]
    assert drifting(pairs.assign(own_minor=float("nan"))).eq("").all()
    few = pairs[-3:].assign(site_id=2)
    assert len(few) < FEWEST
    assert drifting(few).ne("").tolist() == [False, True, False]
