"""`site`: how a rival's shop is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pricevane import jobs
from pricevane.cli.output import Format, FormatOption, plain, progress, show
from pricevane.cli.session import ConfigOption, ContactOption, configuration_if_any, house
from pricevane.cli.summary import summarise
from pricevane.model import CrawlReport, Origin, SiteState
from pricevane.planning import planned
from pricevane.storage.ledger import asked_hosts
from pricevane.visit import site_named

ASKED = ("run", "site", "started_at", "host", "requests", "mb", "unchanged_share", "blocked", "refused")
PLANNED = ("reason", "worth", "url")
VERDICT, COSTS = ("page_type", "rung", "fill", "agreed"), ("requests", "bytes", "cpu_ms")
PROBED = (*VERDICT, *COSTS, "browser_bytes", "browser_cpu_ms", "recipe")
PACE = ("delay_s", "gap_least_s", "gap_median_s", "waited_s", "robots_line")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Rivals' shops: how they are asked.", no_args_is_help=True)
    group.command("ledger", epilog="Example: pricevane site ledger rival-fr")(ledger)
    group.command("plan", epilog="Example: pricevane site plan rival-fr")(plan)
    group.command("probe", epilog="Example: pricevane site probe https://shop.example/ --contact you@retailer.example")(
        probe
    )
    app.add_typer(group, name="site")


def ledger(
    site: Annotated[str, typer.Argument(help="A site's name from pricevane.toml; all sites if absent.")] = "",
    last: Annotated[int, typer.Option(min=1, help="How many crawls.")] = 10,
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """What the last crawls asked of each host, how fast, and which line of its robots.txt they kept."""
    opened = house(config)
    if site:
        site_named(opened.config, site)
    with opened.engine.connect() as connection:
        rows = asked_hosts(connection, site, last)
    show(rows, (*ASKED, *PACE), form, empty="no crawl has ended yet")


def plan(
    site: Annotated[str, typer.Argument(help="A site's name from pricevane.toml.")],
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Which known pages the site's next crawl would ask for, and why; with a budget what a visit is worth a request."""
    visits = planned(house(config), site, datetime.now(UTC))
    rows = [{"url": visit.url, "reason": visit.reason, "worth": round(visit.worth, 2)} for visit in visits]
    show(rows, PLANNED, form, empty="no page is known yet: the first crawl looks for all of them")


def probe(
    url: Annotated[str, typer.Argument(help="A shop's address.")],
    contact: ContactOption = "",
    currency: Annotated[str, typer.Option(help="For pages that do not say, for example EUR.")] = "",
    language: Annotated[str, typer.Option(help="For pages that do not say, for example fr.")] = "",
    max_pages: Annotated[int, typer.Option(min=8, help="Stop after so many pages.")] = 40,
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Find out how each type of a shop's pages is best read, and what a page costs that way and in the browser.

    Requests, bytes and processor time are means of a page. Nothing is stored.
    """
    try:
        Origin.of(url)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example https://shop.example/", param_hint="URL") from error
    known = configuration_if_any(config)
    contact = contact or (known.contact if known else "")
    state = SiteState(url=url, contact=contact, currency=currency.upper(), language=language, max_pages=max_pages)
    with progress("probe") as told:
        report = jobs.probe(state, told)
    rows = list(_verdicts(report))
    if form is Format.TABLE:
        for row in rows:
            row["recipe"] = "; ".join(row["recipe"])
    show(rows, PROBED, form, empty="too few product pages were seen for a verdict")
    summarise(report)
    raise typer.Exit(0 if rows else 4)


def _verdicts(report: CrawlReport) -> Iterator[dict[str, Any]]:
    """A row a page type."""
    browser: Mapping[str, Any] = report.learned.get("ladder_cost", {})
    for name, said in report.learned.get("ladder", {}).items():
        costs = browser if said["rung"] == "browser" else said["costs"].get(said["rung"], {})
        yield {
            "page_type": plain(name),
            "rung": said["rung"],
            "fill": said["fill"],
            "agreed": said["agreed"],
            **{column: costs.get(column) for column in COSTS},
            **{f"browser_{column}": browser.get(column) for column in COSTS[1:]},
            "recipe": [plain(line) for line in said["words"]],
        }
