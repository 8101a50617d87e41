"""The table of words that tell variants apart: colours, conditions, accessories, sizes, editions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

_TABLE: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)
EXTRAS_WITHIN = 6
SHORTEST_ENDING = 5
# A plus sign between blanks, or a word with what hyphens join before it.
PIECE = re.compile(r"(?<=\s)\+(?=\s)|[^\W_]+(?:-[^\W_]+)*")
PACK = _TABLE.pop("pack")
NO_ACCESSORY = re.compile("|".join(map(re.escape, _TABLE.pop("no_accessory")["phrases"])))
# Kind of word -> spelling -> what it means, the same in every language.
MEANING = {
    kind: {spelling: meaning for meaning, spellings in meanings.items() for spelling in spellings}
    for kind, meanings in _TABLE.items()
}


def meanings(kind: str, words: Iterable[str]) -> set[str]:
    """What the words of one kind (a table of words.toml) mean; raises KeyError for an unknown kind."""
    known = MEANING[kind]
    return {known[word] for word in words if word in known}


def accessories(name: str) -> tuple[set[str], set[str]]:
    """What accessories a folded name tells of as the thing itself, and which as coming with it ("with", " + ")."""
    itself: set[str] = set()
    pieces = [piece.rpartition("-")[2] for piece in PIECE.findall(NO_ACCESSORY.sub(" ", name))]
    extras = meanings("bundle", pieces)
    reach = 0
    for word in pieces:
        said = MEANING["joining"].get(word)
        reach = EXTRAS_WITHIN if said == "with" or word == "+" else 0 if said == "for" else reach - 1
        if meaning := _accessory(word):
            (extras if reach > 0 else itself).add(meaning)
    return itself, extras


def _accessory(word: str) -> str:
    """Also of compounds, whose last part says what they are: Audiokabel is a cable."""
    known = MEANING["accessory"]
    endings = (word[start:] for start in range(len(word) - SHORTEST_ENDING + 1))
    return known.get(word) or next((known[ending] for ending in endings if ending in known), "")
