"""Two texts word by word: what both say, and what one of them says alone."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

# A number stands apart from its unit ("500g"); a code with digits in it ("WH-1000XM4", "10-20") is one word.
WORD = re.compile(
    r"\d++(?:[.,]\d++)*+(?=[^\W\d_]*+(?![\w-]))"
    r"|(?=[\w.-]*\d)\w+(?:[-.]\w+)*"
    r"|\w+"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, and whether the other text says it too; what stands between words is shared."""

    text: str
    shared: bool


def differences(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces that make them up again, the words marked that the other has not, or not as often.

    Order, case, accents and the sign of decimals do not count; digits and codes are compared whole.
    """
    said, heard = (Counter(map(_key, WORD.findall(text))) for text in (one, other))
    return _marked(one, heard), _marked(other, said)


def _key(word: str) -> str:
    spread = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).replace(",", ".")


def _marked(text: str, left: Counter[str]) -> tuple[Piece, ...]:
    """The text in pieces; differing words that follow each other are one."""
    pieces: list[tuple[str, bool]] = []
    end, before = 0, True
    for found in WORD.finditer(text):
        key = _key(found[0])
        shared = left[key] > 0
        left[key] -= shared
        pieces += [(text[end : found.start()], before or shared), (found[0], shared)]
        end, before = found.end(), shared
    pieces.append((text[end:], True))
    told = [(words, shared) for words, shared in pieces if words]
    return tuple(Piece("".join(words for words, _ in run), shared) for shared, run in groupby(told, lambda p: p[1]))
