"""What the values of a column are, and how they come out of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pricevane.cli.output import plain

Row = Mapping[str, Any]
Rows = Sequence[Row]


class Kind(StrEnum):
    """Amounts are text of plain digits in JSON, instants and days ISO 8601; lists and objects hold text."""

    TEXT = "text"
    MONEY = "money"
    UNIT_PRICE = "unit_price"
    COUNT = "count"
    SHARE = "share"
    FLAG = "flag"
    INSTANT = "instant"
    DAY = "day"
    LIST = "list"
    OBJECT = "object"


AMOUNTS = (Kind.MONEY, Kind.UNIT_PRICE)
Columns = Mapping[str, Kind]


def typed(kind: Kind, value: Any) -> Any:
    """A JSON value as what it means: Decimal, aware datetime in UTC, date, or itself; None for what is not told."""
    if value is None or (value == "" and kind is not Kind.TEXT):
        return None
    if kind in AMOUNTS:
        return Decimal(value)
    if kind is Kind.INSTANT:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind is Kind.DAY else value


def flat(kind: Kind, value: Any) -> str:
    """A JSON value as one line of text: lists joined by "; ", objects as JSON."""
    return plain("; ".join(value) if kind is Kind.LIST else value)
