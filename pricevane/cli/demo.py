"""`demo`: the main job over a simulated market, judged against its truth."""

from __future__ import annotations

import csv
import io
import shutil
import signal
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pricevane import config as configuration
from pricevane import jobs
from pricevane.cli.output import err, out
from pricevane.cli.session import Failed, now
from pricevane.cli.verdict import Verdict, judge
from pricevane.house import House, open_house
from pricevane.intake import catalogue
from pricevane.intake.sheet import read_rows
from pricevane.market import Market, World

LEAST_DAYS = 4
MADE = ("pricevane.toml", "products.csv", "sales.csv", "digest.html", "pricevane.db", "outbox")
MANAGERS = ("ana@retailer.example", "ben@retailer.example")
NEXT = """Now with your own shops:
  pricevane init                              writes pricevane.toml; name a rival and your contact in it
  pricevane scan https://shop.example/        what a shop asks, nothing stored
  pricevane import products products.csv      your products: sku, name, gtin, brand, mpn, price, cost …
  pricevane crawl && pricevane match && pricevane propose && pricevane digest
  pricevane schedule run                      the same every night"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", epilog="Example: pricevane demo --seed 3 --days 5")(demo)


def demo(
    seed: Annotated[int, typer.Option(help="Another seed is another market.")] = 7,
    days: Annotated[int, typer.Option(min=LEAST_DAYS, max=30, help="Simulated days; the first two are calm.")] = 5,
    products: Annotated[int, typer.Option(min=20, max=2000, help="Own products.")] = 240,
    folder: Annotated[Path, typer.Option(help="Where to put the database, the mail and the toml.")] = Path("demo"),
    serve: Annotated[
        bool, typer.Option("--serve", help="Only open the shops, to try `pricevane scan` on them.")
    ] = False,
) -> None:
    """Four rival shops on this machine, a few days of price moves, and the mail that they lead to."""
    began = time.monotonic()
    world = World(seed=seed, products=products, days=days, start_on=(now() - timedelta(days=days - 1)).date())
    if serve:
        _serve(world)
        return
    _clear(folder)
    with Market(world) as market:
        home = _furnish(folder, world, market)
        clock = {day: now() - timedelta(days=days - 1 - day) for day in range(days)}
        _import(home, folder, clock[0] - timedelta(hours=1))
        for day, at in clock.items():
            market.day = day
            _one_day(home, day, at)
        told = jobs.digest(home, now())
    with home.engine.connect() as connection:
        verdict = judge(connection, world, clock)
    _tell(verdict)
    pages = _preview(folder, told)
    out.print(
        f"mail      {', '.join(pages)} (open in a browser; the mails themselves lie in {folder / 'outbox'})",
        soft_wrap=True,
    )
    out.print(f"database  {folder / 'pricevane.db'}", soft_wrap=True)
    out.print(f"decide    pricevane proposals list -c {folder / 'pricevane.toml'}", soft_wrap=True)
    out.print(f"took      {time.monotonic() - began:.0f} s, seed {seed}, {days} days\n")
    out.print(NEXT, soft_wrap=True)
    if verdict.faults:
        raise Failed("; ".join(verdict.faults))


def _serve(world: World) -> None:
    """Keep the shops open until interrupted."""
    with Market(world) as market, suppress(KeyboardInterrupt):
        for name, url in market.urls.items():
            out.print(f"{name:12} {url}")
        out.print("open until Ctrl-C; in another terminal: pricevane scan ADDRESS")
        signal.pause()


def _clear(folder: Path) -> None:
    """Remove what an earlier demo made, and nothing else."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / "products.csv").exists():
            raise Failed(f"{folder} holds other files; name an empty folder with --folder")
        for path in (folder / name for name in (*MADE, "pricevane.db-wal", "pricevane.db-shm")):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(f"{folder} cannot be written: {error.strerror}; name another with --folder") from error


def _furnish(folder: Path, world: World, market: Market) -> House:
    """Write the files that a retailer would have, and open the house on them."""
    (folder / "products.csv").write_text(world.products_csv(), encoding="utf-8")
    (folder / "sales.csv").write_text(world.sales_csv(), encoding="utf-8")
    toml = folder / "pricevane.toml"
    toml.write_text(_toml(world, market), encoding="utf-8")
    # Never the database or the mail server that the environment names for real work.
    return open_house(configuration.load(toml, environ={}))


def _toml(world: World, market: Market) -> str:
    """A configuration of the simulated market, as a person would write it."""
    lines = ["# Made by pricevane demo.", 'currency = "EUR"', "vat = 0.2", 'contact = "demo@localhost"', ""]
    lines += [
        "[guardrails]",
        "run_median_move = 0.08  # with so few rivals, one rival's move shifts a median a lot",
        "",
    ]
    for shop in world.shops:
        lines += [
            *("[[competitors]]", f'name = "{shop.competitor}"', f'country = "{shop.country}"', ""),
            *("[[competitors.sites]]", f'name = "{shop.name}"', f'url = "{market.urls[shop.name]}"'),
            *(f'currency = "{shop.currency}"', f'language = "{shop.language}"', f'render = "{shop.render}"'),
            *(f"vat = {shop.vat}", f"tax_included = {str(shop.tax_included).lower()}", "local = true", ""),
        ]
    for number, category in enumerate(sorted({row["category"] for row in _products(world)})):
        manager = MANAGERS[number % len(MANAGERS)]
        lines += ["[[categories]]", f'name = "{category}"', f'manager = "{manager}"', ""]
    lines += [
        *("[[rules]]", 'name = "key value items stay at the average"', "key_value_items = true"),
        *('action = "match"', 'reference = "average"', "min_rivals = 2", ""),
        *("[[rules]]", 'name = "follow the median"', 'action = "match"', 'reference = "median"', "min_rivals = 2", ""),
    ]
    return "\n".join(lines)


def _products(world: World) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(world.products_csv())))


def _import(home: House, folder: Path, at: datetime) -> None:
    rows = read_rows(folder / "products.csv", catalogue.ProductRow, "utf-8", lambda row: row.sku)
    sold = read_rows(folder / "sales.csv", catalogue.SalesRow, "utf-8", lambda row: (row.sku, row.date))
    with home.engine.begin() as connection:
        catalogue.import_products(connection, rows, home.config.currency, home.config.vat, at, "products.csv")
        catalogue.import_sales(connection, sold)
    out.print(f"{len(rows)} own products, {len(sold)} days of sales imported")


def _one_day(home: House, day: int, at: datetime) -> None:
    """Crawl every shop, match, and decide."""
    began, told = time.monotonic(), []
    for done in jobs.crawl_all(home, home.config.sites, clock_at=at):
        told.append(f"{done.site} {done.report.stored}")
        if done.reason:
            err.print(f"{done.site}: {done.reason}")
    decided_at = at + timedelta(seconds=time.monotonic() - began)
    matched = jobs.match(home, decided_at)
    made = jobs.propose(home, decided_at).made
    out.print(
        f"day {day}: {', '.join(told)} listings; {matched.matched} of {matched.listings} matched;"
        f" {len(made.screened.moves)} moves so far, {len(made.proposals)} proposals"
        f"{' (held)' if made.publication == 'suspect' else ''}  [{time.monotonic() - began:.1f} s]",
        soft_wrap=True,
    )
    if made.reason:
        err.print(made.reason)


def _preview(folder: Path, told: list[jobs.Told]) -> list[str]:
    """Each mail as a page that any browser opens."""
    pages = []
    for number, mail in enumerate(told, 1):
        page = folder / (f"digest-{number}.html" if number > 1 else "digest.html")
        page.write_text(mail.page, encoding="utf-8")
        pages.append(str(page))
    return pages


def _tell(verdict: Verdict) -> None:
    found, missed = verdict.moves_found, verdict.moves_missed
    rows = [
        (
            "pages read over all days",
            f"{verdict.pages} shown, {verdict.poisoned} with a wrong price on purpose",
        ),
        ("prices right", f"{verdict.right_share:.2%} of unpoisoned pages ({verdict.wrong} wrong)"),
        *((f"moves found, {size}", f"{found[size]} of {found[size] + missed[size]}") for size in found),
        ("moves of unmatched listings", f"{verdict.moves_unmatched}, not followed"),
        ("moves that never happened", str(verdict.moves_false)),
        ("poisoned prices of ours caught", f"{verdict.poison_caught} of {verdict.poison_of_ours}"),
        ("real prices held up", f"{verdict.real_held}, {verdict.real_held_open} of them still"),
        ("proposals", f"{verdict.proposals}, {verdict.proposals_on_wrong_prices} of them rest on a wrong price"),
    ]
    out.print()
    for name, value in rows:
        out.print(f"{name:32} {value}")
    out.print()
