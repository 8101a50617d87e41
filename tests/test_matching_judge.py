"""From two frames to judged pairs: candidates, the scorer, one-to-one, states, and what bad input leads to."""

from __future__ import annotations

import json
import time
from itertools import product as combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matching.assign import one_to_one, states
from matching.candidates import candidates
from matching.evaluate import auto_threshold, best_threshold, calibration_error, f1, lower_bound
from matching.features import Comparison
from matching.judge import AMBIGUOUS, KEPT, OTHER_GTIN, Judgement, Known, judge
from matching.readings import read
from matching.scorer import load, shipped
from matching.text import compact, folded
from matching.train import Labelled, boosted, fit, fit_own, plain_trees

BRANDS, KINDS, COLOURS = ("Kestrel", "Nordpol", "Vantix"), ("monitor", "keyboard", "router"), ("black", "white")


def listings(*names: Any, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"listing_id": range(1, len(names) + 1), "name": list(names), **columns})


def products(*names: Any, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"product_id": range(101, len(names) + 101), "name": list(names), **columns})


def said(judgement: Judgement) -> dict[tuple[int, int], str]:
    pairs = judgement.pairs
    return dict(zip(zip(pairs["listing_id"], pairs["product_id"], strict=True), pairs["state"], strict=True))


OURS = products(
    "Sony DSC-W170 digital camera red",
    "Sony DSC-W170 digital camera silver",
    "Sony LCS-CSL camera case",
    "Canon Pixma iP2600 photo printer",
    "Bosch WAN28108GB washing machine 8kg white",
    "Bosch WAN24108GB washing machine 8kg white",
)


def test_the_same_model_code_and_colour_is_confirmed_and_its_sister_vetoed_by_name() -> None:
    found = judge(listings("sony cyber-shot dscw170 camera rot"), OURS).pairs
    best = found[found["product_id"].eq(101)].iloc[0]
    assert (best["state"], best["veto"]) == ("confirmed", "")
    sister = found[found["product_id"].eq(102)]
    assert sister["veto"].isin(["colour"]).all()
    assert not sister["state"].isin(["confirmed", "candidate"]).any()


def test_a_code_that_differs_in_one_digit_is_not_confirmed() -> None:
    found = judge(listings("bosch wan28108gb 8kg 1400rpm washer white"), OURS)
    assert said(found)[1, 105] == "confirmed"
    assert said(found).get((1, 106), "rejected") == "rejected"


def test_likeness_without_a_common_code_waits_for_a_person_at_most() -> None:
    found = judge(listings("Kestrel Flux Tablet black"), products("Kestrel Flux Tablet black", "Nordpol Echo Tablet"))
    assert "confirmed" not in said(found).values()


def test_a_product_takes_one_listing_of_a_site_but_one_of_each_site() -> None:
    names = ["sony dscw170 digital camera red", "sony cyber-shot dsc-w170 camera red"]
    same, two = (judge(listings(*names, site_id=sites), OURS) for sites in ([1, 1], [1, 2]))
    assert [state for (_, ours), state in said(same).items() if ours == 101] == ["candidate", "candidate"]
    assert set(same.pairs.loc[same.pairs["product_id"].eq(101), "flag"]) == {AMBIGUOUS}
    assert [state for (_, ours), state in said(two).items() if ours == 101] == ["confirmed", "confirmed"]
    market = judge(listings(*names, site_id=[1, 1]), OURS, Known(marketplaces=frozenset([1])))
    assert [state for (_, ours), state in said(market).items() if ours == 101] == ["confirmed", "confirmed"]


def test_listings_of_a_site_that_say_the_same_at_the_same_price_are_one() -> None:
    names = ["sony dscw170 digital camera red"] * 2
    same, dearer = (
        judge(listings(*names, site_id=[1, 1], price_minor=prices), OURS) for prices in ([1990, 1990], [1990, 2490])
    )
    assert [state for (_, ours), state in said(same).items() if ours == 101] == ["confirmed", "confirmed"]
    assert [state for (_, ours), state in said(dearer).items() if ours == 101] == ["candidate", "candidate"]


def test_a_product_that_has_its_listing_on_a_site_is_confirmed_for_no_other_there() -> None:
    listed = listings("sony dscw170 digital camera red", site_id=[1])
    for site, expected in ((1, "candidate"), (2, "confirmed")):
        taken = pd.DataFrame({"site_id": [site], "product_id": [101]})
        assert said(judge(listed, OURS, Known(taken=taken)))[1, 101] == expected


def test_names_never_confirm_what_gtins_contradict() -> None:
    listed = listings("sony dscw170 digital camera red", gtin=["04006381333931"])
    for gtin, expected in (("04006381333931", ""), ("", ""), ("04548736001008", OTHER_GTIN)):
        found = judge(listed, OURS.assign(gtin=gtin)).pairs.iloc[0]
        assert (found["state"] == "confirmed", found["flag"]) == (not expected, expected)


def test_a_code_that_another_maker_prints_is_not_confirmed() -> None:
    ours = products("Undercounter freezer RZAAV22P1 white", brand=["Adelberg"])
    for brand, state in (("Adelberg", "confirmed"), ("", "confirmed"), ("Hotpoint", "candidate")):
        found = judge(listings("RZAAV22P1 freezer white", brand=[brand]), ours)
        assert said(found)[1, 101] == (state if brand else "candidate"), brand


def test_a_site_may_have_a_threshold_of_its_own_and_a_confirmed_score_is_the_measured_chance() -> None:
    listed = listings("sony dscw170 digital camera red", site_id=[1])
    found = judge(listed, OURS).pairs.iloc[0]
    assert found["state"] == "confirmed"
    assert found["score"] >= shipped().sure > 0.95
    assert judge(listed, OURS, Known(auto={1: 1.01})).pairs.iloc[0]["state"] == "candidate"


def test_a_rejected_pair_never_comes_back() -> None:
    listed = listings("sony cyber-shot dscw170 camera red")
    refused = pd.DataFrame({"listing_id": [1], "product_id": [101]})
    assert (1, 101) in said(judge(listed, OURS))
    assert (1, 101) not in said(judge(listed, OURS, Known(rejected=refused)))


def test_judging_again_and_in_another_order_says_the_same() -> None:
    names = ["sony dscw170 camera red", "canon ip2600 printer", "bosch wan24108gb washer"]
    listed = listings(*names, site_id=1)
    turned = judge(listed.iloc[::-1], OURS.iloc[::-1])
    pd.testing.assert_frame_equal(judge(listed, OURS).pairs, judge(listed, OURS).pairs)
    assert said(turned) == said(judge(listed, OURS))


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("an empty name", ""),
        ("one letter", "x"),
        ("signs only", "— !! ★"),
        ("an emoji", "🎉"),
        ("nothing in common", "Жёлтый диван"),
        ("ten thousand letters", "a" * 10_000),
        ("ten thousand words", "lorem " * 2_000),
        ("digits without end", "9" * 10_000),
        ("nested packs", "2 x " * 2_500),
    ],
)
def test_a_name_that_says_nothing_abstains_and_is_counted(rule: str, name: str) -> None:
    found = judge(listings(name, "sony dscw170 camera red"), OURS)
    assert found.abstained == 1
    assert not found.pairs["listing_id"].eq(1).any()
    assert found.unreadable == (len(name) < 8)


def test_missing_columns_are_asked_for_by_name_and_empty_frames_give_empty_frames() -> None:
    with pytest.raises(KeyError, match="'name'"):
        judge(listings("a lamp").drop(columns="name"), OURS)
    with pytest.raises(KeyError, match="'product_id'"):
        judge(listings("a lamp"), OURS.drop(columns="product_id"))
    for left, right in ((listings(), OURS), (listings("a lamp", "a mug"), products()), (listings(), products())):
        empty = judge(left, right)
        assert (len(empty.pairs), empty.abstained) == (0, len(left))


def test_mixed_types_and_gaps_are_read_as_text() -> None:
    ours = products("Kestrel X1000 monitor", None, 12345.0, brand=[None, float("nan"), 7], price_minor=[100, None, "x"])
    assert judge(listings("kestrel x1000 monitor", None), ours).unreadable == 2


@pytest.mark.slow
def test_a_catalogue_of_duplicates_costs_no_square() -> None:
    names = ["Kestrel Flux tablet black 64 GB"] * 4_000
    started = time.process_time()
    found = judge(listings(*names), products(*names))
    assert time.process_time() - started < 60
    assert found.pairs.groupby("listing_id").size().max() <= KEPT
    assert not found.pairs["state"].eq("confirmed").any()


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.text(max_size=30), max_size=6, unique_by=lambda text: compact(folded(text))),
    st.lists(st.text(max_size=30), max_size=6),
)
def test_any_text_is_judged_and_each_side_taken_once(theirs: list[str], ours: list[str]) -> None:
    found = judge(listings(*theirs), products(*ours)).pairs
    taken = found[found["state"].isin(["confirmed", "candidate"]) & found["flag"].eq("")]
    assert found["score"].between(0, 1).all()
    assert not taken["listing_id"].duplicated().any()
    assert not taken["product_id"].duplicated().any()


def test_candidates_are_the_nearest_in_order_and_bounded() -> None:
    left, right = read(listings("canon pixma ip2600", "q"), "listing_id"), read(OURS, "product_id")
    found = candidates(left, right, top=2)
    assert found["left"].tolist() == [0] * len(found)
    assert (len(found) <= 2, found["right"].iloc[0]) == (True, 3)
    assert found["near"].is_monotonic_decreasing


@given(arrays(np.float64, (4, 3), elements=st.floats(0.01, 1)))
def test_one_to_one_has_the_highest_sum(scores: Any) -> None:
    pairs = pd.DataFrame(combinations(range(4), range(3)), columns=["left", "right"])
    kept = one_to_one(pairs, scores.ravel())
    assert (pairs[kept]["left"].is_unique, pairs[kept]["right"].is_unique, int(kept.sum())) == (True, True, 3)
    ways = [sum(scores[row, place] for place, row in enumerate(rows)) for rows in combinations(range(4), repeat=3)
            if len(set(rows)) == 3]  # fmt: skip
    assert scores.ravel()[kept].sum() == pytest.approx(max(ways))


def test_states_follow_threshold_proof_veto_and_assignment() -> None:
    kept, vetoed, sure = (pd.Series([place != left for place in range(6)]) for left in (1, 2, 3))
    scores = np.array([0.99, 0.99, 0.99, 0.99, 0.5, 0.1])
    found = states(scores, kept, ~vetoed, sure & (scores >= 0.9), least=0.4)
    assert found.tolist() == ["confirmed", "rejected", "rejected", "candidate", "candidate", "abstained"]


def test_measures_of_quality_are_what_their_definitions_say() -> None:
    scores, labels = np.array([0.9, 0.8, 0.3, 0.1]), np.array([1.0, 0.0, 1.0, 0.0])
    assert f1(scores, labels, 0.5) == pytest.approx(0.5)
    assert best_threshold([scores], [labels]) <= 0.3
    assert lower_bound(600, 600) == pytest.approx(0.05 ** (1 / 600))
    assert calibration_error(np.array([0.25, 0.25, 0.25, 0.25]), np.array([1.0, 0, 0, 0])) == pytest.approx(0)
    many, right = np.linspace(1, 0, 2_000), np.ones(2_000)
    right[1_000:] = 0
    assert auto_threshold(many, right) == pytest.approx(many[1_000], abs=0.01)
    assert auto_threshold(scores, labels) > 1


def labelled(name: str, seed: int) -> Labelled:
    """Pairs of made names; what matches shares a code."""
    rng = np.random.default_rng(seed)
    codes = [f"{name}{number}" for number in rng.choice(9_000, 60, replace=False) + 1_000]
    words = [f"{rng.choice(BRANDS)} {rng.choice(KINDS)} {rng.choice(COLOURS)}" for _ in codes]
    left = read(listings(*(f"{code} {text}" for code, text in zip(codes, words, strict=True))), "listing_id")
    right = read(products(*(f"{text} {code}" for code, text in zip(codes, words, strict=True))), "product_id")
    pairs = candidates(left, right, 5)
    pairs = pairs.assign(label=pairs["left"].eq(pairs["right"]).astype(float), site=0)
    no = pd.Series(False, index=pairs.index)
    return Labelled(name, pairs, Comparison(left, right).features(pairs), rivals=True, vetoed=no, disputed=no)


def test_plain_trees_sum_to_what_the_library_says_and_survive_their_file() -> None:
    sets = [labelled("abc", 1), labelled("xyz", 2), labelled("qrs", 3)]
    scorer = fit(sets)
    again = load(scorer.as_json())
    np.testing.assert_allclose(again.log_odds(sets[0].features), scorer.log_odds(sets[0].features), atol=1e-3)
    assert load(again.as_json()).as_json() == again.as_json()
    assert fit(sets).as_json() == scorer.as_json()
    scores = again.score(sets[0].pairs, sets[0].features)
    assert f1(scores, sets[0].labels, again.match) > 0.9
    assert fit_own(sets[0]).columns


def test_one_set_alone_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="two sets"):
        fit([labelled("abc", 1)])


def test_trees_equal_the_model_they_are_taken_from() -> None:
    one = labelled("abc", 1)
    model, columns = boosted([one])
    features = one.features[list(columns)]
    np.testing.assert_allclose(
        plain_trees(model).raw(features.to_numpy()), model.decision_function(features), atol=1e-9
    )


@pytest.mark.parametrize(
    ("part", "value"),
    [("format", 1), ("alone", [1.0]), ("trees", {}), ("columns", []), ("match", None)],
)
def test_a_file_that_is_no_scorer_is_refused(part: str, value: Any) -> None:
    kept = json.loads(shipped().as_json())
    with pytest.raises(ValueError, match=r"scorer|calibration"):
        load(json.dumps({**kept, part: value}))


def test_the_shipped_scorer_is_small_and_knows_every_feature_it_reads() -> None:
    text = shipped().as_json()
    assert len(text) < 300_000
    left, right = read(listings("a lamp x1000"), "listing_id"), read(OURS, "product_id")
    pairs = pd.DataFrame({"left": [0, 0], "right": [0, 1]})
    assert set(shipped().columns) <= set(Comparison(left, right).features(pairs))
