"""`scan`: what any shop asks, from its address alone; nothing is stored."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from pricevane import jobs
from pricevane.cli.exports import Export, UnknownEnding, export_to
from pricevane.cli.output import Format, err, out, plain, show
from pricevane.cli.scanned import COLUMNS, line_of, shown
from pricevane.cli.session import Browser, BrowserOption, ConfigOption, ContactOption, Failed, configuration_if_any
from pricevane.cli.stopping import INTERRUPTED, TooSlow, stoppable
from pricevane.cli.summary import cost, summarise
from pricevane.cli.watching import Watch
from pricevane.crawling import CrawlDied
from pricevane.model import CrawlReport, Origin, PageKind, SiteState


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: pricevane scan https://shop.example/ --contact you@retailer.example --limit 20")(scan)


def scan(
    url: Annotated[str, typer.Argument(help="A shop, one of its categories, or one product page.")],
    form: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="table, json (one object a line) or csv; with --out, nothing."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a file; .csv, .xlsx, .json, .jsonl or .parquet.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many offers; 0 for all.")] = 0,
    max_pages: Annotated[int, typer.Option(min=1, help="Stop after so many pages.")] = 1000,
    browser: BrowserOption = Browser.AUTO,
    contact: ContactOption = "",
    currency: Annotated[str, typer.Option(help="For pages that do not say, for example EUR.")] = "",
    language: Annotated[str, typer.Option(help="For pages that do not say, for example fr.")] = "",
    config: ConfigOption = None,
) -> None:
    """Read a shop, a category or a product page and print what it asks, with the proof. Nothing is stored.

    Ctrl-C ends it with what came so far.
    """
    origin = _origin(url)
    export = _export(file)
    known = configuration_if_any(config)
    state = SiteState(
        url=url,
        contact=contact or (known.contact if known else ""),
        currency=currency.upper(),
        language=language,
        render=browser.render,
        max_pages=max_pages,
    )
    with stoppable() as stop:
        watch = Watch(origin.url, limit, stop)
        report = _scanned(state, watch)
    _print(watch, form or (None if export else Format.TABLE))
    _say(watch, report)
    _save(watch, export, form)
    raise typer.Exit(INTERRUPTED if stop.is_asked else report.exit_code)


def _origin(url: str) -> Origin:
    try:
        return Origin.of(url)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example https://shop.example/", param_hint="URL") from error


def _export(file: Path | None) -> Export | None:
    try:
        return export_to(file) if file else None
    except UnknownEnding as error:
        raise typer.BadParameter(str(error), param_hint="--out") from error


def _scanned(state: SiteState, watch: Watch) -> CrawlReport:
    """The scan's report; of one that was ended the hard way what is known of it."""
    try:
        with watch.live():
            report = jobs.scan(state, watch.offer, watch.progress)
    except TooSlow:
        return watch.report("interrupted")
    except CrawlDied as died:
        report = watch.report(str(died))
        report.fail("crawl died")
    if watch.is_full and report.reason == "interrupted":
        report.reason, report.finished = f"stopped at the limit of {watch.limit}", True
    return report


def _print(watch: Watch, form: Format | None) -> None:
    """The rows in the order of their addresses."""
    watch.rows.sort(key=lambda row: str(row["url"]))
    if form is Format.TABLE:
        lines = [line_of(row, watch.shop) for row in watch.rows]
        show(lines, shown(out.width), form, empty="no prices were read")
    elif form:
        show(watch.rows, tuple(COLUMNS), form, empty="no prices were read")


def _say(watch: Watch, report: CrawlReport) -> None:
    doubts = Counter(doubt for row in watch.rows for doubt in row["doubts"])
    doubtful = sum(row["status"] != "good" for row in watch.rows)
    err.print(plain(f"{_offers(watch)}, {doubtful} doubtful; {cost(report)}"))
    for doubt, count in doubts.most_common():
        err.print(plain(f"doubtful: {doubt}: {count}"))
    summarise(report)
    if not watch.rows and report.kinds.get(PageKind.SHELL) and not report.browser_pages:
        err.print("scripts fill these pages: without --browser never they are shown in Chromium, if there is one")


def _save(watch: Watch, export: Export | None, form: Format | None) -> None:
    """Write the file; where that fails after all, what was read is printed before the error."""
    if export is None:
        return
    try:
        export.write(watch.rows, COLUMNS)
    except Failed:
        if form is None:
            _print(watch, Format.TABLE)
        raise
    err.print(plain(f"{_offers(watch)} written to {export.path}"))


def _offers(watch: Watch) -> str:
    return f"{len(watch.rows)} offer{'' if len(watch.rows) == 1 else 's'}"
