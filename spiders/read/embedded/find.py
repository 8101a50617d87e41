"""The JSON trees in a page's scripts, each with the name it was given there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.embedded import literal, revive
from spiders.read.embedded.identity import Identity

MOST_TREES = 60
MOST_TRIES = 40
MOST_TEXT = 6_000_000
# Assignments and calls with a literal: `x = {`, `push({`, `f("name", {`, `= JSON.parse("…`, `= (function(a){`.
_START = re.compile(
    r"(?:=|\bpush\(|\(\s*[\"'][\w.:-]{1,60}[\"']\s*,(?:\s*[\"'][\w.:-]{1,60}[\"']\s*,)?)\s*"
    r"(?:(?=[{\[])|(?P<parse>JSON\.parse\(\s*)(?=[\"'`])|(?P<call>\(function\s*\())"
)
_NAME = re.compile(r"((?:[\w$.]|\[[\"'][\w-]{1,60}[\"']\]){1,60})\s*$")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`", re.DOTALL)
_ANALYTICS = re.compile(r"dataLayer|gtag|fbq|utag|digitalData|_satellite|tc_vars|ttq|pintrk|snaptr", re.IGNORECASE)
_LAYERS = re.compile(r"dataLayer|gtag", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tree:
    """A value and the name it has in the page; `tracking` if it was written for analytics.

    `major` says that its numbers are known to be in major units, as those for Google's tags are.
    """

    name: str
    root: Any
    tracking: bool = False
    major: bool = False


def trees(page: Document, identity: Identity) -> list[Tree]:
    """The trees of all scripts that speak of a price, bounded in number and size.

    `identity` skips scripts that cannot hold the page's product.
    """
    found: list[Tree] = []
    flight: list[str] = []
    budget = MOST_TEXT
    for script in page.inline:
        text = script.text()
        budget -= len(text)
        if budget < 0 or len(found) >= MOST_TREES:
            break
        if "__next_f" in text:
            flight.append(text)
        elif speaks_of_price(text) and identity.may_be_in(text):
            found += _of_script(script, text)
    found += [Tree("__next_f", root) for root in revive.flight(flight)]
    return found[:MOST_TREES]


def speaks_of_price(text: str, start: int = 0, end: int | None = None) -> bool:
    """A cheap look for the word in any of its spellings."""
    return text.find("rice", start, end) >= 0 or text.find("PRICE", start, end) >= 0


def _of_script(script: LexborNode, text: str) -> list[Tree]:
    attributes = script.attributes
    kind, name = (attributes.get("type") or "").lower(), attributes.get("id") or ""
    if "json" in kind or "magento-init" in kind:
        name = name or next((key for key in attributes if key.startswith("data-")), "") or kind
        with suppress(ValueError, RecursionError):
            root = literal.DECODER.raw_decode(text.strip())[0]
            return [Tree(name, revive.revived(name, root))]
        return []
    return list(_assigned(text)) if "template" not in kind and "html" not in kind else []


def _assigned(text: str) -> Iterator[Tree]:
    text = text.replace(":undefined", ":null") if ":undefined" in text else text
    at = 0
    for _ in range(MOST_TRIES):
        start = _START.search(text, at)
        if start is None:
            return
        at = start.end()
        with suppress(ValueError, RecursionError):
            root, at = _root(text, start)
            if isinstance(root, dict | list) and speaks_of_price(text, start.end(), at):
                name = _name(text, start)
                tracking, layer = bool(_ANALYTICS.search(name)), bool(_LAYERS.search(name))
                yield Tree(name, revive.revived(name, root), tracking, layer)


def _root(text: str, start: re.Match[str]) -> tuple[Any, int]:
    if start["call"]:
        return revive.called(text, start.end())
    if not start["parse"]:
        return literal.read(text, start.end())
    quoted = _QUOTED.match(text, start.end())
    if quoted is None:
        raise ValueError("no string to parse")
    return literal.DECODER.raw_decode(literal.unquote(quoted.group()))[0], quoted.end()


def _name(text: str, start: re.Match[str]) -> str:
    found = _NAME.search(text[max(start.start() - 70, 0) : start.start()])
    return found[1].removeprefix("window.").rstrip(".") or "script" if found else "script"
