"""The market's figures, the rules' references and targets, and what is left out of both."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from pricevane.config import Guardrails, Rule
from pricevane.model import EXPONENTS
from pricing import money
from pricing.market import eligible, market
from pricing.rules import chosen, fitting, targets
from pricing.screen import screen
from tests.pricing_frames import START, observations, own, products, series

RAILS = Guardrails()
AS_OF = START + timedelta(days=1, hours=1)


def prices(
    *rows: dict[str, Any], out: dict[str, str] | None = None, as_of: datetime = AS_OF, days: int = 2
) -> pd.DataFrame:
    """Eligible prices: a listing per row, seen unchanged every day."""
    told = [
        line
        for number, row in enumerate(rows, 1)
        for line in series(number, [row["price_minor"]] * days, **{k: v for k, v in row.items() if k != "price_minor"})
    ]
    return eligible(screen(observations(told), own(), as_of).accepted, out or {}, RAILS, as_of)


FOUR = ({"price_minor": 900}, {"price_minor": 951}, {"price_minor": 1100}, {"price_minor": 1150})


def test_the_market_of_a_product_in_figures() -> None:
    row = market(prices(*FOUR), own(), products(), RAILS, AS_OF).iloc[0]
    assert row[["own_minor", "rivals", "lowest_minor", "highest_minor"]].tolist() == [1000, 4, 900, 1150]
    assert (row["average_minor"], row["median_minor"], row["rank"]) == (1025, 1026, 3)
    assert row["index"] == pytest.approx(100 * 1000 / 1026)


def test_a_rival_with_many_listings_counts_once_with_its_lowest() -> None:
    many = [{"price_minor": price, "site_id": 1, "site": "rival-1"} for price in (900, 1000, 1100)]
    row = market(prices(*many, {"price_minor": 1000, "site_id": 2}), own(), products(), RAILS, AS_OF).iloc[0]
    assert (row["rivals"], row["lowest_minor"], row["median_minor"]) == (2, 900, 950)


def test_old_contested_and_held_prices_are_left_out_and_counted() -> None:
    told = (
        series(1, [1000, None, 1000])
        + series(2, [1000, None, None])
        + series(3, [1000, 1000, 9000])
        + series(4, [1000, 1000, 1000])
    )
    as_of = START + timedelta(days=2, hours=1)
    accepted = screen(observations(told), own(), as_of).accepted
    left = eligible(accepted, {"rival-4": "why"}, RAILS, as_of)
    assert left["left_out"].tolist() == ["", "too old", "contested", "site held"]
    row = market(left, own(), products(), RAILS, as_of).iloc[0]
    assert (row["rivals"], row["not_comparable"], row["stale"]) == (1, 2, 1)


def test_a_product_without_rivals_has_an_empty_market() -> None:
    row = market(prices(*FOUR), own(), products({}, {"product_id": 2}), RAILS, AS_OF).iloc[1]
    assert row["rivals"] == 0
    assert row[["own_minor", "median_minor", "rank", "index"]].isna().all()


def target(
    rule: Rule, rows: tuple[dict[str, Any], ...] = FOUR, product: dict[str, Any] | None = None
) -> dict[str, Any]:
    ours, seen = products(product or {}), prices(*rows)
    now = market(seen, own(), ours, RAILS, AS_OF)
    (row,) = targets(ours, now, chosen(ours, seen, [rule]), [rule]).to_dict("records")
    return {str(name): value for name, value in row.items()}


def ruled(**settings: Any) -> Rule:
    return Rule(**{"name": "r", "action": "match", **settings})


@pytest.mark.parametrize(
    ("settings", "reference", "wanted"),
    [
        ({"reference": "lowest"}, 900, 900),
        ({"reference": "highest"}, 1150, 1150),
        ({"reference": "average"}, 1025, 1025),
        ({"reference": "median"}, 1026, 1026),
        ({"reference": "named", "rivals": ("rival-2",)}, 951, 951),
        ({"reference": "median", "rivals": ("rival-1", "rival-3")}, 1000, 1000),
        ({"reference": "rrp"}, 1300, 1300),
        ({"reference": "cost"}, 600, 600),
        ({"reference": "lowest", "action": "beat", "by_pct": Decimal(1)}, 900, 891),
        ({"reference": "lowest", "action": "beat", "by_amount": Decimal("0.01")}, 900, 899),
        ({"reference": "named", "rivals": ("rival-2",), "action": "beat", "by_pct": Decimal("0.5")}, 951, 946),
        ({"reference": "named", "rivals": ("rival-2",), "action": "stay_above", "by_pct": Decimal("0.5")}, 951, 956),
        ({"reference": "median", "action": "index", "index": Decimal(98)}, 1026, 1005),
        ({"reference": "cost", "action": "stay_above", "by_pct": Decimal(50)}, 600, 900),
        ({"reference": "lowest", "direction": "up"}, 900, 1000),
        ({"reference": "highest", "direction": "up"}, 1150, 1150),
        ({"reference": "highest", "direction": "down"}, 1150, 1000),
    ],
)
def test_a_rule_makes_its_target_of_its_reference(settings: dict[str, Any], reference: int, wanted: int) -> None:
    found = target(ruled(**settings), product={"rrp_minor": 1300})
    assert (found["reference_minor"], found["target_minor"], found["blocked"]) == (reference, wanted, "")


@pytest.mark.parametrize(
    ("settings", "blocked"),
    [
        ({"min_rivals": 5}, "fewer than 5 comparable rivals"),
        ({"rivals": ("rival-9",)}, "no comparable rival"),
        ({"reference": "rrp"}, "RRP is missing"),
        ({"reference": "cost"}, "cost is missing"),
    ],
)
def test_a_rule_without_its_reference_says_what_is_missing(settings: dict[str, Any], blocked: str) -> None:
    found = target(ruled(**settings), product={"cost_minor": None})
    assert found["blocked"] == blocked
    assert pd.isna(found["target_minor"])


@pytest.mark.parametrize(
    ("availability", "counts"),
    [("in_stock", True), ("low_stock", True), ("unknown", True), ("out_of_stock", False), ("backorder", False)],
)
def test_rivals_that_cannot_deliver_count_only_where_the_rule_says_so(availability: str, counts: bool) -> None:
    rows = ({"price_minor": 900, "availability": availability}, {"price_minor": 1000})
    assert target(ruled(reference="lowest"), rows)["target_minor"] == (900 if counts else 1000)
    assert target(ruled(reference="lowest", in_stock_only=False), rows)["target_minor"] == 900


def test_a_price_that_was_seen_once_is_in_the_market_but_sets_no_price() -> None:
    once = prices(*FOUR, days=1, as_of=START + timedelta(hours=1))
    ours = products()
    assert market(once, own(), ours, RAILS, START + timedelta(hours=1))["rivals"].tolist() == [4]
    assert chosen(ours, once, [ruled()]).empty


def test_the_first_rule_that_fits_is_used() -> None:
    rules = [
        ruled(name="kvi", key_value_items=True),
        ruled(name="coffee", categories=("Coffee",)),
        ruled(name="others", key_value_items=False, categories=("Tea", "Coffee")),
    ]
    ours = products(
        {"product_id": 1, "category": "Coffee", "key_value_item": True},
        {"product_id": 2, "category": "Coffee"},
        {"product_id": 3, "category": "Tea"},
        {"product_id": 4, "category": "Toys"},
    )
    assert fitting(ours, rules).tolist() == [0, 1, 2, -1]


def test_hold_asks_for_nothing() -> None:
    ours, seen = products(), prices(*FOUR)
    rules = [ruled(action="hold")]
    assert targets(ours, market(seen, own(), ours, RAILS, AS_OF), chosen(ours, seen, rules), rules).empty


def test_money_agrees_with_the_house_on_decimals() -> None:
    assert money.EXPONENTS == EXPONENTS
