"""Guardrails: no price leaves them, the trail tells which bound, and what forbids any change is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricevane.config import Guardrails
from pricing.cases import Case, cases
from pricing.guardrails import broken, clamp
from pricing.market import eligible, market
from pricing.propose import check
from pricing.screen import screen
from tests.pricing_frames import START, observations, own, products, series

USUAL = Guardrails()
FREE = Guardrails(endings=(), max_change=1.0, max_change_30d=1.0)
CASE = Case(
    product_id=1,
    currency="EUR",
    own_minor=1000,
    own_currency="EUR",
    month_ago_minor=1000,
    changed_at=None,
    changes_30d=0,
    cost=500,
    rrp_minor=None,
    legal_floor_minor=None,
    floor_margin_bp=None,
    vat_bp=2000,
    stock=5,
    key_value_item=False,
    highest_minor=1200,
    rivals=3,
)


@pytest.mark.parametrize(
    ("change", "target", "price", "binding"),
    [
        ({}, 950, 950, ""),
        ({}, 700, 900, "greatest change"),
        ({}, 1300, 1100, "greatest change"),
        ({"month_ago_minor": 1060}, 700, 901, "greatest change in 30 days"),
        ({"cost": 780}, 920, 965, "floor"),
        ({"legal_floor_minor": 933}, 905, 933, "floor"),
        ({"floor_margin_bp": 3500}, 905, 924, "floor"),
        ({"rrp_minor": 1050}, 1090, 1050, "ceiling"),
        ({"highest_minor": 970}, 1090, 1067, "ceiling"),
        ({"rrp_minor": 1100, "highest_minor": 900}, 1090, 1090, ""),
    ],
)
def test_the_tightest_guardrail_has_the_last_word(
    change: dict[str, Any], target: int, price: int, binding: str
) -> None:
    clamped = clamp(replace(CASE, **change), target, "match", USUAL.model_copy(update={"endings": ()}), START)
    assert (clamped.price, clamped.binding) == (price, binding)
    assert [step[1] for step in clamped.trail][:1] == ([target] if binding else [])
    assert [step[2] for step in clamped.trail][-1:] == ([price] if binding else [])


@pytest.mark.parametrize(
    ("change", "target", "blocked"),
    [
        ({"cost": None}, 900, "cost is missing"),
        ({"own_currency": "USD"}, 900, "own price and cost are in different currencies"),
        ({"changed_at": START - timedelta(days=6)}, 900, "cool-down"),
        ({"changed_at": START - timedelta(days=2), "key_value_item": True}, 900, "cool-down"),
        ({"changes_30d": 2}, 900, "changes in 30 days"),
        ({"stock": 0}, 900, "own stock is out"),
        ({"cost": 950}, 900, "by floor and greatest change"),
        ({"cost": 900, "rrp_minor": 1050}, 900, "by floor and ceiling"),
        ({"cost": 806}, 900, "by floor"),
        ({"cost": 830}, 900, "by floor"),
        ({"own_minor": 80, "month_ago_minor": 80, "cost": 20, "highest_minor": 99}, 70, "by endings"),
    ],
)
def test_a_blocked_change_says_by_what(change: dict[str, Any], target: int, blocked: str) -> None:
    clamped = clamp(replace(CASE, **change), target, "match", USUAL, START)
    assert clamped.price is None
    assert clamped.blocked.split(":")[0] == blocked


@pytest.mark.parametrize(
    ("change", "target"),
    [
        ({"changed_at": START - timedelta(days=7)}, 949),
        ({"changed_at": START - timedelta(days=3), "key_value_item": True}, 949),
        ({"changes_30d": 9, "key_value_item": True}, 949),
        ({"stock": 0}, 1049),
        ({"stock": None}, 949),
    ],
)
def test_what_no_longer_forbids_a_change_lets_it_through(change: dict[str, Any], target: int) -> None:
    assert clamp(replace(CASE, **change), target, "match", USUAL, START).price == target


@pytest.mark.parametrize("target", [996, 1000, 1004])
def test_a_change_under_the_least_move_is_neither_proposed_nor_blocked(target: int) -> None:
    clamped = clamp(replace(CASE, cost=None), target, "match", USUAL, START)
    assert (clamped.price, clamped.blocked) == (None, "")


@pytest.mark.parametrize(
    ("target", "action", "price"),
    [
        (930, "match", 949),
        (951, "match", 949),
        (969, "match", 949),
        (970, "match", 990),
        (1010, "match", None),
        (1060, "match", 1049),
        (951, "beat", 949),
        (948, "beat", None),
        (1060, "stay_above", 1090),
    ],
)
def test_prices_get_the_nearest_ending_that_keeps_the_rule(target: int, action: str, price: int | None) -> None:
    assert clamp(CASE, target, action, Guardrails(max_change=0.099), START).price == price


def test_endings_are_for_currencies_with_cents() -> None:
    yen = replace(CASE, currency="JPY", own_currency="JPY")
    assert clamp(yen, 951, "match", USUAL, START).price == 951


def test_a_guardrail_that_turns_the_change_round_gives_no_proposal() -> None:
    clamped = clamp(replace(CASE, cost=836), 950, "match", FREE, START)
    assert (clamped.price, clamped.blocked) == (None, "by floor")


AMOUNT = st.integers(50, 50_000)
CASES = st.builds(
    lambda own_minor, past, cost, rrp, legal, margin, highest, change, days: replace(
        CASE,
        own_minor=own_minor,
        month_ago_minor=max(1, own_minor * past // 100),
        cost=own_minor * cost // 120,
        rrp_minor=rrp and own_minor * rrp // 100,
        legal_floor_minor=legal and own_minor * legal // 100,
        floor_margin_bp=margin,
        highest_minor=own_minor * highest // 100,
        changes_30d=change,
        changed_at=START - timedelta(days=days),
    ),
    AMOUNT,
    st.integers(80, 125),
    st.integers(1, 130),
    st.none() | st.integers(80, 150),
    st.none() | st.integers(50, 110),
    st.none() | st.integers(0, 9_999),
    st.integers(60, 160),
    st.integers(0, 3),
    st.integers(0, 20),
)
RAILS = st.builds(
    Guardrails,
    landed_cost_factor=st.sampled_from([1.0, 1.03, 1.1]),
    cap_market_factor=st.sampled_from([1.0, 1.1, 1.5]),
    max_change=st.sampled_from([0.0, 0.05, 0.1, 0.3]),
    max_change_30d=st.sampled_from([0.05, 0.15, 0.5]),
    least_move=st.sampled_from([0.0, 0.005, 0.02]),
    endings=st.sampled_from([(), (99,), (99, 95, 90, 49), (0, 50)]),
)


def respects(case: Case, price: int, rails: Guardrails, as_of: datetime) -> list[bool]:
    """Every guardrail told again in major units, without the product's own code."""
    shown, ours, ago = (Decimal(minor) / 100 for minor in (price, case.own_minor, case.month_ago_minor))
    net = Decimal(case.cost or 0) / 100 * Decimal("1.2")
    margin = 1 - Decimal(case.floor_margin_bp or 0) / 10_000
    ceiling = case.rrp_minor or Decimal(case.highest_minor or 0) * Decimal(str(rails.cap_market_factor))
    return [
        abs(shown / ours - 1) <= Decimal(str(rails.max_change)),
        abs(shown / ago - 1) <= Decimal(str(rails.max_change_30d)),
        shown >= net * Decimal(str(rails.landed_cost_factor)),
        case.floor_margin_bp is None or shown * margin >= net,
        price >= (case.legal_floor_minor or 0),
        price <= ceiling,
        abs(shown - ours) >= max(ours * Decimal(str(rails.least_move)), Decimal("0.05")),
        not rails.endings or price % 100 in rails.endings,
        case.changed_at is None or as_of - case.changed_at >= timedelta(days=7),
        case.changes_30d < 2,
    ]


@settings(max_examples=500, deadline=None)
@given(CASES, st.integers(30, 200), st.sampled_from(["match", "beat", "stay_above"]), RAILS)
def test_no_proposal_ever_breaks_a_guardrail(case: Case, share: int, action: str, rails: Guardrails) -> None:
    target = case.own_minor * share // 100
    clamped = clamp(case, target, action, rails, START)
    if clamped.price is None:
        return
    assert all(respects(case, clamped.price, rails, START))
    assert broken(case, clamped.price, rails, START) == []
    assert (clamped.price > case.own_minor) == (target > case.own_minor)


@settings(max_examples=300, deadline=None)
@given(CASES, st.integers(30, 200), RAILS)
def test_a_broken_guardrail_is_named_and_only_then(case: Case, share: int, rails: Guardrails) -> None:
    price = max(1, case.own_minor * share // 100)
    assert (broken(case, price, rails, START) == []) is all(respects(case, price, rails, START))


def test_the_history_of_our_price_feeds_cool_down_and_caps() -> None:
    history = own(
        {"valid_from": START - timedelta(days=90), "price_minor": 900},
        {"valid_from": START - timedelta(days=40), "price_minor": 1100},
        {"valid_from": START - timedelta(days=20), "price_minor": 1000},
        {"valid_from": START - timedelta(days=10), "price_minor": 1000},
        {"valid_from": START + timedelta(days=1), "price_minor": 700},
    )
    empty = market(eligible(accepted(), {}, USUAL, START), history, products(), USUAL, START)
    case = cases(products(), history, empty, START)[1]
    assert (case.own_minor, case.month_ago_minor, case.changes_30d) == (1000, 1100, 1)
    assert case.changed_at == START - timedelta(days=20)


def accepted() -> Any:
    return screen(observations(series(1, [1000, 1000])), own(), START + timedelta(days=1)).accepted


def test_check_names_what_a_price_breaks_now_and_asks_for_a_fresh_rival_price() -> None:
    now, later = START + timedelta(days=1, hours=1), START + timedelta(days=4)
    fresh, old = (market(eligible(accepted(), {}, USUAL, at), own(), products(), USUAL, at) for at in (now, later))
    assert check(products(), own(), 949, fresh, USUAL, now) == []
    assert check(products(), own(), 700, fresh, USUAL, now) == [
        "greatest change",
        "greatest change in 30 days",
        "endings",
    ]
    assert check(products({"cost_minor": None}), own(), 949, fresh, USUAL, now) == ["cost is missing"]
    assert check(products(), own(), 949, old, USUAL, later) == ["no fresh rival price"]
    assert check(products({"product_id": 2}), own(), 949, fresh, USUAL, now) == ["own price is missing"]
