"""A made retailer who sells what the saved pages show: his toml and his products."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from benchmarks.pages.labels import Page
from benchmarks.pages.shops import Shop
from pricevane import config as configuration
from pricevane.house import House, open_house
from pricevane.intake import catalogue
from pricevane.intake.sheet import read_rows

PRODUCTS = "products.csv"
COLUMNS = ("sku", "name", "gtin", "brand", "mpn", "price", "cost", "currency")
COST_SHARE = Decimal("0.6")
# Half of all rivals' prices move by 5 % at once here, so the limits on a whole run are out of the way.
RULES = """
[guardrails]
run_count = 100000
run_median_move = 0.2

[[rules]]
name = "follow the median"
action = "match"
reference = "median"
min_rivals = 1
"""


def furnish(folder: Path, shops: Sequence[Shop], at: datetime) -> House:
    """Write the toml and the products into `folder`, and open the house with the products imported at `at`."""
    toml = folder / configuration.FILE
    toml.write_text("".join([*map(_site, shops), RULES]), encoding="utf-8")
    house = open_house(configuration.load(toml, environ={}))
    _write_products(folder / PRODUCTS, shops, house.config.currency)
    rows = read_rows(folder / PRODUCTS, catalogue.ProductRow, "utf-8", lambda row: row.sku)
    with house.engine.begin() as connection:
        catalogue.import_products(connection, rows, house.config.currency, house.config.vat, at, PRODUCTS)
    return house


def sku(page: Page) -> str:
    """Our own number for what a page shows."""
    return f"made-{page.id}"


def _site(shop: Shop) -> str:
    currency = f'currency = "{shop.currency}"\n' if shop.currency else ""
    return (
        f'[[competitors]]\nname = "{shop.host}"\n\n[[competitors.sites]]\nname = "{shop.host}"\nurl = "{shop.url}/"\n'
        f'{currency}language = "{shop.language}"\nlocal = true\n\n'
    )


def _write_products(path: Path, shops: Sequence[Shop], currency: str) -> None:
    """One product for each page with a price: our price is the rival's first one, so only a move calls for another."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for shop in shops:
            for page in (page for page in shop.pages if page.accepted):
                price = page.accepted[0]
                cost = (price * COST_SHARE).quantize(price, ROUND_DOWN)
                own = (page.gtin, page.brand, page.mpn, price, cost, shop.currency or currency)
                table.writerow([sku(page), f"Page {page.id}", *own])
