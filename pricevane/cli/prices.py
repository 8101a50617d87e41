"""`quarantine` and `history`: what is believed, what is not, and what was seen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

import pandas as pd
import typer
from sqlalchemy import select

from pricevane import jobs
from pricevane.cli.output import Format, FormatOption, out, show
from pricevane.cli.session import ConfigOption, Failed, WhoOption, WhyOption, house, now, who
from pricevane.model import Money
from pricevane.storage import frames
from pricevane.storage.desk import decide_quarantine, quarantine_query
from pricevane.storage.tables import Product, Quarantine

QUEUE = ("id", "site", "name", "price", "currency", "reason", "at", "state", "url")
HISTORY = (
    *("at", "site", "price", "currency", "regular_price", "availability", "kind", "quarantined", "url"),
    *("promotion", "unit_price", "unit_base", "promotion_ends_on", "raw", "path", "page_hash"),
)
HISTORY_TABLE = (*HISTORY[:7], "promotion", "unit_price", *HISTORY[7:9])
IdsArgument = Annotated[list[int], typer.Argument(help="Numbers from `pricevane quarantine list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Prices that were read clearly and are not believed yet.", no_args_is_help=True)
    group.command("list", epilog="Example: pricevane quarantine list --format csv")(listing)
    group.command("accept", epilog="Example: pricevane quarantine accept 3 --why 'seen on their page'")(accept)
    group.command("refuse", epilog="Example: pricevane quarantine refuse 3 --why 'a glitch of theirs'")(refuse)
    app.add_typer(group, name="quarantine")
    app.command("history", epilog="Example: pricevane history SKU-17 --days 30")(history)


def listing(
    state: Annotated[str, typer.Option(help="open, accepted, refused, cleared or all.")] = "open",
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Quarantined prices with the reason, oldest first."""
    query = quarantine_query()
    if state != "all":
        query = query.where(Quarantine.state == state)
    with house(config).engine.connect() as connection:
        rows = [{**row._mapping, "price": _amount(row.price_minor, row.currency)} for row in connection.execute(query)]
    show(rows, QUEUE, form, empty=f"no {state} entries in quarantine")


def _amount(minor: Any, currency: str) -> str:
    return "" if pd.isna(minor) else str(Money.from_minor(int(minor), currency)).split()[0]


def _unit_price(micro: int | None, base: str) -> str:
    """Like `12.5`, or `12.5 / 1 kg` with its base."""
    if micro is None:
        return ""
    amount = f"{Decimal(micro).scaleb(-6).normalize():f}"
    return f"{amount} / {base}" if base else amount


def accept(ids: IdsArgument, by: WhoOption = "", why: WhyOption = "", config: ConfigOption = None) -> None:
    """Believe these prices; the next `propose` uses them."""
    _decide(ids, "accepted", by, why, config)


def refuse(ids: IdsArgument, by: WhoOption = "", why: WhyOption = "", config: ConfigOption = None) -> None:
    """Never believe these readings."""
    _decide(ids, "refused", by, why, config)


def _decide(ids: list[int], verdict: str, by: str, why: str, config: ConfigOption) -> None:
    name, home, closed = who(by), house(config), 0
    with home.engine.begin() as connection:
        for entry in ids:
            done = decide_quarantine(connection, entry, verdict, name, why, now())
            closed += not done
            out.print(f"{entry}: {verdict if done else 'not open; pricevane quarantine list shows what is'}")
    raise typer.Exit(1 if closed else 0)


def history(
    sku: Annotated[str, typer.Argument(help="One of your products.")],
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 60,
    form: FormatOption = Format.TABLE,
    config: ConfigOption = None,
) -> None:
    """Every price of every rival for one product, with its proof (json and csv show all of it)."""
    with house(config).engine.connect() as connection:
        product = connection.execute(select(Product.id).where(Product.sku == sku)).scalar_one_or_none()
        if product is None:
            raise Failed(f"no product has the sku {sku!r}; pricevane import products brings yours in")
        seen = frames.history(connection, [product], now() - timedelta(days=days))
    narrow = form is Format.TABLE
    rows = [
        {
            **row,
            "price": _amount(row["price_minor"], row["currency"]),
            "regular_price": _amount(row["regular_minor"], row["currency"]),
            "unit_price": _unit_price(row["unit_price_micro"], row["unit_base"] if narrow else ""),
        }
        for row in jobs.records(seen, tuple(seen.columns))
    ]
    show(rows, HISTORY_TABLE if narrow else HISTORY, form, empty=f"no prices of {sku} in {days} days")
