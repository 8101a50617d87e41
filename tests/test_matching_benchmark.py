"""The matching benchmark on made sets: three layouts are read, and nothing of a scored set is learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.matching import measure
from benchmarks.pairing.judged import Automatic, Prepared
from benchmarks.pairing.market import market_figures
from benchmarks.pairing.sets import FOLDER, sets
from benchmarks.pairing.speed import catalogue

GOODS, NEGATIVES = 90, 3


def goods(seed: int) -> list[tuple[str, str]]:
    """Two names each of some goods that share their model code."""
    rng = np.random.default_rng(seed)
    made = []
    for number in rng.choice(90_000, GOODS, replace=False) + 10_000:
        brand, kind, colour = (
            rng.choice(["kestrel", "nordpol"]),
            rng.choice(["monitor", "router"]),
            rng.choice(["black", "red"]),
        )
        made.append((f"{brand} {kind} kx{number} {colour}", f"{kind} {brand} kx{number}"))
    return made


def labelled(seed: int) -> pd.DataFrame:
    """Pairs of places: each good with its own, and with its next ones as negatives; a quarter each is held."""
    rng = np.random.default_rng(seed)
    rows = [(place, (place + step) % GOODS, int(step == 0)) for place in range(GOODS) for step in range(NEGATIVES + 1)]
    part = rng.choice(["train", "train", "valid", "test"], len(rows))
    return pd.DataFrame(rows, columns=["ltable_id", "rtable_id", "label"]).assign(part=part)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a set in each layout, and one whose names another set has, too."""
    folder = tmp_path / FOLDER
    for name, seed in (("one-two", 1), ("copy-of-one", 1)):
        (folder / name).mkdir(parents=True)
        left, right = zip(*goods(seed), strict=True)
        pd.DataFrame({"id": range(GOODS), "title": left, "price": 9.5}).to_csv(
            folder / name / "tableA.csv", index=False
        )
        pd.DataFrame({"id": range(GOODS), "name": right}).to_csv(folder / name / "tableB.csv", index=False)
        for part, rows in labelled(seed).groupby("part"):
            rows.drop(columns="part").to_csv(folder / name / f"{part}.csv", index=False)
    (folder / "wdc-made").mkdir()
    names = goods(2)
    for part, rows in labelled(2).groupby("part"):
        lines = [
            f"COL title VAL {names[left][0]}\tCOL title VAL {names[right][1]}\t{label}"
            for left, right, label in rows[["ltable_id", "rtable_id", "label"]].to_numpy().tolist()
        ]
        (folder / "wdc-made" / f"{part}.txt.small").write_text("\n".join(lines) + "\n", "utf-8")
    offers = [
        (place * 2 + side, name, side, place, names_[1], 1, "things")
        for place, names_ in enumerate(goods(3))
        for side, name in enumerate(names_)
    ]
    columns = [
        "product_id",
        "product_title",
        "vendor_id",
        "cluster_id",
        "cluster_label",
        "category_id",
        "category_label",
    ]
    pd.DataFrame(offers, columns=columns).to_csv(folder / "made_offers.csv.gz", index=False)
    return tmp_path


def test_every_layout_is_read_with_its_labels(data: Path) -> None:
    found = {one.name: one for one in sets(data)}
    assert sorted(found) == ["copy-of-one", "made", "one-two", "wdc-made"]
    assert {name: one.pairs["label"].sum() for name, one in found.items()} == {
        "copy-of-one": GOODS,
        "made": 2 * GOODS,
        "one-two": GOODS,
        "wdc-made": GOODS,
    }
    assert found["one-two"].scored.equals(found["one-two"].pairs["part"].eq("test"))
    assert not found["wdc-made"].whole
    assert "col title" not in " ".join(found["wdc-made"].titles)


def test_no_pair_with_a_name_of_the_scored_set_is_learned_from(data: Path) -> None:
    prepared = {one.name: Prepared.of(one) for one in sets(data)}
    scored = prepared["one-two"].source
    assert np.isnan(prepared["copy-of-one"].labelled_without(scored).labels).all()
    assert not np.isnan(prepared["made"].labelled_without(scored).labels).all()


@pytest.mark.slow
def test_the_figures_have_their_names_and_what_is_missing_is_named(data: Path) -> None:
    skipped: list[str] = []
    *chosen, taught = [Prepared.of(one) for one in sets(data) if one.name != "copy-of-one"] + [
        Prepared.of(replace(one, name="taught")) for one in sets(data) if one.name == "copy-of-one"
    ]
    figures = measure(chosen, taught, skipped)
    assert not any(name.startswith("taught") for name in figures)
    for name in ("unseen_f1", "supervised_f1", "tfidf_f1", "token_set_f1", "calibration_error", "auto_coverage"):
        assert 0 <= figures[f"one-two.{name}"] <= 1
    assert figures["one-two.recall_at_20"] == 1
    assert figures["one-two.unseen_f1"] > 0.9
    assert any("wdc-made.recall_at" in reason for reason in skipped)
    assert any("not shown" in reason for reason in skipped)
    assert "auto_precision" not in figures
    assert measure(chosen[:1], taught, skipped).keys().isdisjoint({"made.unseen_f1"})


def test_too_few_accepted_pairs_give_no_precision() -> None:
    assert "x.auto_precision" not in Automatic(3, 0, 0, 10).figures("x.")
    assert Automatic(30, 3, 0, 60).figures("x.") == {
        "x.auto_accepted": 30,
        "x.auto_precision": 0.9,
        "x.auto_coverage": 0.45,
    }


@pytest.mark.slow
def test_the_market_is_matched_without_a_wrong_match_and_its_traps_are_named() -> None:
    figures = market_figures(seed=11)
    assert figures["market.precision"] == 1
    assert figures["market.traps_vetoed"] == 1


def test_made_catalogues_pair_up_by_place() -> None:
    listings, products = catalogue(50, 1)
    assert (len(listings), len(products)) == (50, 50)
    assert listings["name"].str.contains(r"[a-z]{3}\d").all()
