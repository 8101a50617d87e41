"""`runs`: crawls that were held, and letting them through after a look."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from pricevane.cli.output import Format, FormatOption, out, show
from pricevane.cli.session import ConfigOption, Failed, WhoOption, WhyOption, house, who
from pricevane.storage.history import release
from pricevane.storage.tables import CrawlRun, Site

LISTED = ("id", "site", "started_at", "state", "publication", "listings", "repairs", "reason")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Crawls: what was read, what is held.", no_args_is_help=True)
    group.command("list", epilog="Example: pricevane runs list --held")(listing)
    group.command("release", epilog='Example: pricevane runs release 12 --why "their sale has begun"')(let_through)
    app.add_typer(group, name="runs")


def listing(
    held: Annotated[bool, typer.Option("--held", help="Only those that are held.")] = False,
    last: Annotated[int, typer.Option(min=1, help="How many.")] = 30,
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """The latest crawls, newest first."""
    query = select(CrawlRun, Site.name.label("site")).join(Site, Site.id == CrawlRun.site_id)
    if held:
        query = query.where(CrawlRun.publication == "suspect")
    with house(config).engine.connect() as connection:
        rows = [
            {
                **row._mapping,
                "listings": (row.report or {}).get("stored", 0),
                "repairs": len((row.report or {}).get("repairs", [])),
            }
            for row in connection.execute(query.order_by(CrawlRun.id.desc()).limit(last))
        ]
    show(rows, LISTED, form, empty="no crawls")


def let_through(
    run: Annotated[int, typer.Argument(help="A number from `pricevane runs list --held`.")],
    by: WhoOption = "",
    why: WhyOption = "",
    config: ConfigOption = None,
) -> None:
    """Believe a held crawl after a look at it: its prices count from the next `propose` on."""
    name = who(by)
    with house(config).engine.begin() as connection:
        if not release(connection, run, f"released by {name}: {why}"):
            raise Failed(f"crawl {run} is not held; pricevane runs list --held shows those that are")
    out.print(f"crawl {run} is published")
