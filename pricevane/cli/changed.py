"""What an import of products changes, or would: rows to show, and the words around them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pricevane.cli.output import Format, err, out, plain, show
from pricevane.cli.session import Failed
from pricevane.house import House
from pricevane.intake import catalogue
from pricevane.intake.catalogue import Change, Diff
from pricevane.intake.cautions import cautions, first
from pricevane.model import Money

COLUMNS = ("sku", "name", "change", "column", "old", "new")
LONGEST = 60


def settle(
    home: House,
    rows: list[catalogue.ProductRow],
    source: str,
    at: datetime,
    *,
    dry_run: bool,
    form: Format,
    disable_missing: bool = False,
    sure: bool = False,
) -> None:
    """Compare rows with what is known, and show what would change or write it; raises Failed where most is lacking."""
    with home.engine.begin() as connection:
        found = catalogue.diff(connection, rows, home.config.currency, home.config.vat)
        refused = disable_missing and found.lacks_most and not sure
        if refused and not dry_run:
            raise Failed(
                f"{len(found.lacking)} products are missing, more than half; nothing was imported;"
                " is the file whole? if it is, add --yes"
            )
        if not dry_run:
            catalogue.write(connection, found, at, source, disable_missing)
    if dry_run:
        lines = [_short(line, form) for line in changed_rows(found, disable_missing)]
        show(lines, COLUMNS, form, empty="nothing would change")
    tell = err if dry_run else out
    for line in _summary(found, disable_missing, dry_run, refused):
        tell.print(plain(line))
    for line in cautions(found):
        err.print(plain(line))


def changed_rows(found: Diff, disable_missing: bool) -> Iterator[dict[str, str]]:
    """A row for each new product, for each column of a known one that changes, and for each that is missing."""
    for change in found.added:
        yield _row(change, "new", "price", "", _text("price", change.new))
    for change in found.changed:
        for name in change.columns:
            yield _row(change, "changed", _column(name), _text(name, change.old), _text(name, change.new))
    for change in found.lacking:
        yield _row(change, "disabled" if disable_missing else "missing", "", "", "")


def _row(change: Change, what: str, column: str, old: str, new: str) -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), "sku": change.new["sku"], "name": change.new["name"], "change": what} | {
        "column": column,
        "old": old,
        "new": new,
    }


def _short(row: dict[str, str], form: Format) -> dict[str, str]:
    """On a screen long texts are cut."""
    if form is not Format.TABLE:
        return row
    return {name: text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for name, text in row.items()}


def _column(name: str) -> str:
    return "vat" if name == "vat_bp" else name.removesuffix("_minor")


def _text(name: str, values: Any) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if name.endswith("_minor"):
        return str(Money.from_minor(value, values["currency"]))
    if name == "vat_bp":
        return f"{value / 10_000:g}"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _summary(found: Diff, disable_missing: bool, dry_run: bool, refused: bool) -> Iterator[str]:
    counts = found.counts
    prices = f" ({found.prices} of them in price)" if found.prices else ""
    would = "would be " if dry_run else ""
    yield f"products: {would}{counts.added} added, {counts.changed} changed{prices}, {counts.same} as they were"
    if found.lacking:
        state = f"{would}disabled" if disable_missing else "left as they are; --disable-missing disables them"
        noun = "known product" if len(found.lacking) == 1 else "known products"
        names = first([change.new["sku"] for change in found.lacking])
        yield f"not among them: {len(found.lacking)} {noun} ({names}), {state}"
    if refused:
        yield "that is more than half: without --dry-run it would be refused unless --yes is added"
    if dry_run:
        yield "nothing was written"
