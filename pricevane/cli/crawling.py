"""`crawl`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pricevane import jobs, visit
from pricevane.cli.output import Format, FormatOption, err, progress, show
from pricevane.cli.session import ConfigOption, house
from pricevane.cli.summary import summarise
from pricevane.model import Publication


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: pricevane crawl rival-fr rival-de")(crawl)


def crawl(
    sites: Annotated[list[str] | None, typer.Argument(help="Names from pricevane.toml; all of them if none.")] = None,
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Crawl shops and keep every price with its proof."""
    home = house(config)
    names = sites or list(home.config.sites)
    if not names:
        raise visit.UnknownSite("pricevane.toml names no site yet; add one under [[competitors]]")
    for name in names:
        visit.site_named(home.config, name)
    rows, codes = [], []
    for name in names:
        with progress(name) as told:
            done = jobs.crawl(home, name, on_progress=told)
        rows.append(_row(done))
        codes.append(done.report.exit_code)
        if done.publication is Publication.SUSPECT:
            err.print(f"{name}: held, nothing of this crawl is priced on: {done.reason}")
        summarise(done.report, name)
    show(rows, ("site", "listings", "changed", "doubtful", "pages", "seconds", "state", "publication"), form)
    raise typer.Exit(_overall(codes))


def _overall(codes: list[int]) -> int:
    """One exit code for several crawls: their common one, else partial."""
    return codes[0] if len(set(codes)) == 1 else 3


def _row(done: jobs.Crawled) -> dict[str, Any]:
    report = done.report
    return {
        "site": done.site,
        "listings": report.stored,
        "changed": report.changed,
        "doubtful": report.doubtful,
        "pages": report.pages,
        "seconds": round(report.seconds, 1),
        "state": "complete" if report.finished else "incomplete",
        "publication": done.publication.value,
    }
