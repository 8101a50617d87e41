"""What two readings share and where they differ, one number a question: codes, numbers, quantities, variant words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import Prefix

from matching.quantities import amounts_unlike
from matching.readings import Reading

Measure = Callable[[Reading, Reading], float]


def _code_found(one: Reading, other: Reading) -> float:
    """Length of the longest model code of one name that stands anywhere in the other row; NaN without a code."""
    if not one.codes:
        return np.nan
    return max((len(code) for code in one.codes if code in other.whole), default=0)


def _code_missing(one: Reading, other: Reading) -> float:
    """Length of the longest model code of one name that the other row lacks."""
    return max((len(code) for code in one.codes if code not in other.whole), default=0)


def _code_alike(one: Reading, other: Reading) -> float:
    """Common beginning of the most alike codes over the longer one's length; NaN unless both have codes."""
    if not (one.codes and other.whole_codes):
        return np.nan
    return max(Prefix.normalized_similarity(a, b) for a in one.codes for b in other.whole_codes)


def _code_close(one: Reading, other: Reading) -> float:
    """Edit similarity of the most alike codes; NaN unless both have codes."""
    if not (one.codes and other.codes):
        return np.nan
    return max(fuzz.ratio(a, b) for a in one.codes for b in other.codes) / 100


def _code_printed(one: Reading, other: Reading) -> float:
    """Length of the longest model code that both names (or part numbers) print alike, 0 without one."""
    return max((len(code) for code in one.codes if code in other.codes), default=0)


def _brand(one: Reading, other: Reading) -> float:
    """1 where a brand stands on the other side, -1 where not, 0 where neither names one."""
    if not (one.brand or other.brand):
        return 0.0
    found = (one.brand and one.brand in other.whole) or (other.brand and other.brand in one.whole)
    return 1.0 if found else -1.0


def _numbers(one: Reading, other: Reading) -> float:
    """Jaccard index of the numbers; NaN where neither has one."""
    union = len(one.numbers | other.numbers)
    return len(one.numbers & other.numbers) / union if union else np.nan


def _numbers_missing(one: Reading, other: Reading) -> float:
    """How many numbers of one name are nowhere in the other."""
    return sum(number not in other.compact for number in one.numbers)


def _words_missing(one: Reading, other: Reading) -> float:
    """Share of one name's letters in words that are nowhere in the other row."""
    letters = sum(map(len, one.words))
    return sum(len(word) for word in one.words if word not in other.whole) / letters if letters else np.nan


def _amounts_agree(one: Reading, other: Reading) -> float:
    both = one.quantities.amounts.keys() & other.quantities.amounts.keys()
    return sum(not amounts_unlike(one.quantities, other.quantities, dimension) for dimension in both)


def _amounts_differ(one: Reading, other: Reading) -> float:
    both = one.quantities.amounts.keys() & other.quantities.amounts.keys()
    return sum(amounts_unlike(one.quantities, other.quantities, dimension) for dimension in both)


def _count_differs(one: Reading, other: Reading) -> float:
    return float(max(one.quantities.count, 1) != max(other.quantities.count, 1))


def _years(one: Reading, other: Reading) -> float:
    """1 where a year is shared, -1 where both have others, 0 where one has none."""
    if not (one.years and other.years):
        return 0.0
    return 1.0 if one.years & other.years else -1.0


def _said(kind: str) -> Measure:
    def agreement(one: Reading, other: Reading) -> float:
        mine, theirs = one.said[kind], other.said[kind]
        if not (mine and theirs):
            return 0.0
        return 1.0 if mine & theirs else -1.0

    return agreement


def _only(kind: str) -> Measure:
    def alone(one: Reading, other: Reading) -> float:
        return float(len(one.said[kind] ^ other.said[kind]))

    return alone


def _first(one: Reading, other: Reading) -> float:
    return float(one.words[:1] == other.words[:1])


def _shortest(one: Reading, other: Reading) -> float:
    return float(min(len(one.words), len(other.words)))


MEASURES: dict[str, Measure] = {
    "brand": _brand,
    "code_close": _code_close,
    "code_printed": _code_printed,
    "numbers": _numbers,
    "amounts_agree": _amounts_agree,
    "amounts_differ": _amounts_differ,
    "count_differs": _count_differs,
    "years": _years,
    "colour": _said("colour"),
    "edition_only": _only("edition"),
    "accessory_only": _only("accessory"),
    "size": _said("size"),
    "first_word": _first,
    "shortest": _shortest,
}
DIRECTED: dict[str, Measure] = {
    "code_found": _code_found,
    "code_missing": _code_missing,
    "code_alike": _code_alike,
    "numbers_missing": _numbers_missing,
    "words_missing": _words_missing,
}
