"""`import products` and `import sales`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pricevane import catalogue
from pricevane.cli.output import out
from pricevane.cli.session import ConfigOption, house, now
from pricevane.sheet import read_rows

FileArgument = Annotated[Path, typer.Argument(help="A CSV file with a heading; comma, semicolon or tab.")]
EncodingOption = Annotated[str, typer.Option(help="Encoding of the file, for example cp1252.")]


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
    app.add_typer(group, name="import")


def products(file: FileArgument, encoding: EncodingOption = "utf-8", config: ConfigOption = None) -> None:
    """Add or update products by sku; a price that changed is appended to your price history."""
    rows = read_rows(file, catalogue.ProductRow, encoding, lambda row: row.sku)
    home = house(config)
    with home.engine.begin() as connection:
        done = catalogue.import_products(
            connection, rows, home.config.currency, home.config.vat, now(), f"import {file.name}"
        )
    _tell(done, "products")


def sales(file: FileArgument, encoding: EncodingOption = "utf-8", config: ConfigOption = None) -> None:
    """Add or correct daily sales."""
    rows = read_rows(file, catalogue.SalesRow, encoding, lambda row: (row.sku, row.date))
    with house(config).engine.begin() as connection:
        done = catalogue.import_sales(connection, rows)
    _tell(done, "days of sales")


def _tell(done: catalogue.Imported, what: str) -> None:
    out.print(f"{what}: {done.added} added, {done.changed} changed, {done.same} as they were")
