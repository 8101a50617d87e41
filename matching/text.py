"""Names as shops write them, folded to one spelling and cut into words and model codes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 300
LONGEST_TEXT = 2000
SHORTEST_CODE = 4
SHORTEST_NUMBER_CODE = 5

DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
SIGNS = str.maketrans({"×": "x", "”": '"', "“": '"', "″": '"', "’": "'", "′": "'", "‐": "-", "‑": "-", "–": "-"})
WORD = re.compile(r"\d+\.\d+|[^\W_]+")
CHUNK = re.compile(r"[^\W_]+(?:[-/.][^\W_]+)*")
NOT_ALNUM = re.compile(r"[\W_]+")
LETTER = re.compile(r"[^\W\d_]")
DIGIT = re.compile(r"\d")
# A number with a unit or a rank is no model code: 500gb, 1080p, 33rd, 10x, 2x4gb.
MEASURE = re.compile(r"(?:\d{1,4}x)*\d{1,4}(?:\.\d+)?(?:[^\W\d_]{1,3}(?:x\d+)?|(?:er)?(?:pack|inch|cell|port|watt)s?)")


@lru_cache(maxsize=1 << 17)
def folded(text: str, longest: int = LONGEST_NAME) -> str:
    """Compatibility forms, case and accents folded, decimal commas as points, at most `longest` characters."""
    plain = unicodedata.normalize("NFKC", text[:longest]).casefold().translate(SIGNS)
    if not plain.isascii():
        plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    return THOUSANDS_COMMA.sub("", DECIMAL_COMMA.sub(".", plain))[:longest]


def words(text: str) -> list[str]:
    """The words and numbers of a folded text, in order."""
    return WORD.findall(text)


def compact(text: str) -> str:
    """Letters and digits only, so that codes are found however they are spaced."""
    return NOT_ALNUM.sub("", text)


def is_code(chunk: str) -> bool:
    """Whether letters and digits look like a maker's model code rather than a measure or a year."""
    if not DIGIT.search(chunk):
        return False
    if LETTER.search(chunk):
        return len(chunk) >= SHORTEST_CODE and not MEASURE.fullmatch(chunk)
    return len(chunk) >= SHORTEST_NUMBER_CODE


def codes(text: str) -> list[str]:
    """Model codes of a folded text without punctuation, in order, each once: `dvp-ns700h` gives dvpns700h."""
    found: dict[str, None] = {}
    for chunk in CHUNK.findall(text):
        whole = compact(chunk)
        parts = (whole,) if is_code(whole) and len(whole) <= 24 else CHUNK_PARTS.split(chunk)
        found.update(dict.fromkeys(part for part in parts if is_code(part)))
    return list(found)


CHUNK_PARTS = re.compile(r"[-/.]")
