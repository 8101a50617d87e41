"""Which pages are asked for again: rates learned from visits, what a visit is worth, and plans that keep a budget."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.recrawling.histories import Histories, of_rows
from benchmarks.recrawling.policies import ChoGarciaMolina, Counting, Ours, Policy, Ranking, learned
from benchmarks.recrawling.replay import replay
from benchmarks.recrawling.simulation import Market, stale_age
from spiders.find.priors import ALIKE, fit_prior, fit_shape
from spiders.find.rates import UNKNOWN, Prior, Rate, cho_garcia_molina
from spiders.find.recrawl import DUE_SHARE, EXPLORED_SHARE, Plan, next_kappa, plan
from spiders.find.signals import Signal
from spiders.find.units import Member, Unit, importance
from spiders.find.worth import age_index

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
WEEKLY = Prior(2.0, 14.0)
RATES = st.floats(1e-6, 50)
DAYS = st.floats(0.01, 400)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def page(number: int, days: float | None = 1.0, rate: Rate | None = None, weight: float = 1.0) -> Unit:
    """A listing's own page, read so many days ago."""
    seen = None if days is None else ago(days)
    return Unit(f"https://rival.example/p/{number}", (Member(f"p/{number}", rate or Rate(WEEKLY), weight, seen),))


def urls(planned: Plan) -> list[str]:
    return [one.url for one in planned.visits]


def index(rate: float, days: float) -> float:
    return float(age_index(np.array([rate]), np.array([days]))[0])


def integral(rate: float, days: float) -> float:
    s = np.linspace(0, days, 20_001)
    return float(np.trapezoid(s * -np.expm1(-rate * s), s))


@settings(deadline=None)
@given(RATES, DAYS)
def test_the_age_index_is_the_integral_of_s_times_the_chance_of_a_change_by_then(rate: float, days: float) -> None:
    assert index(rate, days) == pytest.approx(integral(rate, days), rel=1e-4)


@pytest.mark.parametrize("x", [0.0299999, 0.03, 1e-3, 1e-8])
def test_the_age_index_has_no_step_where_its_series_ends_and_no_noise_for_small_rates(x: float) -> None:
    closer = x / 3 - x**2 / 8 + x**3 / 30 - x**4 / 144
    assert index(x, 1.0) == pytest.approx(closer, rel=1e-8)


@settings(deadline=None)
@given(RATES, DAYS, st.floats(1.01, 3))
def test_the_age_index_grows_with_the_days_without_bound_and_with_the_rate(
    rate: float, days: float, times: float
) -> None:
    assert index(rate, days * times) > index(rate, days)
    assert index(rate * times, days) >= index(rate, days)
    assert index(rate, 1e6) > 1e5


@settings(deadline=None)
@given(st.floats(0.01, 5), st.floats(1, 60))
def test_the_best_interval_is_where_the_index_reaches_the_price_of_a_visit(rate: float, days: float) -> None:
    charge = index(rate, days)

    def daily_cost(interval: float) -> float:
        x = rate * interval
        stale = interval**2 / 2 - interval / rate - math.expm1(-x) / rate**2
        return (stale + charge) / interval

    assert daily_cost(days) <= min(daily_cost(days * 0.97), daily_cost(days * 1.03)) + 1e-9


def test_importance_follows_revenue_and_key_value_items_and_is_never_nothing() -> None:
    assert importance(300, 100, False) == 3.0
    assert importance(300, 100, True) == 9.0
    assert importance(0, 100, False) == 0.1
    assert importance(0, 0, False) == 1.0


def test_a_change_seen_late_counts_as_more_than_one() -> None:
    rate = Rate(Prior(1.0, 2.0))
    assert rate.after(True, 0).changes == 1.0
    assert rate.after(True, 4).changes == pytest.approx(2 / (1 - math.exp(-2)))
    assert rate.after(False, 4).mean < rate.mean < rate.after(True, 0.5).mean


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 30)), max_size=30))
def test_evidence_fades_to_the_prior_and_never_below_nothing(visits: list[tuple[bool, float]]) -> None:
    rate = Rate(WEEKLY)
    for changed, days in visits:
        rate = rate.after(changed, days)
        assert rate.changes >= 0
        assert rate.days >= days
    # No visit for ages says nothing: what is left of older ones is weighed against the new days alone.
    old = rate.after(False, 1e5)
    assert old.changes == pytest.approx(0, abs=1e-9)


def test_visits_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="order of time"):
        Rate(WEEKLY).after(True, -1.0)


def test_daily_visits_teach_what_the_whole_history_does() -> None:
    days, changed = 400, {3, 90, 91, 200, 333, 399}
    visited = Rate(WEEKLY)
    for day in range(1, days + 1):
        visited = visited.after(day in changed, 1.0)
    whole = Rate.from_history(WEEKLY, [days - day for day in changed], days)
    assert visited.mean == pytest.approx(whole.mean, rel=0.1)


@pytest.mark.parametrize("truth", [0.02, 0.15, 0.6])
def test_the_rate_is_found_from_rare_and_uneven_visits(truth: float) -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(40):
        rate = Rate(Prior(0.5, 5.0))
        for days in rng.uniform(1, 6, 150):
            rate = rate.after(rng.random() < -math.expm1(-truth * days), float(days))
        found.append(rate.mean)
    assert np.mean(found) == pytest.approx(truth, rel=0.25)


@pytest.mark.parametrize("shape", [0.5, 2.0])
def test_the_prior_of_a_site_is_that_of_its_pages(shape: float) -> None:
    rng = np.random.default_rng(2)
    rates = rng.gamma(shape, 0.05 / shape, 4000)
    prior = fit_prior(("", float(rng.poisson(rate * 200)), 200.0) for rate in rates)[""]
    assert prior.mean == pytest.approx(0.05, rel=0.1)
    assert prior.shape == pytest.approx(shape, rel=0.3)


def test_a_category_watched_little_is_drawn_to_its_site_and_one_watched_long_keeps_its_own_rate() -> None:
    pages = [("toys", 20.0, 100.0)] * 50 + [("salt", 1.0, 100.0)] * 50 + [("new", 1.0, 2.0)]
    priors = fit_prior(pages)
    assert priors["toys"].mean == pytest.approx(0.2, rel=0.05)
    assert priors["salt"].mean == pytest.approx(0.01, rel=0.1)
    assert priors[""].mean < priors["new"].mean < 0.5


def test_without_any_evidence_the_prior_is_a_guess_and_still_useful() -> None:
    assert fit_prior([])[""].mean == pytest.approx(UNKNOWN.mean)
    assert fit_prior([("a", 0.0, 50.0)] * 9)["a"].mean > 0
    assert fit_shape([(5.0, 5.0)] * 30) == ALIKE


@pytest.mark.parametrize(
    ("visits", "changes", "interval", "expected"),
    [
        (10, 0, 1, 0.0),
        (10, 10, 1, math.log(21)),
        (10, 5, 1, math.log(10.5 / 5.5)),
        (10, 5, 7, math.log(10.5 / 5.5) / 7),
    ],
)
def test_cho_and_garcia_molina_estimate_is_theirs(visits: int, changes: int, interval: int, expected: float) -> None:
    assert cho_garcia_molina(visits, changes, interval) == pytest.approx(expected)


@pytest.mark.parametrize(("visits", "changes", "interval"), [(3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_counts_that_cannot_be_are_refused(visits: int, changes: int, interval: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        cho_garcia_molina(visits, changes, interval)


def taught(precision: float, false_alarms: float, visits: int = 400) -> Signal:
    """A signal that told so many of the changes, at a change in ten visits."""
    rng = np.random.default_rng(3)
    signal = Signal()
    for _ in range(visits):
        changed = bool(rng.random() < 0.1)
        signal = signal.after(bool(rng.random() < (precision if changed else false_alarms)), changed)
    return signal


def test_a_signal_is_believed_as_far_as_it_has_predicted() -> None:
    assert Signal().chance == 0.0
    assert Signal().after(True, True).chance < 0.5
    assert taught(0.9, 0.0).chance > 0.8
    assert taught(0.5, 0.5).chance < 0.12
    good = taught(0.9, 0.0)
    assert good.precision == 1.0
    assert good.recall == pytest.approx(0.9, abs=0.1)


def test_a_signal_that_stops_predicting_is_forgotten() -> None:
    signal = taught(0.9, 0.0)
    for _ in range(600):
        signal = signal.after(True, False)
    assert signal.chance < 0.1


def test_a_signal_raises_a_page_and_never_lowers_it() -> None:
    pages = [page(number, 2.0) for number in range(40)]
    (told,) = pages[7].members
    pages[7] = replace(pages[7], members=(replace(told, chance=0.9),))
    first = plan(pages, 10, NOW, 1).visits[0]
    assert first.url == pages[7].url
    assert first.reason == "likely changed (90%)"
    lively = page(99, 2.0, Rate(Prior(20.0, 10.0)))
    (member,) = lively.members
    doubted = replace(lively, members=(replace(member, chance=0.01),))
    assert plan([lively], 1, NOW, 1).visits[0].worth == plan([doubted], 1, NOW, 1).visits[0].worth


UNITS = st.lists(
    st.builds(
        lambda key, many, cost, days: Unit(
            f"https://rival.example/{key}",
            tuple(Member(f"{(key + step) % 20}", Rate(WEEKLY), 1.0, days and ago(days)) for step in range(many)),
            cost,
        ),
        st.integers(0, 19),
        st.integers(1, 6),
        st.sampled_from([0.5, 1.0, 3.0]),
        st.none() | st.floats(0.01, 90),
    ),
    max_size=30,
    unique_by=lambda unit: unit.url,
)


@settings(deadline=None)
@given(UNITS, st.floats(0, 40), st.integers(0, 99))
def test_a_plan_keeps_its_budget_and_names_no_page_twice(units: list[Unit], budget: float, seed: int) -> None:
    planned = plan(units, budget, NOW, seed)
    costs = {unit.url: unit.cost for unit in units}
    assert sum(costs[url] for url in urls(planned)) <= budget + 1e-9
    assert len(set(urls(planned))) == len(planned.visits)
    assert planned == plan(units, budget, NOW, seed)


@settings(deadline=None)
@given(UNITS)
def test_with_budget_enough_every_listing_is_read(units: list[Unit]) -> None:
    planned = set(urls(plan(units, 1000, NOW, 1)))
    read = {member.key for unit in units if unit.url in planned for member in unit.members}
    assert read == {member.key for unit in units for member in unit.members}


def test_livelier_heavier_and_longer_unread_pages_come_first() -> None:
    still, lively = Rate(WEEKLY, 0.0, 100.0), Rate(WEEKLY, 30.0, 100.0)
    units = [page(1, 3.0, still), page(2, 3.0, lively), page(3, 3.0, still, weight=50.0), page(4, 30.0, still)]
    order = urls(plan(units, 100, NOW, 1))
    assert set(order[:3]) == {units[1].url, units[2].url, units[3].url}
    assert order[-1] == units[0].url


def test_new_and_overdue_pages_come_first_but_starve_no_known_one() -> None:
    new = [page(number, None) for number in range(50)]
    overdue = [page(number, 31.0) for number in range(50, 55)]
    overdue = [Unit(one.url, (replace(one.members[0], greatest_days=30.0),)) for one in overdue]
    known = [page(number, 40.0, weight=9.0) for number in range(100, 120)]
    planned = plan(new + overdue + known, 40, NOW, 1)
    reasons = Counter(one.reason for one in planned.visits[: int(40 * DUE_SHARE)])
    assert reasons == {"due: greatest interval of 30 days": 5, "never read": 15}
    assert {one.url for one in planned.visits} >= {unit.url for unit in known[:15]}


def test_a_listing_page_is_worth_its_members_and_makes_their_own_pages_needless() -> None:
    products = [page(number, 5.0) for number in range(48)]
    listing = Unit("https://rival.example/c/all", tuple(unit.members[0] for unit in products[:40]))
    planned = plan([*products, listing], 100, NOW, 1)
    assert urls(planned)[0] == listing.url
    assert set(urls(planned)[1:]) == {unit.url for unit in products[40:]}
    dear = replace(listing, cost=400.0)
    assert dear.url not in urls(plan([*products, dear], 100, NOW, 1))


def test_a_unit_dearer_than_what_is_left_holds_up_no_other() -> None:
    feed = Unit("https://rival.example/feed", tuple(page(number, 50.0).members[0] for number in range(100, 200)), 30.0)
    pages = [page(number, 5.0) for number in range(40)]
    assert urls(plan([feed, *pages], 60, NOW, 1))[0] == feed.url
    planned = urls(plan([feed, *pages], 20, NOW, 1))
    assert len(planned) == 20
    assert feed.url not in planned


def test_a_share_is_explored_and_the_seed_says_which() -> None:
    units = [page(number, 1 + number / 1000) for number in range(2000)]
    planned = plan(units, 200, NOW, 1)
    tried = [one.url for one in planned.visits if one.reason == "exploration"]
    assert len(tried) == pytest.approx(200 * EXPLORED_SHARE, abs=1)
    assert set(tried) != {one.url for one in plan(units, 200, NOW, 2).visits if one.reason == "exploration"}
    # One request a day explores one day in twenty.
    days = [plan(units, 1, NOW, seed).visits[0].reason == "exploration" for seed in range(200)]
    assert 3 <= sum(days) <= 20


def test_kappa_leaves_out_what_is_worth_less_but_for_new_overdue_and_explored_pages() -> None:
    units = [page(number, 1 + number / 10) for number in range(100)]
    planned = plan(units, 40, NOW, 1)
    chosen = [one for one in planned.visits if one.reason != "exploration"]
    assert planned.kappa == min(one.worth for one in chosen)
    dearer = plan(units, 40, NOW, 1, kappa=planned.kappa * 2)
    assert 0 < len([one for one in dearer.visits if one.reason != "exploration"]) < len(chosen)
    assert all(one.worth >= planned.kappa * 2 for one in dearer.visits if one.reason != "exploration")
    assert plan([*units, page(999, None)], 40, NOW, 1, kappa=1e9).visits[0].reason == "never read"


@pytest.mark.parametrize("start", [2.0, 100.0])
def test_the_controller_brings_continuous_planning_to_its_budget(start: float) -> None:
    rng = np.random.default_rng(4)
    rates, weights = rng.gamma(0.7, 0.1, 3000) + 1e-4, rng.lognormal(0, 1, 3000)
    unseen, kappa, spent = rng.uniform(0, 10, 3000), start, []
    for _ in range(600):
        due = weights * age_index(rates, unseen) >= kappa
        spent.append(int(due.sum()))
        kappa = next_kappa(kappa, spent[-1], 75)
        unseen = np.where(due, 0.0, unseen) + 0.25
    assert np.mean(spent[400:]) == pytest.approx(75, rel=0.03)
    assert all(30 < many < 130 for many in spent[400:])


def test_a_controller_without_a_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="pause the site"):
        next_kappa(1.0, 5, 0)


def test_no_page_starves_however_still_and_unimportant_it_is() -> None:
    units = [page(number, 0.0, Rate(WEEKLY, 20.0, 40.0), 5.0) for number in range(30)]
    units.append(page(30, 0.0, Rate(WEEKLY, 0.0, 2000.0), 0.1))
    seen = dict.fromkeys((unit.url for unit in units), NOW)
    now, waited = NOW, 0.0
    for day in range(150):
        now += timedelta(days=1)
        aged = [replace(unit, members=(replace(unit.members[0], seen_at=seen[unit.url]),)) for unit in units]
        waited = max(waited, (now - min(seen.values())).total_seconds() / 86400)
        seen |= dict.fromkeys(urls(plan(aged, 4, now, day)), now)
    assert waited <= 60


def test_a_hundred_thousand_pages_are_planned_in_a_second_or_two() -> None:
    units = [page(number, 1 + number % 9) for number in range(100_000)]
    began = time.process_time()
    assert len(plan(units, 10_000, NOW, 1).visits) == 10_000
    assert time.process_time() - began < 3


@pytest.fixture
def histories() -> Histories:
    """Two pages over ten days from 2021-01-01: one changes on days 4, 6 and 9, the other on day 5."""
    first = [["2021-01-01", 1.0], ["2021-01-05", 2.0], ["2021-01-07", 1.0], ["2021-01-10", 3.0]]
    second = [["2021-01-01", 5.0], ["2021-01-06", 4.0]]
    rows = [
        {"store": "s", "category": "a", "history": first},
        {"store": "s", "category": "b", "history": second},
    ]
    return of_rows(rows)


def test_a_replay_counts_what_visits_saw_and_how_late(histories: Histories) -> None:
    # One page a day in turn, by lot the second one first: it is seen on days 3, 5, 7, 9, the other on 4, 6, 8.
    tally = replay(histories, Ranking(2, seed=1), 0.5, 2, 10)
    assert tally.changes.tolist() == [3, 1]
    assert tally.days.tolist() == [8, 8]
    assert tally.caught.tolist() == [2, 1]
    assert tally.delay_days.tolist() == [1, 0]
    assert tally.right.tolist() == [7, 8]


def test_a_replay_of_every_day_catches_all_at_once(histories: Histories) -> None:
    figures = replay(histories, Ranking(2, seed=1), 1.0, 2, 10).figures()
    assert figures == {"caught": 1.0, "freshness": 1.0, "delay_days": 0.0}


def test_policies_learn_the_same_days_and_never_look_ahead(histories: Histories) -> None:
    later = Histories(histories.first_on, histories.cents.copy(), histories.categories)
    later.cents[:, 8:] += 100
    assert learned(histories, 8) == learned(later, 8)
    assert (Counting(histories, 8, 1).rates == Counting(later, 8, 1).rates).all()
    assert ChoGarciaMolina(histories, 8, 1).rates == pytest.approx([-math.log(5.5 / 7.5), -math.log(6.5 / 7.5)])


def test_histories_are_days_of_prices(histories: Histories) -> None:
    assert histories.day(date(2021, 1, 5)) == 4
    assert [np.flatnonzero(row).tolist() for row in histories.changed] == [[4, 6, 9], [5]]
    assert histories.categories == ("s > a", "s > b")


def test_planning_by_value_leaves_at_most_two_fifths_of_the_stale_age_of_visits_in_turn() -> None:
    market = Market.of(600, 3)
    ours: Policy = Ours([Rate(UNKNOWN)] * 600, market.weights, 3)
    assert stale_age(market, ours, 3) <= 0.4 * stale_age(market, Ranking(600, 3), 3)


@pytest.mark.slow
def test_without_the_data_the_benchmark_says_so_and_still_simulates(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    command = [sys.executable, "-W", "error", "-m", "benchmarks.recrawl", "--quick"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "absent"), "--json", str(path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(path.read_text("utf-8"))
    assert any(reason.startswith("recrawl: real prices, there is no price_histories") for reason in told["skipped"])
    assert not any(name.startswith("caught") for name in told["figures"])
    assert 0 < told["figures"]["sim_stale_age_over_uniform_oracle"] < 1
    assert told["figures"]["sim_stale_age_over_uniform"] <= 0.4
