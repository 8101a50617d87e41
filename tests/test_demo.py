"""The demo on a small market: the whole way, and a judge that would notice if it went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from pricevane.cli import app
from pricevane.cli.session import now
from pricevane.cli.verdict import Verdict, judge
from pricevane.market import World

SOUND = Verdict(100, 2, 98, 0, {}, {}, (), 0, 0, 2, 2, 0, 0, 3, 0)
WORDS = ["demo", "--seed", "5", "--days", "4", "--products", "60", "--folder"]


@pytest.mark.slow
def test_the_demo_reads_finds_decides_and_tells(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = CliRunner().invoke(app, [*WORDS, str(folder)])
    assert done.exit_code == 0, done.output
    assert "day 3:" in done.output
    assert "100.00% of unpoisoned pages (0 wrong)" in done.output
    assert "0 of them rest on a wrong price" in done.output
    engine = create_engine(f"sqlite:///{folder / 'pricevane.db'}")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM crawl_run")).scalar_one() == 16
        connection.execute(text("UPDATE observation SET price_minor = price_minor + 1"))
        start = (now() - timedelta(days=3)).date()
        days = {day: now() - timedelta(days=3 - day) for day in range(4)}
        assert judge(connection, World(seed=5, products=60, days=4, start_on=start), days).right == 0
    engine.dispose()


def test_the_demo_leaves_a_folder_with_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(app, [*WORDS, str(tmp_path)])
    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""),
        ({"right": 90}, "only 91.84% of the prices are right"),
        ({"moves_false": 1}, "1 moves never happened"),
        ({"proposals_on_wrong_prices": 2}, "2 proposals rest on a wrong price"),
    ],
)
def test_a_verdict_names_its_faults(changed: Mapping[str, int], fault: str) -> None:
    verdict = replace(SOUND, **changed)  # type: ignore[arg-type]
    assert verdict.faults == ([fault] if fault else [])
