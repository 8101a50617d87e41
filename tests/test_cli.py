"""The command line says in one line what was wrong, where and what to do, and ends with the right exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Engine, update
from typer.core import TyperCommand, TyperGroup

from pricevane.cli import app
from pricevane.model import Money
from pricevane.storage.tables import Alert, Decision, OwnPrice, PricingRun, Proposal, Quarantine
from tests.cli_house import BEGAN, Door, Said, door
from tests.crawl_shop import Reply, Shop, category, open_shop, product, redirect, robots, sitemap
from tests.house_rows import rows

__all__ = ["door"]
CALM = "[guardrails]\nrun_median_move = 0.5\n"
# What is wrong: (settings added, the command, what its line says).
REFUSED: dict[str, tuple[str, list[str], str]] = {
    "unknown key": ('[mail]\nhots = "x"\n', ["doctor"], "mail.hots: unknown key; did you mean mail.host?"),
    "wrong type": ('[mail]\nport = "many"\n', ["crawl"], "mail.port: Input should be a valid integer"),
    "unreachable database": (
        '[database]\nurl = "postgresql://ana@127.0.0.1:1/prices"\n',
        ["propose"],
        "pricevane: cannot open the database postgresql+psycopg://ana@127.0.0.1:1/prices: connection",
    ),
    "no database address": ('[database]\nurl = "prices"\n', ["match"], "database.url is not a database address"),
    "unknown database": ('[database]\nurl = "oracle9://x"\n', ["match"], "database.url: "),
    "database in no folder": (
        '[database]\nurl = "sqlite:///nowhere/prices.db"\n',
        ["match"],
        "nowhere/prices.db: unable to open database file",
    ),
    "database that is none": ('[database]\nurl = "sqlite:///pricevane.toml"\n', ["match"], "file is not a database"),
    "unknown site": ("", ["crawl", "rival-es"], "no site is called 'rival-es'; known: rival-fr"),
    "stranger without contact": ("", ["crawl"], "https://rival.example is somebody else's shop: set contact in"),
    "stranger without contact, scanned": ("", ["scan", "https://rival.example/"], "somebody else's shop: set contact"),
    "no toml": ("", ["crawl", "-c", "nowhere.toml"], "nowhere.toml does not exist; `pricevane init` writes one"),
    "toml that is there": ("", ["init"], "pricevane.toml is there already and was left as it is"),
    "no csv": ("", ["import", "products", "nowhere.csv"], "nowhere.csv cannot be read: No such file"),
    "no csv but a toml": ("", ["import", "sales", "pricevane.toml"], "the heading has no column sku, date, units"),
    "unknown sku": ("", ["history", "K-9"], "no product has the sku 'K-9'; pricevane import products brings"),
    "unknown proposal": ("", ["proposals", "show", "9"], "there is no proposal 9; pricevane proposals list shows them"),
    "nothing held": ("", ["proposals", "release"], "the last run is not held; there is nothing to release"),
    "export into a folder": ("", ["proposals", "export", "."], "is a folder; name a file in it"),
    "export nowhere": ("", ["proposals", "export", "nowhere/x.csv"], "nowhere/x.csv cannot be written: No such file"),
}
MISUSED = {
    "no http address": ["scan", "ftp://rival.example"],
    "no address at all": ["scan", "rival.example"],
    "unknown option": ["crawl", "--fast"],
    "unknown format": ["propose", "--format", "xml"],
    "no number": ["proposals", "approve", "first"],
    "unknown command": ["sell"],
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_command_says_why_in_one_line_and_leaves_nothing_behind(door: Door, why: str) -> None:
    settings, words, message = REFUSED[why]
    door.add(settings)
    before = door.toml.read_bytes()
    assert message in door.refused(*words)
    assert door.toml.read_bytes() == before
    assert {path.name.partition("-")[0] for path in door.folder.iterdir()} <= {"pricevane.toml", "pricevane.db"}


@pytest.mark.parametrize("why", MISUSED)
def test_a_misused_command_shows_its_usage_and_ends_with_2(door: Door, why: str) -> None:
    said = door.run(*MISUSED[why])
    assert (said.code, said.out) == (2, "")
    assert "Usage: pricevane" in said.err
    assert "Traceback" not in said.err


def test_an_address_that_is_none_is_explained_with_an_example(door: Door) -> None:
    told = " ".join(door.run("scan", "ftp://x").err.replace("│", " ").split())
    assert "'ftp://x' is not an http or https address; for example https://shop.example/" in told


def test_a_database_that_lets_nobody_in_is_named_without_the_password(door: Door, postgres_engine: Engine) -> None:
    with postgres_engine.connect() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS guest")
        connection.exec_driver_sql("CREATE ROLE guest NOLOGIN")
        connection.commit()
    url = postgres_engine.url.set(username="guest", password="hunter2").render_as_string(hide_password=False)
    door.monkeypatch.setenv("PRICEVANE_DATABASE_URL", url)
    told = door.refused("propose")
    assert 'role "guest" is not permitted to log in' in told
    assert "hunter2" not in told


def test_a_database_error_in_a_command_is_one_line_with_the_way_to_more(door: Door) -> None:
    engine = door.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE proposal")
    assert door.refused("proposals", "list") == (
        "pricevane: no such table: proposal (OperationalError; more with pricevane --debug)"
    )


def python(*words: str) -> list[str]:
    """The command line in a process of its own that makes every warning an error."""
    return [sys.executable, "-W", "error", "-m", "pricevane", *words]


@pytest.mark.slow
def test_debug_shows_where_an_error_arose(door: Door) -> None:
    done = subprocess.run(
        python("--debug", "crawl", "rival-es"), capture_output=True, text=True, check=False, cwd=door.folder
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.strip().splitlines()[-1].endswith("no site is called 'rival-es'; known: rival-fr")


@pytest.mark.slow
def test_a_reader_who_stops_reading_is_no_error(door: Door) -> None:
    assert door.engine
    words = python("proposals", "list", "--format", "csv")
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=door.folder, env=buffered
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b"no proposed proposals\n"


def commands(group: Any, path: str = "pricevane") -> Iterator[tuple[str, TyperCommand]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_explains_itself_with_an_example(door: Door, words: str) -> None:
    said = door.run(*words.split()[1:], "--help")
    assert said.code == 0
    assert f"Example: {words}" in " ".join(said.out.split())
    command = COMMANDS[words]
    assert command.help
    assert all(getattr(option, "help", "") for option in command.params), words


def product_page(shop: Shop) -> None:
    shop.replies["/p/1"] = product(shop, "/p/1")


def part_of_a_shop(shop: Shop) -> None:
    shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, "/p/1", "/p/2")), "/p/1": product(shop, "/p/1")}


def no_shop(shop: Shop) -> None:
    shop.replies |= {"/": category("/a"), "/a": category("/")}


def closed_to_robots(shop: Shop) -> None:
    shop.replies["/robots.txt"] = robots("User-agent: *\nDisallow: / # \x1b[2Jstay out")


def unreadable(shop: Shop) -> None:
    shop.replies |= {
        "/sitemap.xml": Reply(sitemap(shop, "/missing", "/sheet", "/empty", "/round")),
        "/sheet": Reply(b"%PDF-1.7", kind="application/pdf"),
        "/empty": Reply(b""),
        "/round": redirect("/round"),
        "/": Reply(b""),
    }


# What stands at the address: (the shop, the path, the exit code, what is said).
SCANNED: dict[str, tuple[Callable[[Shop], None], str, int, list[str]]] = {
    "product page": (product_page, "/p/1", 0, []),
    "part of a shop": (part_of_a_shop, "/", 3, ["404: 1"]),
    "no shop": (no_shop, "/", 4, ["no prices were read"]),
    "closed to robots": (closed_to_robots, "/", 5, ["no prices were read", "not allowed by robots.txt (Disallow: /"]),
    "unreadable pages": (unreadable, "/", 1, ["404: 1", "not html: 1", "empty: 2", "redirect loop: 1"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", SCANNED)
def test_a_scan_says_what_it_met_and_ends_with_its_code(door: Door, what: str) -> None:
    fill, path, code, told = SCANNED[what]
    with open_shop() as shop:
        fill(shop)
        said = door.run("scan", shop.url + path, "--browser", "never", "--format", "json")
    assert said.code == code, said
    assert all(message in said.err for message in told), said
    assert said.err.replace("\n", "").isprintable()
    assert [json.loads(line)["price"] for line in said.out.splitlines()] == ["19.90"] * (code in (0, 3))
    assert not (door.folder / "pricevane.db").exists()


@pytest.mark.slow
def test_a_shop_that_refuses_the_connection_is_an_error(door: Door) -> None:
    with open_shop() as shop:
        url = shop.url
    said = door.run("scan", f"{url}/", "--browser", "never")
    assert (said.code, "connection refused: " in said.err) == (1, True), said


@pytest.mark.slow
def test_a_page_without_a_number_above_zero_never_shows_a_price(door: Door) -> None:
    said_prices = ("free", "0.00", "call us", "-5.00")
    with open_shop() as shop:
        paths = {f"/p/{number}": price for number, price in enumerate(said_prices)}
        shop.replies["/sitemap.xml"] = Reply(sitemap(shop, *paths))
        shop.replies |= {path: product(shop, path, price) for path, price in paths.items()}
        said = door.run("scan", f"{shop.url}/", "--browser", "never", "--format", "json")
    found = json_lines(said)
    assert found
    assert {(offer["price"], offer["status"]) for offer in found} == {(None, "doubtful")}
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_a_crawl_keeps_prices_and_counts_what_is_new(door: Door) -> None:
    paths = [f"/p/{number}" for number in range(3)]
    with open_shop() as shop:
        shop.replies |= {"/sitemap.xml": Reply(sitemap(shop, *paths)), **{path: product(shop, path) for path in paths}}
        door.add(f'[[competitors]]\nname = "Own"\n[[competitors.sites]]\nname = "own"\nurl = "{shop.url}/"\n')
        door.add("local = true\n")
        shop.replies["/"] = category(*paths)
        first, second = [door.run("crawl", "own", "--format", "json") for _ in range(2)]
    assert (first.code, second.code) == (0, 0), first
    assert [json.loads(said.out)["changed"] for said in (first, second)] == [3, 0]
    assert json.loads(second.out)["listings"] == 3


def json_lines(said: Said) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.out.splitlines()]


def test_a_move_is_proposed_approved_exported_and_applied(door: Door) -> None:
    door.add(CALM)
    engine = door.decided("19.90", "19.90", "18.90", "18.90")
    (proposed,) = json_lines(door.run("proposals", "list", "--format", "json"))
    assert (proposed["current"], proposed["proposed"], proposed["state"]) == ("19.90", "18.90", "proposed")
    assert "rival-fr: 18.90 EUR  https://rival.example/p/1" in door.run("proposals", "show", "1").out
    assert door.run("proposals", "approve", "1", "--by", "ana", "--why", "agreed").out == "1: approved\n"
    assert [(row.who, row.why, row.verdict) for row in rows(engine, Decision)] == [("ana", "agreed", "approved")]
    said = door.run("proposals", "approve", "1")
    assert (said.code, said.out) == (1, "1: not approved: it is approved\n")
    assert door.run("proposals", "export", "out.csv").out == "1 approved prices written to out.csv\n"
    ((head), row) = csv.reader((door.folder / "out.csv").read_text("utf-8").splitlines())
    assert (head[:3], row[:3]) == (["sku", "price", "currency"], ["K-1", "18.90", "EUR"])
    assert not list(door.folder.glob("*.part"))
    assert door.run("proposals", "export", "-").out.splitlines()[1].startswith("K-1,18.90,EUR,1,")
    (door.folder / "new.csv").write_text("sku,name,price\nK-1,Kettle,18.90\n", "utf-8")
    assert door.run("import", "products", "new.csv").code == 0
    assert [row.state for row in rows(engine, Proposal)] == ["applied"]


def own_price_changed(door: Door) -> None:
    door.price(1980)


def out_of_date(door: Door) -> None:
    with door.engine.begin() as connection:
        connection.execute(update(Proposal).values(expires_at=BEGAN - timedelta(hours=1)))


def cost_above(door: Door) -> None:
    with door.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE product SET cost_minor = 1900")


def rival_gone(door: Door) -> None:
    with door.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE site SET enabled = false")
        connection.exec_driver_sql("UPDATE crawl_run SET publication = 'suspect'")


def hold(door: Door) -> None:
    with door.engine.begin() as connection:
        connection.execute(update(PricingRun).values(publication="suspect"))


OUTDATED: dict[str, tuple[Callable[[Door], None], str]] = {
    "own price changed": (own_price_changed, "your own price has changed since"),
    "out of date": (out_of_date, "it was valid until"),
    "held run": (hold, "its run is held; look at it, then pricevane proposals release"),
    "floor": (cost_above, "floor"),
    "no rival left": (rival_gone, ""),
}


@pytest.mark.parametrize("why", OUTDATED)
def test_an_approval_is_checked_again_and_refused_with_the_reason(door: Door, why: str) -> None:
    door.add(CALM)
    engine = door.decided("19.90", "19.90", "18.90", "18.90")
    change, message = OUTDATED[why]
    change(door)
    said = door.run("proposals", "approve", "1", "--by", "ana")
    assert said.code == 1
    assert said.out.startswith("1: not approved: ")
    assert message in said.out
    assert [row.state for row in rows(engine, Proposal)] == ["proposed"]
    assert rows(engine, Decision) == []


def test_an_unknown_proposal_is_neither_approved_nor_rejected(door: Door) -> None:
    assert door.run("proposals", "approve", "7").out == "7: not approved: there is no such proposal\n"
    said = door.run("proposals", "reject", "7")
    assert (said.code, said.out) == (1, "7: not rejected: it is not open\n")


def test_a_held_run_is_released_and_then_decided(door: Door) -> None:
    engine = door.decided("19.90", "19.90", "18.90", "18.90")
    (held,) = json_lines(door.run("proposals", "list", "-f", "json"))
    assert held["state"] == "held"
    assert door.run("proposals", "release", "--by", "ana", "--why", "looked").code == 0
    assert "released by ana: looked" in rows(engine, PricingRun)[-1].reason
    assert door.run("proposals", "reject", "1", "--by", "ana", "--why", "clearance").out == "1: rejected\n"
    assert [(row.verdict, row.why) for row in rows(engine, Decision)] == [("rejected", "clearance")]
    said = door.run("propose")
    assert said.err.splitlines()[-1] == "no proposed proposals"


def test_a_held_crawl_is_listed_and_let_through(door: Door) -> None:
    engine = door.decided("19.90")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE crawl_run SET publication = 'suspect', reason = 'few'")
    (held,) = json_lines(door.run("runs", "list", "--held", "-f", "json"))
    assert (held["site"], held["reason"]) == ("rival-fr", "few")
    assert door.run("runs", "release", str(held["id"]), "--by", "ana").code == 0
    assert json_lines(door.run("runs", "list", "--held", "-f", "json")) == []
    assert "is not held" in door.run("runs", "release", str(held["id"]), "--by", "ana").err


@pytest.mark.parametrize(("verdict", "price"), [("accept", ["1.89"]), ("refuse", [])])
def test_a_quarantined_price_is_believed_when_a_person_says_so(door: Door, verdict: str, price: list[str]) -> None:
    engine = door.decided("19.90", "19.90")
    door.see("1.89", ago=timedelta(minutes=5), name="=HYPERLINK(evil)")
    door.run("propose")
    (entry,) = csv.DictReader(io.StringIO(door.run("quarantine", "list", "-f", "csv").out))
    assert (entry["price"], entry["name"], entry["state"]) == ("1.89", "'=HYPERLINK(evil)", "open")
    said = door.run("quarantine", verdict, entry["id"], "--by", "ana", "--why", "seen it")
    assert (said.code, said.out) == (0, f"{entry['id']}: {verdict}{'ed' if verdict == 'accept' else 'd'}\n")
    assert door.run("quarantine", verdict, entry["id"]).code == 1
    door.run("propose")
    assert rows(engine, Quarantine)[0].state == f"{verdict}{'ed' if verdict == 'accept' else 'd'}"
    seen = json_lines(door.run("history", "K-1", "-f", "json"))
    assert [row["price"] for row in seen if not row["quarantined"]] == ["19.90", "19.90", *price]
    assert [(row.who, row.why) for row in rows(engine, Decision)] == [("ana", "seen it")]


def test_history_shows_each_price_with_its_proof(door: Door) -> None:
    door.decided("19.90", "18.90")
    first, second = json_lines(door.run("history", "K-1", "--format", "json"))
    assert (first["price"], first["currency"], first["raw"], first["path"]) == ("19.90", "EUR", "19.90 €", "ld+json")
    assert (second["price"], second["url"]) == ("18.90", "https://rival.example/p/1")
    assert len(first["page_hash"]) == 32
    assert door.run("history", "K-1", "--days", "1", "-f", "json").out.count("\n") == 1


def test_a_listing_in_another_currency_is_counted_as_not_comparable(door: Door) -> None:
    door.stock()
    door.see(*(Money(Decimal(amount), "CHF") for amount in ("19.90", "18.90")))
    door.run("match")
    said = door.run("propose")
    assert said.code == 0
    assert any(line.startswith("not comparable, ") and line.endswith(": 1") for line in said.err.splitlines()), said.err


def test_a_csv_cell_is_never_a_formula_and_json_is_one_object_a_line(door: Door) -> None:
    door.add(CALM)
    door.decided("19.90", "19.90", "18.90", "18.90")
    (row,) = csv.DictReader(io.StringIO(door.run("proposals", "list", "-f", "csv").out))
    assert (row["name"], row["current"]) == ("'=1+1 kettle", "19.90")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    (line,) = door.run("proposals", "list", "-f", "json").out.splitlines()
    assert json.loads(line)["name"] == "=1+1 kettle"


def test_an_outbox_that_cannot_be_written_keeps_the_mail_for_the_next_digest(door: Door) -> None:
    door.add(CALM + '[mail]\noutbox = "taken"\n')
    (door.folder / "taken").write_text("in the way", "utf-8")
    engine = door.decided("19.90", "19.90", "18.90", "18.90")
    told = door.refused("digest")
    assert "cannot be written" in told
    assert "check mail.outbox and its rights" in told
    assert {row.state for row in rows(engine, Alert)} == {"failed"}
    said = door.run("doctor")
    assert (said.code, "taken cannot be written" in said.out) == (1, True)
    (door.folder / "taken").unlink()
    assert "ana@shop.example: " in door.run("digest").out
    assert len(list((door.folder / "taken").glob("*.eml"))) == len(rows(engine, Alert))
    assert door.run("digest").out == "nothing new to tell\n"


def test_one_mail_that_cannot_leave_does_not_hold_up_the_others(door: Door) -> None:
    engine = door.decided("19.90", "19.90", "18.90", "18.90")
    assert door.run("digest").code == 0
    first, second = sorted((door.folder / "outbox").iterdir())
    first.unlink()
    first.mkdir()
    second.unlink()
    with engine.begin() as connection:
        connection.execute(update(Alert).values(state="pending"))
    assert first.name in door.refused("digest")
    assert [row.state for row in rows(engine, Alert)] == ["failed", "sent"]
    assert second.is_file()


def test_a_bad_import_writes_nothing_and_names_the_place(door: Door) -> None:
    (door.folder / "bad.csv").write_text("sku,name,price\nK-1,Kettle,19.90\nK-2,Pan,free\n", "utf-8")
    said = door.run("import", "products", "bad.csv")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        "pricevane: bad.csv: nothing was imported",
        "line 3: price: 'free' is no plain number; write 1299.00 (no thousands separator, no currency)",
    ]
    assert rows(door.engine, OwnPrice) == []


def test_doctor_finds_a_sound_house_sound(door: Door) -> None:
    assert door.run("db", "upgrade").code == 0
    assert door.run("db", "check").out == "the database is up to date\n"
    said = door.run("doctor")
    assert said.code == 0, said
    assert all(line.startswith("ok ") for line in said.out.splitlines())


def test_init_writes_a_configuration_that_works(door: Door) -> None:
    door.toml.unlink()
    assert door.run("init").code == 0
    assert door.run("doctor").code == 0
    assert door.toml.is_file()


def test_schedules_are_listed_with_their_next_due_time(door: Door) -> None:
    door.add('[[schedules]]\nname = "nightly"\ncron = "30 2 * * *"\ntime_zone = "Europe/Berlin"\n')
    (row,) = json_lines(door.run("schedule", "list", "--format", "json"))
    assert (row["name"], row["when"], row["time_zone"], row["sites"], row["last"]) == (
        *("nightly", "30 2 * * *", "Europe/Berlin", "all", "never"),
    )
    assert door.run("schedule", "run", "--once").code == 0


def test_there_is_nothing_to_crawl_without_a_site(door: Door) -> None:
    Path(door.toml).write_text("", "utf-8")
    assert "pricevane.toml names no site yet" in door.refused("crawl")
