"""What shops call availability and condition, in more than twenty languages, as the house's states."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pricevane.model import Availability, Condition

# What denies comes before what affirms.
ORDER = (
    Availability.DISCONTINUED,
    Availability.OUT_OF_STOCK,
    Availability.PREORDER,
    Availability.BACKORDER,
    Availability.LOW_STOCK,
    Availability.IN_STOCK,
)
TEXT_LENGTH = 300
_STEM, _SHORT = 4, 2
_TABLE = tomllib.loads((Path(__file__).parent / "states.toml").read_text(encoding="utf-8"))
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe", "ς": "σ", "\u2019": "'", "\xad": ""}
)


@lru_cache(4096)
def fold(text: str) -> str:
    """The text in lower case without accents and with single spaces, cut at TEXT_LENGTH, as the table's words are."""
    text = text[:TEXT_LENGTH].casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_UNDECOMPOSED)
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(text.split())


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word).translate(_UNDECOMPOSED)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _all_words(state: str) -> list[str]:
    return [word for table in _TABLE["words"].values() for word in table.get(state, ())]


class _Words:
    """Expressions found by how their words begin: of a thousand only the few that a text can fit are tried."""

    def __init__(self, tables: Mapping[str, Iterable[str]]) -> None:
        self._by_stem: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        self._unspaced: list[tuple[str, re.Pattern[str]]] = []
        for label, words in tables.items():
            for word in words:
                self._add(label, _folded(word))

    def _add(self, label: str, word: str) -> None:
        entry = (label, re.compile(word))
        if _UNSPACED.search(word):
            self._unspaced.append(entry)
        runs = {run[:_STEM] for run in _PARTS.findall(re.sub(r"\\.", " ", word)) if len(run) > 1}
        for stem in {run for run in runs if len(run) > _SHORT} or runs:
            self._by_stem.setdefault(stem, []).append(entry)

    def _fitting(self, folded: str) -> Iterator[tuple[str, re.Pattern[str]]]:
        for stem in {part[:length] for part in _PARTS.findall(folded) for length in (_SHORT, 3, _STEM)}:
            yield from self._by_stem.get(stem, ())
        if not folded.isascii() and _UNSPACED.search(folded):
            yield from self._unspaced

    def labels(self, folded: str) -> set[str]:
        """The tables that have an expression for a part of the text."""
        found: set[str] = set()
        for label, pattern in self._fitting(folded):
            if label not in found and pattern.search(folded):
                found.add(label)
        return found

    def cut(self, folded: str) -> str:
        """The text without what fits."""
        for _, pattern in self._fitting(folded):
            folded = pattern.sub(" ", folded)
        return folded


_PARTS = re.compile(r"[^\W\d_]+")
# Written without spaces or with prefixes: such words cannot be known by how they begin.
_UNSPACED = re.compile("[\u0590-\u06ff\u3040-\u30ff\u4e00-\u9fff]")
SCHEMA = {name: Availability(state) for state, names in _TABLE["schema"].items() for name in names}
_NOISE = _Words({"noise": _TABLE["noise"]["words"]})
_SPOKEN = _Words(
    {name: _TABLE[name]["words"] for name in ("notify", "buy")} | {state.value: _all_words(state) for state in ORDER}
)
_QUANTITY = re.compile(
    "|".join(_folded(word.replace("PIECE", _TABLE["quantity"]["piece"])) for word in _TABLE["quantity"]["words"])
)
_BOUND = re.compile(_TABLE["quantity"]["bound"])
CONDITIONS = {
    Condition.REFURBISHED: r"refurbish|generalüberholt|reconditionn|reacondicionad|ricondizionat|gereviseerd|renewed",
    Condition.USED: r"(?<!un)used|second[ -]?hand"
    r"|pre-?owned|damaged|gebraucht|d'occasion|\boccasion\b|usa[dt][oa]\b|tweedehands",
    Condition.NEW: r"(?<!re)new\b|newcondition|\bneu(?:ware)?\b|\bneuf\b|\bnuev[oa]\b|\bnuov[oa]\b|\bnieuw\b",
}
_CONDITIONS = {state: re.compile(words, re.IGNORECASE) for state, words in CONDITIONS.items()}


@lru_cache(4096)
def availability(text: str) -> Availability:
    """The state that a schema.org name, a flag, a count or a shop's words stand for; UNKNOWN where none is known.

    Words about other variants, shops to collect from or payment are passed over; a promise to tell when the
    thing is back means out of stock; what is sold in shops only is in stock.
    """
    if re.fullmatch(r"-?\d{1,6}(?:\.0+)?", text.strip()):
        return Availability.IN_STOCK if float(text) > 0 else Availability.OUT_OF_STOCK
    if known := SCHEMA.get(_name(text)):
        return known
    return spoken(text)


@lru_cache(4096)
def spoken(text: str) -> Availability:
    """As `availability`, of words alone: a bare number or "yes" is no statement."""
    folded = fold(text)
    state = _of_words(folded)
    return state if state is Availability.UNKNOWN else _of_words(_NOISE.cut(folded))


def _name(text: str) -> str:
    """The last part of an address, or the text, without spaces and hyphens."""
    tail = text.strip(" /#\t\n")
    if tail.lower().startswith(("http", "schema")):
        tail = re.split("[/#:]", tail)[-1]
    return re.sub(r"[\s_-]", "", tail.lower())


def _of_words(folded: str) -> Availability:
    labels = _labels(folded)
    for state in ORDER:
        if state in labels or (state is Availability.OUT_OF_STOCK and "notify" in labels):
            return Availability.OUT_OF_STOCK if quantity(folded) == 0 else state
    if (count := quantity(folded)) is not None:
        return Availability.IN_STOCK if count else Availability.OUT_OF_STOCK
    return Availability.IN_STOCK if "buy" in labels else Availability.UNKNOWN


@lru_cache(4096)
def _labels(folded: str) -> frozenset[str]:
    return frozenset(_SPOKEN.labels(folded))


def quantity(text: str) -> int | None:
    """How many pieces the words say there are; None for bounds ("10+", "more than 5") and where none are counted."""
    folded = fold(text)
    if not re.search(r"\d", folded) or _BOUND.search(folded):
        return None
    found = _QUANTITY.search(folded)
    return next((int(group) for group in found.groups() if group), None) if found else None


def is_buying(text: str) -> bool:
    """Whether the text is what a button says that puts the thing into the basket."""
    return "buy" in _labels(fold(text))


def is_waiting(text: str) -> bool:
    """Whether the text offers to tell when the thing is back."""
    return "notify" in _labels(fold(text))


def condition(text: str) -> Condition:
    """The state of the goods that a schema.org name or a shop's words stand for."""
    return next((state for state, words in _CONDITIONS.items() if words.search(text)), Condition.UNKNOWN)
