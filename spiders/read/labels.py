"""Words around a price, in page text and in class names, and what they say about it."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from spiders.read.clues import BUY, first, words

START = 3
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LETTERS = re.compile(r"[a-z]+")


class Role(StrEnum):
    """What an amount on a page is for."""

    REGULAR = "regular"
    SAVING = "saving"
    SHIPPING = "shipping"
    UNIT = "unit"
    INSTALMENT = "instalment"
    MEMBER = "member"
    COUPON = "coupon"
    EX_TAX = "ex_tax"
    FROM = "from"
    USED = "used"
    OTHER = "other"


_TAX = (
    r"vat|tax(?:es)?|gst|btw|mwst|ust|mehrwertsteuer|tva|taxe|iva|moms|mva|dph|ddv|pdv|pvn|pvm|km\b|áfa|alv|ндс|пдв|ддс|kdv"
    r"|φπα|מע\"מ|מעמ|ضريبة|税"
)
_WITHOUT = (
    r"ex|excl|exc|excluding|without|before|plus|ohne|exkl|zzgl|sans|hors|sin|senza|sem|zonder|bez|brez|uden|utan|uten|fără"
    r"|ilman|hariç|χωρίς|без|לפני|ללא"
)
_WITH = "inc|incl|inkl|including|s|z|sis|con|avec|met|com|с|mit"
_UNTAXED = re.compile(
    rf"\b(?:{_WITHOUT})\W{{0,3}}(?:{_TAX})|\bnett?o\b|\bnettó\b|\bht\b|(?:iva|btw|moms|mwst) (?:esclus|exclu)",
    re.IGNORECASE,
)
_TAXED = re.compile(rf"\b(?:{_WITH})\W{{0,3}}\d*\W{{0,3}}(?:{_TAX})|\bttc\b|iva inclu", re.IGNORECASE)
# 4 x, 12 ×: as many payments of the amount that follows.
_TIMES = re.compile(r"\b[1-9]\d?\s?[x×]\s*$", re.IGNORECASE)
# Of the words after an amount only these can belong to it; the others belong to the next one.
_FOLLOWING = frozenset([Role.UNIT, Role.INSTALMENT, Role.EX_TAX, Role.MEMBER])
_TABLES = tomllib.loads((Path(__file__).parent / "labels.toml").read_text(encoding="utf-8"))
_Index = Mapping[str, Sequence[tuple[str, str]]]


def _index(table: Mapping[str, Sequence[str]]) -> _Index:
    """Phrases by the first letters of their first word, so that a text is looked up word by word."""
    index: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for meaning, listed in table.items():
        for phrase in listed:
            folded = words(phrase).rstrip()
            index[folded[1 : START + 1].rstrip()].append((folded + (" " if phrase.endswith(" ") else ""), meaning))
    return dict(index)


_SAID, _NAMED = _index(_TABLES["said"]), _index(_TABLES["named"])
_PRICE_STEMS = tuple(stem.strip() for stem in _TABLES["named"]["price"] if len(stem.strip()) > 4)


def _meanings(text: str, index: _Index) -> set[str]:
    """What a text in the form of `words` means by the phrases in it."""
    found = set()
    for word in text.split():
        for length in range(min(START, len(word)), 0, -1):
            for phrase, meaning in index.get(word[:length], ()):
                if phrase in text:
                    found.add(meaning)
    return found


@lru_cache(maxsize=4096)
def said(before: str, after: str = "") -> frozenset[Role]:
    """The roles that the words before an amount, and some that words after it, give it."""
    found = {Role(meaning) for meaning in _meanings(words(before), _SAID)}
    found |= {Role(meaning) for meaning in _meanings(words(after), _SAID)} & _FOLLOWING
    if _TIMES.search(before):
        found.add(Role.INSTALMENT)
    if _UNTAXED.search(before) or _UNTAXED.search(after):
        found.add(Role.EX_TAX)
    return frozenset(found)


@lru_cache(maxsize=1024)
def is_taxed(text: str) -> bool:
    """Whether words say that the price includes tax."""
    return bool(_TAXED.search(text))


def plain_names(names: str) -> str:
    """Class names, ids and test names as words with spaces around."""
    return f" {' '.join(_LETTERS.findall(_CAMEL.sub('-', names).lower()))} "


@lru_cache(maxsize=8192)
def named(names: str) -> frozenset[str]:
    """What words of class names (see `plain_names`) mean: roles, and price, current or elsewhere."""
    found = _meanings(names, _NAMED)
    if "price" not in found and any(stem in names for stem in _PRICE_STEMS):
        found.add("price")
    return frozenset(found)


@lru_cache(maxsize=4096)
def is_buying(text: str) -> bool:
    """Whether a control's text or names speak of putting something into a basket."""
    return bool(first(words(_CAMEL.sub("-", text)), BUY))
