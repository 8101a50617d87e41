"""How many price strings of real pages and of CLDR's locales are read right, and at what cost a string?"""

from __future__ import annotations

import gzip
import json as jsonlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from price_parser import Price

from benchmarks.options import BESIDE_THE_CHECKOUT, Data, Json, Quick
from benchmarks.output import share, tell
from spiders.read.money import parse_price

REAL = "price_strings/real_strings.jsonl"
CLDR = "price_strings/cldr_locales.jsonl.gz"
QUICK = 5  # one row in so many
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A price string, what a reader may know beside it, and what it says; `currency` is raw or ISO, as in its set."""

    id: str
    text: str
    amount: Decimal | None
    currency: str
    language: str = ""
    hint: str = ""
    decimal: str = ""
    core: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader made of a string: the amount, the symbol as it stood there, and the ISO code or ""."""

    amount: Decimal | None = None
    symbol: str = ""
    code: str = ""


Reader = Callable[[Row], Answer]


def ours(row: Row) -> Answer:
    """The product's own parser."""
    found = parse_price(row.text, language=row.language, currency=row.hint, decimal=row.decimal)
    return Answer(found.amount, found.symbol, found.currency) if found else Answer()


def theirs(row: Row) -> Answer:
    """price-parser, which knows no locales; its raw symbol counts as its ISO code."""
    found = Price.fromstring(row.text, row.hint or None, row.decimal or None)
    return Answer(found.amount, found.currency or "", found.currency or "")


READERS: dict[str, Reader] = {"": ours, "price_parser_": theirs}


def main(
    data: Data = BESIDE_THE_CHECKOUT,
    quick: Quick = False,
    json: Json = None,
    failures: Annotated[bool, typer.Option("--failures", help="List the rows that our parser reads wrong.")] = False,
) -> None:
    """Read every string with our parser and with price-parser; shares are of all rows of a set."""
    step = QUICK if quick else 1
    skipped = ["price_strings: four rows of five (--quick)"] if quick else []
    sets: dict[str, list[Row]] = {}
    for name, path, load in (("real", REAL, read_real), ("cldr", CLDR, read_cldr)):
        if (data / path).exists():
            sets[name] = list(load(data / path))[::step]
        else:
            skipped.append(f"price_strings: there is no {path} in the data folder; name it with --data")
    for line in _wrong(sets) if failures else ():
        print(line)
    tell(measure(sets), skipped, json)


def read_real(path: Path) -> Iterator[Row]:
    """Strings of real pages with the text beside them; the expected currency is the symbol as it stood there."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = jsonlib.loads(line)
        amount = None if row["expected_amount"] is None else Decimal(row["expected_amount"])
        hint, decimal = row["currency_hint"] or "", row["decimal_separator_hint"] or ""
        yield Row(row["id"], row["price_raw"] or "", amount, row["expected_currency"] or "", hint=hint, decimal=decimal)


def read_cldr(path: Path) -> Iterator[Row]:
    """Prices as locales write them; the expected currency is its ISO code."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(jsonlib.loads, lines):
            amount, currency = Decimal(row["expected_amount"]), row["expected_currency_iso"]
            yield Row(row["id"], row["price_raw"], amount, currency, language=row["locale"], core=row["retail_core"])


def measure(sets: dict[str, list[Row]]) -> dict[str, float]:
    """The shares of each set that is there, by both readers, and the microseconds that a string costs them."""
    figures: dict[str, float] = {}
    for prefix, reader in READERS.items():
        for name, rows, right in _scores(sets):
            figures[prefix + name] = share(sum(right(row, reader(row)) for row in rows), len(rows))
    every = [row for rows in sets.values() for row in rows]
    for prefix, reader in READERS.items() if every else ():
        figures[f"{prefix}us_per_string"] = round(min(_cpu(reader, every) for _ in range(ROUNDS)) / len(every) * 1e6, 1)
    return figures


Right = Callable[[Row, Answer], bool]


def _scores(sets: dict[str, list[Row]]) -> Iterator[tuple[str, Sequence[Row], Right]]:
    if "real" in sets:
        yield "real_amount", sets["real"], _amount_is_right
        yield "real_currency", sets["real"], _symbol_is_right
    if "cldr" not in sets:
        return
    every = sets["cldr"]
    for tail, rows in (("", every), ("_nolocale", _without_locale(every))):
        yield f"cldr_core_amount{tail}", [row for row in rows if row.core], _amount_is_right
        yield f"cldr_core_currency{tail}", [row for row in rows if row.core], _code_is_right
        yield f"cldr_all_amount{tail}", rows, _amount_is_right
        yield f"cldr_all_currency{tail}", rows, _code_is_right


def _without_locale(rows: Sequence[Row]) -> list[Row]:
    """The rows without their locale, but for strings that mean different currencies in different ones."""
    meanings = defaultdict(set)
    for row in rows:
        meanings[row.text].add(row.currency)
    return [
        Row(row.id, row.text, row.amount, row.currency, core=row.core) for row in rows if len(meanings[row.text]) == 1
    ]


def _amount_is_right(row: Row, answer: Answer) -> bool:
    return answer.amount == row.amount


def _symbol_is_right(row: Row, answer: Answer) -> bool:
    return answer.symbol == row.currency


def _code_is_right(row: Row, answer: Answer) -> bool:
    return answer.code == row.currency


def _cpu(reader: Reader, rows: Sequence[Row]) -> float:
    began = time.process_time()
    for row in rows:
        reader(row)
    return time.process_time() - began


def _wrong(sets: dict[str, list[Row]]) -> Iterator[str]:
    for name, rows, right in _scores(sets):
        for row in rows:
            answer = ours(row)
            if not right(row, answer):
                said = f"{answer.amount} {answer.symbol!r} {answer.code!r}"
                yield f"wrong {name}: {row.id} {row.language} {row.text!r} is {row.amount} {row.currency!r}, not {said}"


if __name__ == "__main__":
    typer.run(main)
