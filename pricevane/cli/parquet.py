"""Rows as a Parquet file: amounts as decimals, instants in UTC, absent values null."""

from __future__ import annotations

from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pricevane.cli.kinds import Columns, Kind, Rows, typed
from pricevane.cli.output import plain

TYPES = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: pa.decimal128(18, 3),
    Kind.UNIT_PRICE: pa.decimal128(18, 6),
    Kind.COUNT: pa.int64(),
    Kind.SHARE: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.LIST: pa.list_(pa.string()),
    Kind.OBJECT: pa.map_(pa.string(), pa.string()),
}


def write(rows: Rows, columns: Columns, target: IO[bytes]) -> None:
    """One column a column, typed as in TYPES."""
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    arrays = [pa.array([_value(kind, row[name]) for row in rows], TYPES[kind]) for name, kind in columns.items()]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), target, compression="zstd")


def _value(kind: Kind, value: Any) -> Any:
    """A value that Arrow takes: text without halves of characters, an object as pairs."""
    if kind is Kind.TEXT:
        return plain(value)
    if kind is Kind.LIST:
        return [plain(one) for one in value]
    return [(plain(name), plain(text)) for name, text in value.items()] if kind is Kind.OBJECT else typed(kind, value)
