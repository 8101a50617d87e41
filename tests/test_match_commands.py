"""A person clears the queue in the terminal or by a table: one key or cell each, nothing lost, all can be undone."""

from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from typer.testing import CliRunner

from pricevane.cli import app
from pricevane.storage.matches import decide_match
from pricevane.storage.tables import Decision, Listing, Match, Site
from tests.cli_house import BEGAN, Door, door
from tests.house_rows import AT, add_product, rows
from tests.terminal import ORDERS, Terminal
from tests.waiting_pairs import list_goods, pair

__all__ = ["door"]
HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e [red]x[/]"
KEYS_LINE = "? help"


@pytest.fixture
def queue(door: Door) -> Engine:
    """Three listings wait: with two products, with one of another pack, and with a hostile name."""
    engine = door.engine
    with engine.connect() as connection:
        site_id = connection.execute(select(Site.id)).scalar_one()
    first, second, third = list_goods(engine, site_id, "19.90", "119.00", "9.95", at=BEGAN)
    kettle, pan = add_product(engine, "=K-1", 1990), add_product(engine, "K-2", 2490)
    pair(engine, first, kettle, 0.5)
    pair(engine, first, pan, 0.4)
    pair(engine, second, kettle, 0.3, veto="pack count", factor=6.0)
    pair(engine, third, pan, 0.05)
    with engine.begin() as connection:
        connection.execute(update(Listing).where(Listing.id == third).values(name=HOSTILE, brand="x" * 5000))
    return engine


def states(engine: Engine) -> list[str]:
    return ["comparable" if row.comparable else row.state for row in rows(engine, Match)]


def reviewed(keys: str, *words: str) -> str:
    """What a review with these keys tells."""
    done = CliRunner().invoke(app, ["match", "review", "--by", "ana", *words], input=keys)
    assert done.exit_code == 0, done.output
    return done.output


# Keys typed, the states of the four pairs then, and the summary.
TYPED = [
    ("yq", ["confirmed", "candidate", "candidate", "candidate"], "1 answer kept"),
    ("2q", ["candidate", "confirmed", "candidate", "candidate"], "1 the same; 2 left"),
    ("ooyq", ["candidate", "confirmed", "candidate", "candidate"], "1 the same; 2 left"),
    ("nq", ["rejected", "rejected", "candidate", "candidate"], "1 not the same; 2 left"),
    ("ncnq", ["rejected", "rejected", "comparable", "rejected"], "2 not the same, 1 comparable; 0 left"),
    ("sscq", ["candidate"] * 4, "0 answers kept: 2 skipped; 1 left"),
    ("snuuq", ["candidate"] * 4, "0 answers kept: none; 3 left"),
    ("ynnuunq", ["confirmed", "candidate", "rejected", "candidate"], "1 the same, 1 not the same; 1 left"),
    ("ynnuuuyq", ["confirmed", "candidate", "candidate", "candidate"], "1 the same; 2 left"),
    ("YN", ["confirmed", "candidate", "rejected", "candidate"], "1 left"),
    ("sss", ["candidate"] * 4, "0 answers kept: 3 skipped; 0 left"),
    ("u?xZ9\tq", ["candidate"] * 4, "0 answers kept: none; 3 left"),
]


@pytest.mark.parametrize(("keys", "after", "summary"), TYPED)
def test_each_key_does_what_it_says(queue: Engine, keys: str, after: list[str], summary: str) -> None:
    assert summary in reviewed(keys)
    assert states(queue) == after


def test_answers_are_kept_with_who_and_why_also_those_taken_back(queue: Engine) -> None:
    assert "taken back" in reviewed("yunq", "--why", "seen in the shop")
    kept = [(row.match_id, row.verdict, row.who, row.why) for row in rows(queue, Decision)]
    why = "seen in the shop"
    assert kept == [
        *((1, "confirmed", "ana", why), (1, "undone", "ana", "taken back at once")),
        *((1, "rejected", "ana", why), (2, "rejected", "ana", why)),
    ]


def test_a_rejected_pair_never_comes_back_by_itself(queue: Engine, door: Door) -> None:
    reviewed("nnnq")
    assert door.run("match", "review").err == "nothing waits for review\n"
    assert door.run("match").code == 0
    assert states(queue)[:4] == ["rejected"] * 4
    assert not {1, 2, 3, 4} & {row["id"] for row in listed(door)}


def test_a_limit_and_a_site_bound_what_is_asked(queue: Engine, door: Door) -> None:
    assert "1 of 1\n" in reviewed("q", "--limit", "1", "--site", "rival-fr")
    assert "no site is called 'nowhere'; known: rival-fr" in door.refused("match", "review", "--site", "nowhere")


def test_what_somebody_decided_meanwhile_is_told_and_the_next_row_comes(queue: Engine, door: Door) -> None:
    with Terminal(door.folder, "match", "review", "--by", "ana") as terminal:
        terminal.shows(KEYS_LINE)
        with queue.begin() as connection:
            decide_match(connection, 2, "confirmed", "bob", "", AT)
        terminal.type("y")
        told = terminal.shows(KEYS_LINE)
        assert "not kept: bob decided it meanwhile: confirmed as K-2" in told
        assert "1 of 2" in told
        terminal.type("q")
        assert terminal.ends() == 0
    assert states(queue) == ["candidate", "confirmed", "candidate", "candidate"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "environment"), [(80, {}), (120, {}), (80, {"NO_COLOR": "1"}), (80, {"TERM": "dumb"})]
)
def test_in_a_real_terminal_one_key_answers_and_a_hostile_name_does_nothing(
    queue: Engine, door: Door, columns: int, environment: dict[str, str]
) -> None:
    with Terminal(door.folder, "match", "review", "--by", "ana", columns=columns, **environment) as terminal:
        card = terminal.shows(KEYS_LINE)
        assert "1 of 3" in card
        assert ("Kettle [1]" in card, "Kettle [=K-1]" in card) == ((True, False) if environment else (False, False))
        terminal.type("n")
        card = terminal.shows(KEYS_LINE)
        assert "c comparable by unit: holds 6 of ours" in card
        assert "kept: not the same: =K-1 K-2; u takes it back" in card
        terminal.type("s")
        hostile = terminal.shows(KEYS_LINE)
        assert ("(red)x" if environment else "[red]x[/]") in hostile
        terminal.type("u")
        terminal.shows("skipped no longer")
        terminal.type("u")
        terminal.shows("taken back")
        terminal.type("\x1b[A")
        terminal.shows("is no key here")
        terminal.type("q")
        assert terminal.ends() == 0
    assert states(queue) == ["candidate"] * 4
    told = ORDERS.sub("", terminal.raw)
    assert "\x1b]" not in terminal.raw
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e]", told)
    assert max(len(line.rstrip("\r")) for line in told.split("\n")) <= columns


@pytest.mark.slow
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 0)])
def test_leaving_in_the_middle_loses_no_answer(queue: Engine, door: Door, key: str, code: int) -> None:
    with Terminal(door.folder, "match", "review") as terminal:
        terminal.shows(KEYS_LINE)
        terminal.type("y")
        terminal.shows(KEYS_LINE)
        terminal.type(key)
        assert terminal.ends() == code
        assert "1 answer kept" in terminal.raw
    assert states(queue)[0] == "confirmed"


@pytest.mark.slow
def test_a_terminal_that_is_lost_loses_no_answer(queue: Engine, door: Door) -> None:
    with Terminal(door.folder, "match", "review") as terminal:
        terminal.shows(KEYS_LINE)
        terminal.type("y")
        terminal.shows(KEYS_LINE)
        os.close(terminal.end)
        terminal.end = os.open(os.devnull, os.O_RDONLY)
        assert terminal.process.wait(30) != 0
    assert states(queue)[0] == "confirmed"


def listed(door: Door, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in door.run("match", "list", "-f", "json", *words).out.splitlines()]


LISTED = {
    "waiting": [1, 2, 4],
    "candidate": [1, 2, 4],
    "rejected": [3],
    "comparable": [3],
    "confirmed": [],
    "abstained": [],
    "all": [1, 2, 3, 4],
}


@pytest.mark.parametrize("state", LISTED)
def test_pairs_are_listed_by_their_state(queue: Engine, door: Door, state: str) -> None:
    reviewed("scq")
    found = listed(door, "--state", state)
    assert [row["id"] for row in found] == LISTED[state]
    if state == "comparable":
        assert (found[0]["state"], found[0]["price"], found[0]["our_price"], found[0]["factor"]) == (
            *("comparable", "119.00", "19.90", 6.0),
        )


def test_a_pair_is_shown_with_both_sides_and_all_decisions(queue: Engine, door: Door) -> None:
    reviewed("yunq", "--why", "seen")
    told = door.run("match", "show", "1").out
    assert told.startswith("1  rejected by manual, ")
    assert "https://rival.example/p/1" in told
    assert [line.split(" UTC  ")[1] for line in told.splitlines()[1:] if " UTC  " in line] == [
        *("ana  confirmed: seen", "ana  undone: taken back at once", "ana  rejected: seen"),
    ]
    assert "there is no pair 9" in door.refused("match", "show", "9")


def test_a_decision_is_taken_back_by_number_once(queue: Engine, door: Door) -> None:
    reviewed("yq")
    assert (
        door.run("match", "undo", "1", "--by", "bob", "--why", "a slip").out == "1: the last decision is taken back\n"
    )
    assert states(queue)[0] == "candidate"
    last = rows(queue, Decision)[-1]
    assert (last.verdict, last.who, last.why) == ("undone", "bob", "a slip")
    assert "no decision on pair 1 to take back" in door.refused("match", "undo", "1")


def test_the_matching_itself_still_runs_and_takes_no_option_of_a_subcommand(queue: Engine, door: Door) -> None:
    assert door.run("match").out.splitlines()[:1] == ["0 of 3 listings matched, 0 of them new"]
    said = door.run("match", "-c", "pricevane.toml", "list")
    assert (said.code, "write it after list" in said.err) == (2, True)


def exported(door: Door, *words: str) -> list[dict[str, str]]:
    assert door.run("match", "export", "pairs.csv", *words).code == 0
    with (door.folder / "pairs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, table: list[dict[str, str]]) -> None:
    with (folder / "pairs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(table)


def test_a_table_is_exported_filled_in_and_imported(queue: Engine, door: Door) -> None:
    table = exported(door)
    assert [row["sku"] for row in table] == ["'=K-1", "K-2", "'=K-1", "K-2"]
    assert not any(cell.startswith("=") for row in table for cell in row.values())
    for row, verdict in zip(table, ("yes", "", "Comparable", "no"), strict=True):
        row["verdict"], row["why"] = verdict, "by table" if verdict == "yes" else ""
    write(door.folder, table)
    words = ("match", "import", "pairs.csv", "--by", "ana", "--why", "looked at")
    trial, first, second = door.run(*words, "--dry-run"), door.run(*words), door.run(*words)
    counts = "pairs: 1 confirmed, 1 rejected, 1 comparable; 0 as they were, 1 without a verdict\n"
    assert (trial.out, first.out) == (counts + "a dry run: nothing was written\n", counts)
    assert second.out == "pairs: 0 confirmed, 0 rejected, 0 comparable; 3 as they were, 1 without a verdict\n"
    assert states(queue) == ["confirmed", "candidate", "comparable", "rejected"]
    kept = [(row.match_id, row.verdict, row.who, row.why) for row in rows(queue, Decision)]
    assert kept == [
        *((1, "confirmed", "ana", "by table"), (3, "comparable", "ana", "looked at")),
        (4, "rejected", "ana", "looked at"),
    ]


def test_a_table_may_name_a_pair_that_nobody_thought_of_and_overrule_a_person(queue: Engine, door: Door) -> None:
    reviewed("yq")
    table = "url,sku,verdict\nhttps://rival.example/p/3,=K-1,confirmed\nhttps://rival.example/p/1,=K-1,no\n"
    (door.folder / "pairs.csv").write_text(table)
    said = door.run("match", "import", "pairs.csv")
    assert said.out.splitlines() == [
        "pairs: 1 confirmed, 1 rejected, 0 comparable; 0 as they were, 0 without a verdict",
        "1 of them overruled what a person said before",
    ]
    assert states(queue) == ["rejected", "candidate", "candidate", "candidate", "confirmed"]


URL = "https://rival.example/p/1"
# Rows below the heading url,site,listing,sku,verdict and what is said of them; the first is line 2.
REFUSED = {
    "unknown verdict": ([f"{URL},,,K-2,maybe"], ["line 2: verdict: 'maybe' is no verdict; write confirmed"]),
    "unknown address": (["https://x.example/,,,K-2,yes"], ["line 2: url: no listing has the address"]),
    "unknown site": ([f"{URL},shop,,K-2,yes"], ["line 2: url: no listing of site 'shop'"]),
    "unknown number": ([f"{URL},,77,K-2,yes"], ["line 2: url: no listing of site '' and number '77'"]),
    "unknown sku": ([f"{URL},,,K-9,yes", f"{URL},,,K-8,no"], ["line 2: sku: no product has the sku 'K-9'", "line 3: "]),
    "twice": ([f"{URL},,,K-2,yes", f"{URL},rival-fr,1,K-2,no"], ["line 3: the same pair is in line 2 already"]),
    "two products": ([f"{URL},,,K-2,yes", f"{URL},,,=K-1,yes"], ["line 3: verdict: line 2 confirms this listing as"]),
    "no factor": ([f"{URL},,,K-2,comparable"], ["line 2: verdict: no factor is known"]),
    "one of several": ([f"{URL},,,K-2,no", f"{URL},,,=K-1,what"], ["line 3: verdict: 'what' is no verdict"]),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_wrong_table_is_refused_whole_with_its_lines(queue: Engine, door: Door, why: str) -> None:
    lines, told = REFUSED[why]
    (door.folder / "pairs.csv").write_text("\n".join(["url,site,listing,sku,verdict", *lines]))
    said = door.run("match", "import", "pairs.csv")
    assert (said.code, said.out) == (1, "")
    assert "nothing was imported" in said.err
    assert all(line in said.err for line in told), said.err
    assert rows(queue, Decision) == []
    assert states(queue) == ["candidate"] * 4


def test_an_address_of_several_listings_asks_for_their_number(queue: Engine, door: Door) -> None:
    with queue.begin() as connection:
        connection.execute(update(Listing).values(url=URL))
    (door.folder / "pairs.csv").write_text(f"url,sku,verdict\n{URL},K-2,no\n")
    assert "3 listings have this address; name one of them" in door.run("match", "import", "pairs.csv").err
    table = exported(door)
    write(door.folder, [{**row, "verdict": "no"} for row in table])
    assert door.run("match", "import", "pairs.csv").code == 0
    assert states(queue) == ["rejected"] * 4


def test_an_export_names_a_file_with_an_ending_or_goes_to_standard_output(queue: Engine, door: Door) -> None:
    assert door.run("match", "export", "-").out.count("\n") == 5
    said = door.run("match", "export", "pairs")
    assert (said.code, "ends in none of .csv" in " ".join(said.err.split())) == (2, True)
    assert door.run("match", "export", "pairs.csv", "--state", "all").out == "4 all pairs written to pairs.csv\n"
