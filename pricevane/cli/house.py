"""`init`, `doctor`, `db` and `schedule`: setting up, and seeing whether everything stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer
from sqlalchemy import select

from pricevane import chromium, jobs, schedule
from pricevane import config as configuration
from pricevane.cli.output import Format, FormatOption, err, out, show
from pricevane.cli.session import ConfigOption, Failed, house, now
from pricevane.storage import engine as database
from pricevane.storage import migrate
from pricevane.storage.tables import Firing, Schedule


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: pricevane init")(init)
    app.command(epilog="Example: pricevane doctor")(doctor)
    db = typer.Typer(help="The database's shape.", no_args_is_help=True)
    db.command("upgrade", epilog="Example: pricevane db upgrade")(upgrade)
    db.command("check", epilog="Example: pricevane db check")(check)
    app.add_typer(db, name="db")
    clock = typer.Typer(help="Crawls without anyone asking.", no_args_is_help=True)
    clock.command("run", epilog="Example: pricevane schedule run")(run)
    clock.command("list", epilog="Example: pricevane schedule list --format json")(listing)
    app.add_typer(clock, name="schedule")


def init(
    folder: Annotated[Path, typer.Argument(help="Where to put pricevane.toml.")] = Path(),
) -> None:
    """Write a pricevane.toml with every setting explained; one that is there is left alone."""
    target = folder / configuration.FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(configuration.EXAMPLE.read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise Failed(f"{target} is there already and was left as it is") from error
    except OSError as error:
        raise Failed(f"{target} cannot be written: {error.strerror}; name another folder") from error
    out.print(f"{target} written. Name a rival under [[competitors]], then:")
    out.print("  pricevane import products products.csv\n  pricevane crawl\n  pricevane match\n  pricevane propose")


def upgrade(config: ConfigOption = None) -> None:
    """Create the database or bring it up to date."""
    home = house(config)
    out.print(f"the database is at {migrate.current(home.engine)}")


def check(config: ConfigOption = None) -> None:
    """Say whether the database has the shape that this version wants."""
    settings = configuration.load(config)
    engine = database.open_engine(database.anchored(settings.database.url, settings.root))
    database.check_reachable(engine)
    if not migrate.is_current(engine):
        raise Failed("the database is not up to date: run pricevane db upgrade")
    if differences := migrate.check(engine):
        raise Failed("the database differs from its tables:\n" + "\n".join(differences))
    out.print("the database is up to date")


def doctor(config: ConfigOption = None) -> None:
    """Check the configuration, the database, the browser and the outbox, one line each."""
    settings = configuration.load(config)
    out.print(f"ok    configuration  {len(settings.sites)} sites, {len(settings.rules)} rules")
    checks: tuple[tuple[str, Callable[[configuration.Config], str]], ...] = (
        ("database", _database),
        ("browser", _browser),
        ("outbox", _outbox),
    )
    broken = 0
    for name, look in checks:
        try:
            out.print(f"ok    {name:13}  {look(settings)}", soft_wrap=True)
        except (RuntimeError, OSError) as error:
            broken += 1
            out.print(f"wrong {name:13}  {error}", soft_wrap=True)
    raise typer.Exit(1 if broken else 0)


def _database(settings: configuration.Config) -> str:
    engine = database.open_engine(database.anchored(settings.database.url, settings.root))
    database.check_reachable(engine)
    shown = engine.url.render_as_string(hide_password=True)
    return shown if migrate.is_current(engine) else f"{shown} (brought up to date by the next command)"


def _browser(settings: configuration.Config) -> str:
    found = chromium.find()
    if found:
        return str(found)
    if any(site.render == "browser" for site in settings.sites.values()):
        raise Failed("no Chromium was found, and a site needs one: install chromium or set PRICEVANE_CHROMIUM")
    return "none found, and no site needs one"


def _outbox(settings: configuration.Config) -> str:
    folder = settings.root / settings.mail.outbox
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return str(folder)
    except OSError as error:
        raise Failed(f"{folder} cannot be written ({error.strerror}); check mail.outbox and its rights") from error


def run(
    config: ConfigOption = None,
    once: Annotated[bool, typer.Option(help="Run what is due now and stop.")] = False,
    every: Annotated[int, typer.Option(min=1, max=3600, help="Seconds between looks at the clock.")] = schedule.TICK_S,
) -> None:
    """Crawl, match, propose and mail whenever a schedule is due, until stopped."""
    home = house(config)
    if once:
        for due in schedule.tick(home.engine, now()):
            jobs.run_due(home, due)
        return
    err.print("waiting for what is due; stop with Ctrl-C")
    schedule.serve(home.engine, lambda due, stopping: jobs.run_due(home, due, stopping), now, every)
    err.print("stopped")


def listing(form: FormatOption = Format.TABLE, config: ConfigOption = None) -> None:
    """When each schedule is due next, and how it ended last."""
    with house(config).engine.connect() as connection:
        last = {row.schedule_id: row for row in connection.execute(select(Firing).order_by(Firing.due_at))}
        rows = [
            {
                "name": row.name,
                "when": row.cron or f"every {row.every_s // 60} min",
                "time_zone": row.time_zone,
                "sites": ", ".join(row.sites) or "all",
                "next_due_at": row.next_due_at or schedule.next_due(row, now()),
                "last": f"{last[row.id].state} {last[row.id].error}".strip() if row.id in last else "never",
            }
            for row in connection.execute(select(Schedule).where(Schedule.enabled).order_by(Schedule.name))
        ]
    show(
        rows,
        ("name", "when", "time_zone", "sites", "next_due_at", "last"),
        form,
        empty="no schedule; add [[schedules]]",
    )
