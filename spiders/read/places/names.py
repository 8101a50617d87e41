"""Class names, ids and data attributes as CSS, and how likely each is to outlive the next release of a shop."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

LONGEST_NAME = 60
MOST_CLASSES = 12
MOST_MARKS = 4
# A generated name that is gone leads nowhere; a bare tag leads to whatever stands there next.
WORDS, UNCLEAR, UTILITY, GENERATED, TAG = 1.0, 0.6, 0.3, 0.1, 0.05
# Microdata has a layer of its own: a place that leans on it disappears together with that layer.
_ITEMPROP = 0.04
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TAG = re.compile(r"[a-z][a-z0-9-]{0,30}")
_ATTRIBUTE = re.compile(r"(?:itemprop|data-[a-z][a-z0-9-]{0,30})")
_GENERATED = re.compile(
    r"(?:css|sc|jss|jsx|emotion|svelte|styled|ember|chakra|makestyles|mui|v|astro|ng-tns|_ngcontent|c)-?[a-z]{0,2}[0-9a-z]*\d[\w-]*"
    r"|sc-[a-z]{5,8}|_[0-9a-z_-]{4,}|.*_{1,2}[0-9a-z-]*[0-9][0-9a-z-]*|[a-z]?\d[\w-]*|[a-z]{1,2}\d+[a-z0-9]*",
    re.IGNORECASE,
)
_MIXED = re.compile(r"[a-z][A-Z][a-z]?[A-Z]|[A-Z][a-z]?[A-Z][a-z]?[A-Z]|[A-Za-z]\d[A-Za-z]+\d|[^aeiouyAEIOUY\W\d_-]{6}")
_UTILITY = re.compile(
    r".*[:/\[\]()!@].*|-?(?:m|p)[trblxyse]?-.+|(?:d|w|h|flex|grid|col|row|text|font|bg|border|gap|justify|align|items|float"
    r"|order|leading|tracking|rounded|shadow|row|is|has|js|small|left|right|active|show|hide|hidden|block|inline)(?:-.*)?"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One way to name an element in CSS; `steadiness` (0..1) says how well the name will last."""

    css: str
    steadiness: float


def steadiness(name: str) -> float:
    """How likely a class name or id is one that a person chose and will keep (0..1)."""
    if _GENERATED.fullmatch(name) or _MIXED.search(name):
        return GENERATED
    if _UTILITY.fullmatch(name):
        return UTILITY
    return UNCLEAR if any(c.isdigit() for c in name) or len(name) < 3 else WORDS


def quoted(text: str) -> str:
    """A CSS string of any printable text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def marks(node: LexborNode) -> list[Mark]:
    """The best few names of an element, steadiest first."""
    attributes = node.attributes
    found = [_class(name) for name in (attributes.get("class") or "").split()[:MOST_CLASSES] if _is_usable(name)]
    if _is_usable(name := attributes.get("id") or ""):
        found.append(Mark(f"#{name}" if _IDENTIFIER.fullmatch(name) else f"[id={quoted(name)}]", steadiness(name)))
    for attribute, value in list(attributes.items())[: 2 * MOST_CLASSES]:
        if _ATTRIBUTE.fullmatch(attribute) and _is_usable(value or "") and not re.search(r"\d", value or ""):
            steady = _ITEMPROP if attribute == "itemprop" else steadiness(value or "")
            found.append(Mark(f"[{attribute}={quoted(value or '')}]", steady))
    return sorted(dict.fromkeys(found), key=lambda mark: (-mark.steadiness, len(mark.css)))[:MOST_MARKS]


def tag_of(node: LexborNode) -> str:
    """The element's tag, or `*` where a page made up an odd one."""
    return tag if _TAG.fullmatch(tag := node.tag or "") else "*"


def _class(name: str) -> Mark:
    return Mark(f".{name}" if _IDENTIFIER.fullmatch(name) else f"[class~={quoted(name)}]", steadiness(name))


def _is_usable(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()
