"""The simulated market's truth: worlds are repeatable and plausible, and wrong exactly where they say so."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from statistics import median

import pytest

from pricevane.market import Market, Shown, World
from pricevane.model import gtin14

LONG = 60


@pytest.fixture(scope="module")
def world() -> World:
    """The default world."""
    return World()


@pytest.fixture(scope="module")
def long_world() -> World:
    """Two months of the default world."""
    return World(days=LONG)


@pytest.fixture(scope="module")
def products(world: World) -> list[dict[str, str]]:
    """The rows of our products file."""
    return list(csv.DictReader(io.StringIO(world.products_csv())))


def histories(world: World) -> dict[tuple[str, str], list[Shown]]:
    """Each listing's days in order."""
    days: defaultdict[tuple[str, str], list[Shown]] = defaultdict(list)
    for day in range(world.days):
        for shown in world.truth(day):
            days[shown.shop, shown.path].append(shown)
    return days


def test_equal_seeds_make_equal_worlds_and_others_do_not(world: World) -> None:
    twin, other = World(), World(seed=8)
    assert [twin.truth(day) for day in range(8)] == [world.truth(day) for day in range(8)]
    assert (twin.products_csv(), twin.sales_csv()) == (world.products_csv(), world.sales_csv())
    assert other.truth(0) != world.truth(0)


def test_a_longer_world_begins_like_a_shorter_one(world: World, long_world: World) -> None:
    assert [long_world.truth(day) for day in range(8)] == [world.truth(day) for day in range(8)]


def test_a_day_outside_the_world_is_refused(world: World) -> None:
    for day in (-1, world.days):
        with pytest.raises(IndexError, match="0 to 7"):
            world.truth(day)
        with pytest.raises(IndexError):
            Market(world, day=day)


def test_shops_list_about_as_much_as_planned_and_something_we_do_not_carry(world: World) -> None:
    sizes = Counter(shown.shop for shown in world.truth(0))
    assert sizes == {"north": 200, "boutique": 180, "plainshop": 160, "scriptshop": 26}
    assert {shown.shop for shown in world.truth(0) if not shown.sku} == set(sizes)
    assert len({(shown.shop, shown.path) for shown in world.truth(0)}) == sum(sizes.values())


def test_gtins_are_valid_and_unique(world: World, products: list[dict[str, str]]) -> None:
    gtins = [good.gtin for good in world.goods]
    assert all(len(gtin) == 13 and gtin14(gtin) for gtin in gtins)
    assert len(set(gtins)) == len(gtins)
    assert {row["gtin"] for row in products} - {""} <= set(gtins)


def test_products_are_plausible(products: list[dict[str, str]]) -> None:
    assert len(products) == 240
    assert len({row["category"] for row in products}) == 8
    families = Counter(row["family"] for row in products if row["family"])
    assert 0.25 < sum(families.values()) / len(products) < 0.42
    assert max(families.values()) <= 4
    assert all(row["brand"] and row["mpn"] and row["price"][-2:] in {"99", "95", "90", "49"} for row in products)
    prices = [Decimal(row["price"]) for row in products]
    assert min(prices) >= 2
    assert 900 < max(prices) <= 1500
    for row in products:
        if row["cost"]:
            assert Decimal(row["cost"]) < Decimal(row["landed_cost"]) < Decimal(row["price"]) / Decimal("1.2")
        assert Decimal(row["rrp"]) >= Decimal(row["price"])
        assert not row["legal_floor"] or Decimal(row["legal_floor"]) < Decimal(row["price"])


@pytest.mark.parametrize(("column", "value"), [("cost", ""), ("gtin", ""), ("key_value_item", "true"), ("stock", "0")])
def test_a_few_products_are_special(products: list[dict[str, str]], column: str, value: str) -> None:
    assert 2 <= sum(row[column] == value for row in products) <= 50


@pytest.mark.parametrize("sign", ["&", '"', "'", "<3 kg", "ü", "🎉"])
def test_some_names_need_escaping(world: World, sign: str) -> None:
    assert any(sign in shown.name for shown in world.truth(0))


def test_our_prices_lie_near_the_median_of_the_rivals(world: World, products: list[dict[str, str]]) -> None:
    rivals: defaultdict[str, list[Decimal]] = defaultdict(list)
    for shown in world.truth(0):
        rivals[shown.sku].append(shown.price)
    gaps = [abs(Decimal(row["price"]) / median(rivals[row["sku"]]) - 1) for row in products if rivals[row["sku"]]]
    assert sum(gap <= Decimal("0.02") for gap in gaps) / len(gaps) > 0.97
    assert max(gaps) < Decimal("0.08")


def test_sales_cover_the_ninety_days_before_the_start(world: World) -> None:
    rows = list(csv.DictReader(io.StringIO(world.sales_csv())))
    days = sorted({date.fromisoformat(row["date"]) for row in rows})
    assert (days[0], days[-1], len(days)) == (date(2026, 3, 2) - timedelta(90), date(2026, 3, 1), 90)
    assert len(rows) == 240 * 90
    assert all((row["units"] == "0") == (Decimal(row["revenue"]) == 0) for row in rows)
    assert sum(int(row["units"]) for row in rows) > 5000


def test_baseline_days_have_no_moves_and_no_promotions(long_world: World) -> None:
    assert long_world.moves(0, 1) == []
    assert not any(shown.on_promotion for day in (0, 1) for shown in long_world.truth(day))
    assert long_world.moves(2, LONG)


def test_moves_are_exactly_the_changes_of_the_truth(long_world: World) -> None:
    changes = {
        (shop, path, day, days[day - 1].price, days[day].price)
        for (shop, path), days in histories(long_world).items()
        for day in range(1, LONG)
        if days[day].price != days[day - 1].price
    }
    moves = long_world.moves(0, LONG)
    assert {(move.shop, move.path, move.day, move.before, move.after) for move in moves} == changes
    assert len(moves) == len(changes)


def test_permanent_moves_are_moderate_and_never_look_like_vat(long_world: World) -> None:
    ratios = [float(move.after / move.before) for move in long_world.moves(0, LONG) if not move.promotion]
    assert all(0.019 < abs(ratio - 1) < 0.125 for ratio in ratios)
    assert all(abs(ratio / vat - 1) > 0.015 for ratio in ratios for vat in (1.2, 1 / 1.2))
    page_days = len(long_world.listings) * (LONG - 2)
    assert 0.009 < len(ratios) / page_days < 0.016


def test_moves_of_one_listing_keep_two_days_apart_and_end_like_shops_prices(long_world: World) -> None:
    last: dict[tuple[str, str], int] = {}
    for move in long_world.moves(0, LONG):
        assert move.day - last.get((move.shop, move.path), -9) > 2
        assert str(move.after)[-2:] in {"99", "95", "90", "49"}
        last[move.shop, move.path] = move.day


def test_promotions_strike_through_the_price_before_and_last_three_days(long_world: World) -> None:
    begun = [move for move in long_world.moves(2, LONG) if move.promotion and move.after < move.before]
    days = histories(long_world)
    for move in begun:
        shown = days[move.shop, move.path][move.day : move.day + 3]
        assert all(day.regular == move.before and day.price == move.after for day in shown)
        assert 0.15 <= 1 - move.after / move.before <= 0.40
    assert 0.002 < len(begun) / (len(long_world.listings) * (LONG - 2)) < 0.006


def test_the_page_differs_from_the_truth_exactly_where_it_is_poisoned(long_world: World) -> None:
    for days in histories(long_world).values():
        assert all((day.shown != day.price) == bool(day.poison) for day in days)


def test_poison_is_rare_transient_and_never_on_the_day_of_a_move(long_world: World) -> None:
    moved = {(move.shop, move.path, move.day) for move in long_world.moves(0, LONG)}
    poison: Counter[str] = Counter()
    for (shop, path), days in histories(long_world).items():
        struck = [number for number, day in enumerate(days) if day.poison]
        assert all((shop, path, number) not in moved for number in struck)
        assert all(later - earlier > 1 for earlier, later in pairwise(struck))
        poison.update(days[number].poison for number in struck)
    shares = {kind: count / (LONG * len(long_world.listings)) for kind, count in poison.items()}
    assert 0.007 < sum(shares.values()) < 0.013
    assert set(shares) == {"x10", "variant", "ex_vat"}
    assert min(shares.values()) > 0.0005


def test_poisoned_prices_are_what_their_kind_says(long_world: World) -> None:
    families = {(listing.shop.name, listing.path): listing.good.family for listing in long_world.listings}
    for day in range(LONG):
        prices: defaultdict[tuple[str, str], set[Decimal]] = defaultdict(set)
        for shown in long_world.truth(day):
            prices[shown.shop, families[shown.shop, shown.path]].add(shown.price)
        for shown in long_world.truth(day):
            right = {
                "": {shown.price},
                "x10": {shown.price * 10},
                "ex_vat": {(shown.price / Decimal("1.2")).quantize(Decimal("0.01"), ROUND_HALF_UP)},
                "variant": prices[shown.shop, families[shown.shop, shown.path]] - {shown.price},
            }
            assert shown.shown in right[shown.poison]


def test_about_four_in_a_hundred_listings_are_sold_out_at_any_time(long_world: World) -> None:
    for day in (0, LONG // 2, LONG - 1):
        truth = long_world.truth(day)
        assert 0.015 < sum(shown.availability == "out_of_stock" for shown in truth) / len(truth) < 0.075


def test_some_pages_hide_the_gtin_but_then_name_brand_and_mpn(world: World) -> None:
    hidden = [listing for listing in world.listings if not listing.gtin]
    assert 0.08 < len(hidden) / len(world.listings) < 0.22
    assert all(listing.mpn and listing.good.brand for listing in hidden)
