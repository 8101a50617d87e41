"""Proposals: what asks for one, what it says, and when nothing of a run may be acted on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from pricevane.config import Guardrails, Rule
from pricing.propose import Proposed, check, propose
from tests.pricing_frames import START, observations, own, products, sales, series

MATCH = Rule(name="follow", action="match", reference="median")
RAILS = Guardrails(run_median_move=1.0)
CUT = series(1, [1000, 1000, 910]) + series(2, [1010] * 3) + series(3, [930] * 3)
AS_OF = START + timedelta(days=2, hours=2)


def run(
    rows: Iterable[dict[str, Any]] = CUT,
    rules: Iterable[Rule] = (MATCH,),
    rails: Guardrails = RAILS,
    days: float = 0,
    standing: Iterable[int] = (),
    **frames: pd.DataFrame,
) -> Proposed:
    told = {"own": own(), "products": products(), "sales": sales(), **frames}
    return propose(
        observations(rows),
        told["own"],
        told["products"],
        told["sales"],
        list(rules),
        rails,
        AS_OF + timedelta(days=days),
        set(standing),
    )


def test_a_rivals_move_gives_a_proposal_with_its_reason_rivals_and_facts() -> None:
    sold = sales(*({"units": 4, "sold_on": START.replace(tzinfo=None) - timedelta(days=day)} for day in range(1, 40)))
    (made,) = run(sales=sold).proposals.to_dict("records")
    assert (made["current_minor"], made["proposed_minor"], made["rule"]) == (1000, 949, "follow")
    assert made["reason"] == (
        "rival-1 cut its price from 10.00 to 9.10 EUR (-9.0 %) on 4 March; "
        "the median of 3 rivals is now 9.30 EUR, you are at 10.00 EUR."
    )
    assert made["trail"] == [["endings", 930, 949]]
    assert [(rival["site"], rival["price_minor"], rival["moved_from_minor"]) for rival in made["rivals"]] == [
        ("rival-1", 910, 1000),
        ("rival-3", 930, None),
        ("rival-2", 1010, None),
    ]
    assert made["effect"] == {
        "change_pct": -5.1,
        "margin_rate_before": 0.4,
        "margin_rate_after": 0.3678,
        "break_even_volume_pct": 14.6,
        "index_before": 107.5,
        "index_after": 102.0,
        "rank_before": 3,
        "rank_after": 3,
        "units_28d": 100,
    }
    assert made["score"] == pytest.approx(0.51 / 1.2 * 50)
    assert made["expires_at"] == AS_OF + timedelta(hours=48)
    json.dumps([made["trail"], made["rivals"], made["effect"]])


def test_a_proposal_that_a_guardrail_cut_short_says_which() -> None:
    rows = series(1, [1000, 1000, 910]) + series(2, [900] * 3) + series(3, [1100] * 3)
    (made,) = run(rows, rails=Guardrails(max_change=0.06, run_median_move=1)).proposals.to_dict("records")
    assert (made["proposed_minor"], made["binding"]) == (949, "greatest change")
    assert made["reason"].endswith("Limited by: greatest change.")


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("a rise while we are dearest", series(1, [900, 900, 950]) + series(2, [800] * 3)),
        ("a cut that leaves the median", series(1, [1000, 1000, 910]) + series(2, [900] * 3) + series(3, [905] * 3)),
        ("a first sighting", series(1, [None, None, 910]) + series(2, [900] * 3)),
        ("a correction", series(1, [1200, 910, 910]) + series(2, [900] * 3)),
        ("no move at all", series(1, [900] * 3) + series(2, [900] * 3)),
        ("an error", series(1, [1000, 1000, 9100]) + series(2, [900] * 3)),
        ("a move of a rival that is sold out", series(1, [1000, 1000, 910], availability="out_of_stock")),
        ("a move that was taken back to where it was contested", series(1, [1000, 910, 1600]) + series(2, [900] * 3)),
    ],
)
def test_only_an_accepted_move_that_still_counts_asks_for_a_change(what: str, rows: list[dict[str, Any]]) -> None:
    made = run(rows)
    assert made.proposals.empty, what
    assert made.blocked.empty


@pytest.mark.parametrize(("days", "proposed"), [(6.5, 1), (7.5, 0)])
def test_a_move_asks_for_seven_days(days: float, proposed: int) -> None:
    later = [
        {**row, "day": row["day"] + 3} for row in series(1, [910] * 8) + series(2, [1010] * 8) + series(3, [930] * 8)
    ]
    assert len(run([*CUT, *later], days=days).proposals) == proposed


@pytest.mark.parametrize(("hours", "proposed"), [(47, 1), (50, 0)])
def test_a_decision_or_a_price_change_of_ours_answers_the_moves_before_it(hours: float, proposed: int) -> None:
    at = START + timedelta(hours=hours)
    assert len(run(products=products({"decided_at": at})).proposals) == proposed
    rails = RAILS.model_copy(update={"cooldown_days": 0})
    history = own({"price_minor": 990}, {"valid_from": at, "price_minor": 1000})
    assert len(run(own=history, rails=rails).proposals) == proposed


def test_a_move_of_a_rival_that_the_rule_does_not_name_asks_for_nothing() -> None:
    named = MATCH.model_copy(update={"rivals": ("rival-2", "rival-3")})
    assert run(rules=[named]).proposals.empty


def test_a_missing_cost_blocks_and_says_so() -> None:
    made = run(products=products({"cost_minor": None}))
    assert made.proposals.empty
    assert made.blocked.to_dict("records") == [{"product_id": 1, "reason": "cost is missing"}]


def test_a_stale_price_is_not_proposed_on() -> None:
    assert run(days=2.5).proposals.empty


def many(moved: int, whole: int) -> dict[str, Any]:
    """`whole` products with three rivals; the first `moved` of them lose one rival's price, each a little other."""
    rows = []
    for number in range(1, whole + 1):
        last = 900 + number if number <= moved else 1000
        for site, prices in ((1, [1000, 1000, last]), (2, [940] * 3), (3, [930] * 3)):
            rows += series(10 * number + site, prices, site_id=site, site=f"rival-{site}", product_id=number)
    ids = range(1, whole + 1)
    return {
        "rows": rows,
        "own": own(*({"product_id": number} for number in ids)),
        "products": products(*({"product_id": number, "sku": f"S{number}"} for number in ids)),
    }


@pytest.mark.parametrize(("moved", "publication"), [(20, "published"), (21, "suspect")])
def test_a_run_with_too_many_proposals_is_held_whole(moved: int, publication: str) -> None:
    made = run(**many(moved, 60))
    assert len(made.proposals) == moved
    assert made.publication == publication
    assert ("a run may bring 20" in made.reason) is (publication == "suspect")
    assert run(**many(moved, 60), standing=[1]).publication == "published"


def test_a_run_with_a_large_median_move_is_held_whole() -> None:
    made = run(rails=Guardrails())
    assert (len(made.proposals), made.publication) == (1, "suspect")
    assert made.reason == "the median proposal changes its price by 5.1 %; a run may bring 4 %"


@pytest.mark.parametrize(("wrong", "counts"), [(1, True), (2, False)])
def test_a_rival_with_too_many_errors_today_raises_a_notice_and_sets_no_price(wrong: int, counts: bool) -> None:
    told = many(1, 20)
    for row in told["rows"]:
        if row["site_id"] == 3 and row["day"] == 2 and row["product_id"] > 20 - wrong:
            row["price_minor"] = 93 + 900 * (row["product_id"] == 20)
    told["rows"] = [{**row, "price_minor": 9300} if row["price_minor"] == 993 else row for row in told["rows"]]
    made = run(**told)
    notice = f"Prices of rival-3 do not count now: {wrong} of 20 prices are not believed."
    assert made.notices == (() if counts else (notice,))
    assert made.market.loc[made.market["product_id"] == 1, "rivals"].tolist() == [3 if counts else 2]


def test_proposals_come_with_the_most_money_at_stake_first() -> None:
    told = many(3, 3)
    sold = sales({"product_id": 2, "units": 90}, {"product_id": 3, "units": 5})
    assert run(**told, sales=sold).proposals["product_id"].tolist() == [2, 3, 1]


def test_every_proposal_passes_the_check_that_approval_makes() -> None:
    told = many(15, 15)
    made = run(**told)
    assert len(made.proposals) == 15
    for row in made.proposals.to_dict("records"):
        one = told["products"][told["products"]["product_id"] == row["product_id"]]
        assert check(one, told["own"], row["proposed_minor"], made.market, RAILS, AS_OF) == []


def test_running_again_on_the_same_facts_proposes_the_same() -> None:
    told = many(5, 8)
    pd.testing.assert_frame_equal(run(**told).proposals, run(**{**told, "rows": told["rows"][::-1]}).proposals)


def test_nothing_observed_gives_nothing() -> None:
    made = run([])
    assert made.proposals.empty
    assert made.blocked.empty
    assert (made.publication, made.notices, made.not_comparable) == ("published", (), {})
