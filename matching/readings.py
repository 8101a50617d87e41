"""What the names of one table say, read once per row: words, codes, numbers, quantities, variant words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from matching.quantities import Quantities, quantities
from matching.sparse import Floats, Ints
from matching.text import LONGEST_TEXT, codes, compact, folded, words
from matching.words import MEANING, accessories, meanings

YEAR = re.compile(r"(?:19[89]|20[0-3])\d")
NUMERIC = re.compile(r"\d+(?:\.\d+)?")
SHORTEST_NAME = 3
OPTIONAL = ("brand", "category", "mpn", "text")


@dataclass(slots=True)
class Reading:
    """One row's name, folded and taken apart; `whole` also holds brand, part number and description.

    `tells` is False for a name of fewer than SHORTEST_NAME letters and digits, which is read as empty.
    """

    name: str
    compact: str
    whole: str
    words: list[str]
    whole_words: list[str]
    codes: list[str]
    whole_codes: list[str]
    numbers: set[str]
    years: set[str]
    quantities: Quantities
    brand: str
    category: str
    tells: bool
    accessory: set[str]
    extras: set[str]
    said: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a frame in order: their ids, readings and prices (minor units, NaN where unknown)."""

    ids: pd.Index
    rows: Sequence[Reading]
    prices: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def rows_at(self, places: Ints) -> Table:
        """A table of some rows, by their positions."""
        return Table(self.ids[places], [self.rows[place] for place in places.tolist()], self.prices[places])


def read(frame: pd.DataFrame, key: str) -> Table:
    """The readings of a frame with columns `key` and name; brand, category, mpn, text and price_minor if it has them.

    Raises KeyError naming the column where key or name is missing.
    """
    for column in (key, "name"):
        if column not in frame:
            raise KeyError(f"matching needs the column {column!r}; the frame has {', '.join(map(str, frame))}")
    texts = [_strings(frame, column) for column in ("name", *OPTIONAL)]
    known: dict[tuple[str, ...], Reading] = {}
    rows = []
    for row in zip(*texts, strict=True):
        if row not in known:
            known[row] = reading(*row)
        rows.append(known[row])
    prices = pd.to_numeric(frame["price_minor"], errors="coerce") if "price_minor" in frame else np.nan
    amounts = pd.Series(prices, index=frame.index, dtype="float64").to_numpy(np.float64)
    return Table(pd.Index(frame[key]), rows, np.where(amounts > 0, amounts, np.nan))


def _strings(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    return [str(text) for text in frame[column].astype("object").where(frame[column].notna(), "")]


def reading(name: str, brand: str = "", category: str = "", mpn: str = "", text: str = "") -> Reading:
    """One row taken apart."""
    plain = folded(name)
    tells = len(compact(plain)) >= SHORTEST_NAME
    plain = plain if tells else ""
    rest = folded(f"{mpn} {text}", LONGEST_TEXT) if mpn or text else ""
    maker = folded(brand)
    said = words(plain)
    part = compact(folded(mpn))
    own = list(dict.fromkeys([*codes(plain), *([part] if len(part) > 3 else [])]))
    more = words(rest)
    # A brand may be called Grün or Orange.
    makers = set(words(maker))
    telling = [word for word in said if word not in makers]
    itself, extras = accessories(plain)
    return Reading(
        name=plain,
        compact=compact(plain),
        whole=compact(f"{plain} {maker} {rest}"),
        words=said,
        whole_words=[*said, *words(maker), *more],
        codes=own,
        whole_codes=list(dict.fromkeys([*own, *codes(rest)])),
        numbers={word for word in said if NUMERIC.fullmatch(word)},
        years={word for word in said if YEAR.fullmatch(word)},
        quantities=quantities(plain),
        brand=compact(maker),
        category=folded(category),
        tells=tells,
        accessory=itself,
        extras=extras,
        said={kind: meanings(kind, telling) for kind in MEANING},
    )
