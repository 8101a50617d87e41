"""The JSON that a page carries in its own scripts, as if each were the answer to a call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal

from selectolax.lexbor import LexborHTMLParser

from spiders.replay.calls import LARGEST, Call

# The method of such a call: nothing is asked for, the page's plain HTML holds the answer.
PAGE = "PAGE"
MOST_STATES, SMALLEST = 20, 20
_ASSIGNED = re.compile(r"([\w$.]{1,80})(?:\[[\"']([\w$.-]{1,80})[\"']\])?\s*=\s*(?=[{\[])")
_DECODER = json.JSONDecoder(parse_float=Decimal)


def states(tree: LexborHTMLParser, url: str) -> tuple[Call, ...]:
    """What the scripts of the page at `url` hold, each under its element's id or its variable's name, once."""
    found: dict[str, str] = {}
    for script in tree.css("script:not([src])"):
        text, kind = script.text(), (script.attributes.get("type") or "").lower()
        if "ld+json" in kind or not SMALLEST <= len(text) <= LARGEST:
            continue
        if kind.endswith("json"):
            name = script.attributes.get("id") or script.attributes.get("data-component-name") or "json"
            found.setdefault(name, text)
        else:
            for name, state in _assigned(text):
                found.setdefault(name, state)
        if len(found) >= MOST_STATES:
            break
    return tuple(Call(PAGE, f"{url}#{name}", text.encode(errors="replace")) for name, text in found.items())


def _assigned(script: str) -> Iterator[tuple[str, str]]:
    for place in _ASSIGNED.finditer(script):
        try:
            _, end = _DECODER.raw_decode(script, place.end())
        except (ValueError, RecursionError):
            continue
        if end - place.end() >= SMALLEST:
            yield place[2] or place[1].rpartition(".")[2], script[place.end() : end]
