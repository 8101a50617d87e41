"""Screening: which prices are believed, which wait, and which changes are moves."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricevane.market.world import World
from pricing.screen import Screened, screen
from tests.pricing_frames import START, observations, own, series

CASES = tomllib.loads((Path(__file__).parent / "screening.toml").read_text(encoding="utf-8"))["case"]
LATER = START + timedelta(days=60)


def of_listing(frame: pd.DataFrame, listing: int = 1) -> pd.DataFrame:
    return frame[frame["listing_id"] == listing].sort_values("at", ignore_index=True)


def told(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The observations of a case: listing 1 is the one in question."""
    rows = series(1, case["prices"], vat_bp=case.get("vat_bp", 2000), delivery_minor=case.get("delivery_minor", 0))
    for column, key in (("regular_minor", "regular"), ("layers", "layers"), ("verdict", "verdict")):
        for row, value in zip(rows, case.get(key, []), strict=False):
            row[column] = value or (None if key == "regular" else "")
    days = len(case["prices"])
    for number, price in enumerate(case.get("peers", [1000, 1020])):
        rows += series(10 + number, [price] * days)
    return rows


def letters(case: dict[str, Any], screened: Screened) -> str:
    waiting = set(of_listing(screened.quarantine)["at"])
    verdicts = case.get("verdict", [""] * len(case["prices"]))
    return "".join(
        "-" if verdict == "refused" else "Q" if START + timedelta(days=day) in waiting else "A"
        for day, verdict in enumerate(verdicts)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"].replace(" ", "_"))
def test_screening_follows_the_rule(case: dict[str, Any]) -> None:
    as_of = START + timedelta(days=len(case["prices"]))
    screened = screen(observations(told(case)), own({"price_minor": case.get("own", 1000)}), as_of)
    assert letters(case, screened) == case["expect"]
    waiting, moves = of_listing(screened.quarantine), of_listing(screened.moves)
    if "reasons" in case:
        assert waiting["reason"].tolist() == case["reasons"]
    if "states" in case:
        assert waiting["state"].tolist() == case["states"]
    assert waiting["waiting"].any() == case["expect"].endswith("Q")
    assert moves[["from_minor", "to_minor"]].to_numpy().tolist() == case.get("moves", [])
    if "kinds" in case:
        assert moves["kind"].tolist() == case["kinds"]


def variants(layers: int) -> pd.DataFrame:
    """Listings 1 and 2 are variants on one site; on day 2 listing 1 shows the price of listing 2."""
    same = {"site_id": 1, "site": "rival-1", "family": "f", "layers": layers}
    return observations(series(1, [1000, 1000, 1090, 1090], **same) + series(2, [1090] * 4, **same, product_id=2))


@pytest.mark.parametrize(("layers", "waits"), [(1, 2), (2, 1)])
def test_another_variants_price_waits_until_two_layers_repeat_it(layers: int, waits: int) -> None:
    ours = own({}, {"product_id": 2, "price_minor": 1090})
    waiting = of_listing(screen(variants(layers), ours, LATER).quarantine)
    assert waiting["reason"].tolist() == ["another variant's price"] * waits


def test_variants_of_one_price_that_move_together_are_believed() -> None:
    same = {"site_id": 1, "site": "rival-1", "family": "f"}
    rows = series(1, [1000, 1000, 940], **same) + series(2, [1000, 1000, 940], **same, product_id=2)
    screened = screen(observations(rows), own({}, {"product_id": 2}), LATER)
    assert screened.quarantine.empty
    assert len(screened.moves) == 2


def test_a_variants_new_price_of_the_same_day_is_recognised_on_another_page() -> None:
    same = {"site_id": 1, "site": "rival-1", "family": "f"}
    rows = series(1, [1000, 1000, 1060], **same) + series(2, [1200, 1200, 1060], **same, product_id=2)
    screened = screen(observations(rows), own({}, {"product_id": 2, "price_minor": 1200}), LATER)
    assert "another variant's price" in set(of_listing(screened.quarantine)["reason"])


def test_two_looks_within_the_hour_are_one_sighting() -> None:
    rows = series(1, [1000, 1000, 1140]) + series(2, [1000] * 3)
    again = {**rows[2], "at": START + timedelta(days=2, minutes=5)}
    del again["day"]
    screened = screen(observations([*rows, again]), own(), LATER)
    assert len(of_listing(screened.quarantine)) == 2
    assert screened.moves.empty


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "member"}, "price for member"),
        ({"condition": "used"}, "condition used"),
        ({"currency": "USD"}, "currency USD"),
        ({"price_minor": None}, "no price"),
        ({"price_minor": 0}, "no price"),
        ({"price_minor": 2**62}, "no price"),
        ({"product_id": 9}, "no own price to compare with"),
        ({"tax_included": False, "vat_bp": 0}, "price without VAT from a site whose rate is unknown"),
    ],
)
def test_only_like_is_compared_with_like_and_the_rest_is_counted(change: dict[str, Any], reason: str) -> None:
    screened = screen(observations([{**row, **change} for row in series(1, [1000])]), own(), LATER)
    assert screened.accepted.empty
    assert screened.quarantine.empty
    assert screened.not_comparable == {reason: 1}


@pytest.mark.parametrize(
    ("net", "vat_bp", "gross"), [(1000, 2000, 1200), (833, 2000, 1000), (1249, 550, 1318), (1, 1000, 1), (5, 1000, 6)]
)
def test_ex_tax_prices_are_compared_gross_half_up(net: int, vat_bp: int, gross: int) -> None:
    rows = series(1, [net], tax_included=False, vat_bp=vat_bp)
    accepted = screen(observations(rows), own({"price_minor": gross}), LATER).accepted
    assert accepted["price_minor"].tolist() == [gross]


def test_accepted_tells_when_a_price_was_set_and_when_it_was_last_confirmed() -> None:
    rows = series(1, [1000, 950, 950, 9500]) + series(2, [1000, None, None, None])
    screened = screen(observations(rows), own(), START + timedelta(days=6, hours=1))
    first, second = (row for row in screened.accepted.to_dict("records"))
    assert (first["price_minor"], first["contested"], first["stale"]) == (950, True, False)
    assert first["since_at"] == START + timedelta(days=1)
    assert first["at"] == START + timedelta(days=2)
    assert (second["stale"], second["single"], second["contested"]) == (True, True, False)


def test_a_page_without_a_price_still_tells_that_the_thing_is_gone() -> None:
    rows = series(1, [1000, 1000])
    gone = {**rows[0], "price_minor": None, "availability": "out_of_stock", "day": 2}
    accepted = screen(observations([*rows, gone]), own(), LATER).accepted
    assert accepted[["price_minor", "availability"]].to_numpy().tolist() == [[1000, "out_of_stock"]]


def site_rows(wrong: int, whole: int, price: int) -> list[dict[str, Any]]:
    """`whole` listings of one site; on the last day the first `wrong` of them show `price` plus their number."""
    same = {"site_id": 1, "site": "rival-1"}
    rows = []
    for number in range(1, whole + 1):
        last = price + 37 * number if number <= wrong else 1000
        rows += series(number, [1000, 1000, last], **same, product_id=number)
    return rows


def ours(count: int) -> pd.DataFrame:
    return own(*({"product_id": number} for number in range(1, count + 1)))


@pytest.mark.parametrize(("wrong", "held"), [(2, False), (3, True)])
def test_a_site_is_held_when_over_a_fifth_of_it_is_in_quarantine(wrong: int, held: bool) -> None:
    screened = screen(observations(site_rows(wrong, 10, 2500)), ours(10), LATER)
    assert bool(len(screened.held_sites)) is held


@pytest.mark.parametrize(("wrong", "held"), [(4, False), (5, True)])
def test_a_site_is_held_when_five_listings_change_by_one_ratio(wrong: int, held: bool) -> None:
    rows = [{**row, "price_minor": 833 if row["price_minor"] > 1000 else 1000} for row in site_rows(wrong, 40, 2500)]
    screened = screen(observations(rows), ours(40), LATER)
    assert screened.held_sites["site"].tolist() == (["rival-1"] if held else [])


def shown(world: World, layers: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the simulated market's pages say, matched by our sku, and our prices."""
    ids = {sku: number for number, sku in enumerate(sorted(world.own_prices), 1)}
    family = {good.sku: good.family for good in world.goods}
    sites = {shop.name: (number, int(shop.vat * 10_000)) for number, shop in enumerate(world.shops, 1)}
    listings: dict[tuple[str, str], int] = {}
    rows = [
        {
            "listing_id": listings.setdefault((page.shop, page.path), len(listings) + 1),
            "product_id": ids[page.sku],
            "site_id": sites[page.shop][0],
            "site": page.shop,
            "url": page.path,
            "day": day,
            "price_minor": int(page.shown * 100),
            "regular_minor": int(page.regular * 100) if page.regular and page.regular > page.shown else None,
            "layers": layers,
            "family": family[page.sku],
            "vat_bp": sites[page.shop][1],
        }
        for day in range(world.days)
        for page in world.truth(day)
        if page.sku
    ]
    prices = [{"product_id": ids[sku], "price_minor": int(price * 100)} for sku, price in world.own_prices.items()]
    return observations(rows), own(*prices)


@pytest.mark.parametrize(("seed", "layers"), [(19, 2), (20, 1)])
def test_nearly_all_true_moves_of_a_poisoned_market_are_found_and_nearly_nothing_else(seed: int, layers: int) -> None:
    world = World(seed=seed, days=30)
    rows, prices = shown(world, layers)
    moves = screen(rows, prices, LATER).moves
    at = (moves["at"] - pd.Timestamp(START)).dt.days
    pages = rows.drop_duplicates("listing_id").set_index("listing_id")["url"]
    found = list(zip(moves["site"], moves["listing_id"].map(pages), moves["to_minor"], strict=True))
    true: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for move in world.moves(1, world.days - 1):
        if move.sku:
            true[move.shop, move.path, int(move.after * 100)].append(move.day)
    right = sum(any(0 <= day - known <= 3 for known in true.get(key, [])) for key, day in zip(found, at, strict=True))
    settled = {key for key, days in true.items() if min(days) <= world.days - 4}
    assert len(settled) > 200
    assert right / len(moves) >= 0.98
    assert len(settled & set(found)) / len(settled) >= 0.97


HISTORY = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.integers(0, 12 * 24),
        st.sampled_from([1000, 1003, 930, 1090, 833, 1200, 500, 10000, 1140, 1600]),
        st.sampled_from([None, 1000, 1090]),
        st.integers(1, 2),
        st.sampled_from(["", "", "", "accepted", "refused"]),
    ),
    max_size=60,
    unique_by=lambda row: row[:2],
)


def history(rows: list[tuple[int, int, int, int | None, int, str]]) -> pd.DataFrame:
    """Six listings on three sites of two products of one family."""
    names = ("listing_id", "hour", "price_minor", "regular_minor", "layers", "verdict")
    made = []
    for row in rows:
        one: dict[str, Any] = dict(zip(names, row, strict=True))
        one["at"] = START + timedelta(hours=one.pop("hour"))
        one["site_id"] = 1 + one["listing_id"] % 3
        one["product_id"] = 1 + one["listing_id"] // 4
        made.append({**one, "site": f"rival-{one['site_id']}", "family": "f"})
    return observations(made)


TWO = own({}, {"product_id": 2, "price_minor": 1090})


def same(left: Screened, right: Screened) -> None:
    for name in ("accepted", "quarantine", "moves", "sites", "held_sites"):
        pd.testing.assert_frame_equal(getattr(left, name), getattr(right, name))


@settings(max_examples=12, deadline=None)
@given(HISTORY, st.randoms(use_true_random=False))
def test_screening_again_in_another_order_of_rows_says_the_same(rows: list[Any], chance: Any) -> None:
    mixed = rows.copy()
    chance.shuffle(mixed)
    same(screen(history(rows), TWO, LATER), screen(history(mixed), TWO, LATER))


@settings(max_examples=12, deadline=None)
@given(HISTORY, st.integers(0, 12))
def test_what_comes_later_never_changes_an_earlier_judgement(rows: list[Any], days: int) -> None:
    cut = START + timedelta(days=days)
    early = screen(history(rows), TWO, cut)
    late = screen(history(rows), TWO, LATER)
    for name in ("moves", "quarantine"):
        before = getattr(late, name)
        before = before[before["at"] <= cut].reset_index(drop=True)
        columns = before.columns.drop(["state", "waiting"], errors="ignore")
        pd.testing.assert_frame_equal(getattr(early, name)[columns], before[columns])


@settings(max_examples=12, deadline=None)
@given(HISTORY)
def test_every_comparable_price_is_accepted_or_waits_and_moves_join_up(rows: list[Any]) -> None:
    frame = history(rows)
    screened = screen(frame, TWO, LATER)
    read = frame[frame["verdict"] != "refused"]
    waiting = pd.MultiIndex.from_frame(screened.quarantine[["listing_id", "at"]])
    assert waiting.is_unique
    assert waiting.isin(pd.MultiIndex.from_frame(read[["listing_id", "at"]])).all()
    moves = screened.moves
    change = np.abs(moves["to_minor"] - moves["from_minor"]) / moves["from_minor"]
    assert change.ge(0.004).all()
    assert not pd.MultiIndex.from_frame(moves[["listing_id", "at"]]).isin(waiting).any()
