"""Tables of shop systems and merchant feeds, known by their headings, with our columns put beside theirs.

Source of the merchant one: Google's product data specification (support.google.com/merchants/answer/7052112).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from pricevane.intake.cells import LONGEST_NUMBER
from pricevane.intake.headings import KNOWN
from pricevane.intake.sheet import Table

_CURRENCY = re.compile(r"(?P<before>[A-Za-z]{3})?\s*(?P<amount>[^A-Za-z]*?)\s*(?P<after>[A-Za-z]{3})?")
_OUT_OF_STOCK = "out_of_stock"
_NO_OPTION = "Default Title"
_DAY, _LONGEST_DAY = timedelta(days=1), len("2026-03-02")


class Layout(BaseModel):
    """How a shop system exports its products; what each key means stands in headings.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    signs: tuple[str, ...]
    unlike: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]]
    sale: str = ""
    span: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    availability: str = ""
    parts: tuple[str, ...] = ()
    group: str = ""
    carried: tuple[str, ...] = ()
    needs: str = ""
    left_out: dict[str, tuple[str, ...]] = {}


LAYOUTS = tuple(Layout.model_validate(one) for one in KNOWN["layouts"])


def with_our_columns(table: Table, at: datetime) -> Table:
    """The table with our columns beside its own, if its layout is a known one; prices are those at `at`."""
    columns = frozenset(filter(None, table.columns))
    for layout in LAYOUTS:
        if columns.issuperset(layout.signs) and columns.isdisjoint(layout.unlike):
            there = columns | ({"currency"} if layout.amounts else set())
            there |= {"stock"} if layout.availability in columns else set()
            ours = {name: [one for one in theirs if one in there] for name, theirs in layout.columns.items()}
            ours = {name: theirs for name, theirs in ours.items() if theirs}
            others = [heading for heading, name in zip(table.headings, table.columns, strict=True) if name not in ours]
            return Table(table.source, (*ours, *others), _rows(table, layout, ours, at))
    return table


def _rows(
    table: Table, layout: Layout, ours: Mapping[str, list[str]], at: datetime
) -> Iterator[tuple[str, Mapping[str, str]]]:
    group, first = "", dict[str, str]()
    for place, said in table.rows:
        cells = {name: cell for name, cell in said.items() if name}
        if layout.group:
            if cells[layout.group] != group:
                group, first = cells[layout.group], {name: cells.get(name, "") for name in layout.carried}
            cells |= {name: cells.get(name) or cell for name, cell in first.items() if name in cells}
        if _is_product(cells, layout):
            _settle(cells, layout, at)
            yield place, {**cells, **{name: _first(cells, theirs) for name, theirs in ours.items()}}


def _is_product(cells: Mapping[str, str], layout: Layout) -> bool:
    left_out = any(cells.get(name, "").strip().lower() in words for name, words in layout.left_out.items())
    return not left_out and bool(not layout.needs or cells[layout.needs].strip())


def _first(cells: Mapping[str, str], names: list[str]) -> str:
    return next((cell for name in names if (cell := cells[name].strip())), "")


def _settle(cells: dict[str, str], layout: Layout, at: datetime) -> None:
    """Cells as they count: a sale that is on, amounts without their currency, the whole name, a known stock."""
    sale = cells.get(layout.sale, "").strip()
    if sale:
        span = "/".join(cells.get(name, "").strip() for name in layout.span)
        is_on = _is_on(span, at)
        cells[layout.sale] = f"{sale} in {span}" if is_on is None else sale if is_on else ""
    if layout.amounts:
        split = {name: _split(cells[name]) for name in layout.amounts if name in cells}
        named = next((currency for _, currency in split.values() if currency), "")
        cells["currency"] = named or cells.get("currency", "")
        cells |= {name: amount for name, (amount, currency) in split.items() if currency in {"", cells["currency"]}}
    if layout.availability in cells:
        state = cells[layout.availability].strip().lower().replace(" ", "_")
        cells["stock"] = cells.get("stock", "").strip() or ("0" if state == _OUT_OF_STOCK else "")
    if cells.get("google_product_category", "").strip().isdigit():
        cells["google_product_category"] = ""
    parts = [part for name in layout.parts if (part := cells.get(name, "").strip()) not in {"", _NO_OPTION}]
    if parts:
        cells["title"] = " ".join([cells["title"], *parts])


def _split(text: str) -> tuple[str, str]:
    """Amount and currency of "12.99 EUR"; what is no such text stays whole."""
    found = _CURRENCY.fullmatch(text.strip()) if len(text) <= LONGEST_NUMBER else None
    if not found or (found["before"] and found["after"]):
        return text, ""
    return found["amount"], (found["before"] or found["after"] or "").upper()


def _is_on(span: str, at: datetime) -> bool | None:
    """Whether a span of ISO 8601 instants or days, either of which may be missing, holds `at`; None if unclear."""
    first, _, last = (part.strip() for part in span.partition("/"))
    try:
        return (not first or _instant(first) <= at) and (not last or at <= _instant(last, is_last=True))
    except ValueError:
        return None


def _instant(text: str, is_last: bool = False) -> datetime:
    """An instant, of a day its beginning or its end."""
    found = datetime.fromisoformat(text)
    whole_day = _DAY if is_last and len(text) <= _LONGEST_DAY else timedelta()
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) + whole_day
