"""What an import leaves to be desired: counted and said, never a reason to refuse it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pricevane.intake.catalogue import Diff
from pricevane.intake.headings import LONGEST

# As matching counts: fewer letters and digits say nothing.
LEAST_TOLD = 3
SHOWN = 5


def cautions(found: Diff) -> Iterator[str]:
    """What is wrong with products as they are after an import, a line a matter."""
    after = [change.new for change in found.changes]
    everything = (*after, *(change.old for change in found.lacking))
    standing = Counter(one["gtin"] for one in everything if one["gtin"])
    wrong: dict[str, Callable[[Mapping[str, Any]], bool]] = {
        "the GTIN of another product too: they will not be matched by GTIN": lambda one: standing[one["gtin"]] > 1,
        f"a name of fewer than {LEAST_TOLD} letters and digits: it says nothing": lambda one: _is_silent(one["name"]),
        "no own price: nothing will be proposed for them": lambda one: one["price"] is None,
    }
    for what, is_so in wrong.items():
        if skus := [one["sku"] for one in after if is_so(one)]:
            yield f"{len(skus)} product{'' if len(skus) == 1 else 's'} with {what} ({first(skus)})"


def _is_silent(name: str) -> bool:
    return sum(map(str.isalnum, name)) < LEAST_TOLD


def missing(columns: Collection[str], probable: Mapping[str, str]) -> Iterator[str]:
    """What a file does not tell that pricing or matching would like to know, and how it might."""
    if "brand" not in columns:
        yield "the file has no column brand: names and part numbers are matched with less certainty"
    if "price" not in columns:
        yield "the file has no column price: own prices stay as they are"
    for column, heading in sorted(probable.items()):
        option = shlex.quote(f"{column}={heading}")
        yield f"not read: {heading[:LONGEST]}; if that is the {column}, add --column {option}"


def first(names: Collection[str]) -> str:
    """The first few names and how many more there are."""
    some = list(names)[:SHOWN]
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*some, *more])
