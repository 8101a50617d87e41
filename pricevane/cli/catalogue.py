"""`import products`, `import sales` and `import shop`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pricevane import jobs
from pricevane.cli.changed import settle
from pricevane.cli.output import Format, FormatOption, err, out, plain
from pricevane.cli.session import Browser, BrowserOption, ConfigOption, ContactOption, Failed, house, now
from pricevane.cli.stopping import TooSlow, stoppable
from pricevane.cli.summary import cost, summarise
from pricevane.cli.watching import Watch
from pricevane.config import Config
from pricevane.intake import catalogue, files, own_shop
from pricevane.intake.cautions import first, missing
from pricevane.model import CrawlReport, Origin, SiteState

FileArgument = Annotated[
    Path, typer.Argument(help="CSV, .xlsx, a shop system's export, or a Google Merchant feed (XML or text).")
]
TableArgument = Annotated[Path, typer.Argument(help="CSV (comma, semicolon or tab) or .xlsx, with a heading.")]
EncodingOption = Annotated[str, typer.Option(help="Encoding of the file, for example cp1252.")]
SheetOption = Annotated[str, typer.Option(help="The workbook's sheet; the first one if absent.", show_default=False)]
ColumnOption = Annotated[
    list[str], typer.Option("--column", help="Our column and the heading that is it: sku=Artikelnummer; repeatable.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Bring in your own products and sales.", no_args_is_help=True)
    group.command(
        "products",
        epilog="Columns: sku, name; and as you have them: gtin, brand, mpn, family, category, currency, price, cost,"
        " landed_cost, rrp, legal_floor, vat, stock, key_value_item. Example: pricevane import products products.csv",
    )(products)
    group.command("sales", epilog="Columns: sku, date, units, revenue. Example: pricevane import sales sales.csv")(
        sales
    )
    group.command("shop", epilog="Example: pricevane import shop https://shop.retailer.example/ --dry-run")(shop)
    app.add_typer(group, name="import")


def products(
    file: FileArgument,
    column: ColumnOption = [],  # noqa: B006 - typer copies it
    sheet: SheetOption = "",
    dry_run: DryRunOption = False,
    disable_missing: Annotated[
        bool, typer.Option("--disable-missing", help="Disable known products that the file lacks.")
    ] = False,
    sure: Annotated[bool, typer.Option("--yes", help="Also if that disables more than half of them.")] = False,
    drop_bad_gtins: Annotated[
        bool, typer.Option("--drop-bad-gtins", help="Leave out what is no GTIN, instead of refusing the file.")
    ] = False,
    form: FormatOption = Format.TABLE,
    encoding: EncodingOption = "utf-8",
    config: ConfigOption = None,
) -> None:
    """Add or update products by sku; columns that the file lacks stay, a price that changed joins your history."""
    at = now()
    found = files.read_products(file, files.Reading(encoding, sheet, _columns(column), drop_bad_gtins), at)
    settle(
        house(config),
        found.rows,
        f"import {file.name}",
        at,
        dry_run=dry_run,
        form=form,
        disable_missing=disable_missing,
        sure=sure,
    )
    if found.dropped:
        err.print(plain(f"{len(found.dropped)} GTINs are none and were left out ({first(found.dropped)})"))
    for line in missing(found.columns, found.probable):
        err.print(plain(line))


def sales(
    file: TableArgument,
    column: ColumnOption = [],  # noqa: B006 - typer copies it
    sheet: SheetOption = "",
    encoding: EncodingOption = "utf-8",
    config: ConfigOption = None,
) -> None:
    """Add or correct daily sales."""
    rows = files.read_sales(file, files.Reading(encoding, sheet, _columns(column)))
    with house(config).engine.begin() as connection:
        done = catalogue.import_sales(connection, rows)
    out.print(f"days of sales: {done.added} added, {done.changed} changed, {done.same} as they were")


def _columns(said: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in said]
    if bad := [one for one, (column, _, heading) in zip(said, pairs, strict=True) if not column or not heading.strip()]:
        raise typer.BadParameter(f"{bad[0]!r} is not like sku=Artikelnummer", param_hint="--column")
    return {column.strip(): heading for column, _, heading in pairs}


def shop(
    address: Annotated[str, typer.Argument(help="Your own shop, one of its categories, or one product page.")],
    dry_run: DryRunOption = False,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many offers; 0 for all.")] = 0,
    max_pages: Annotated[int, typer.Option(min=1, help="Stop after so many pages.")] = 100_000,
    browser: BrowserOption = Browser.AUTO,
    contact: ContactOption = "",
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Add or update products from your own shop's pages, by sku; nothing of it is stored as a rival's."""
    try:
        origin = Origin.of(address)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; for example https://shop.example/", param_hint="ADDRESS") from error
    home = house(config)
    watch, report = _read(_state(home.config, address, contact, browser, max_pages), origin, limit)
    shelf = own_shop.products_of(watch.rows)
    err.print(plain(f"{len(watch.rows)} offers, {len(shelf.rows)} products; {cost(report)}"))
    for reason, count in shelf.left_out.most_common():
        err.print(plain(f"left out: {reason}: {count}"))
    summarise(report)
    if shelf.rows:
        settle(home, shelf.rows, f"import {origin.url}", now(), dry_run=dry_run, form=form)
    raise typer.Exit(report.exit_code)


def _state(config: Config, address: str, contact: str, browser: Browser, max_pages: int) -> SiteState:
    return SiteState(
        url=address,
        contact=contact or config.contact,
        currency=config.currency,
        render=browser.render,
        max_pages=max_pages,
    )


def _read(state: SiteState, origin: Origin, limit: int) -> tuple[Watch, CrawlReport]:
    """All offers of the shop; raises Failed if a person stopped it, since half a shop is soon taken for the whole."""
    with stoppable() as stop:
        watch = Watch(origin.url, limit, stop)
        try:
            with watch.live():
                report = jobs.scan(state, watch.offer, watch.progress)
        except TooSlow:
            report = watch.report("interrupted")
    if stop.is_asked:
        raise Failed("interrupted; nothing was imported")
    if watch.is_full and report.reason == "interrupted":
        report.reason, report.finished = f"stopped at the limit of {watch.limit}", True
    return watch, report
