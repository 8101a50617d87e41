"""What a page asked for by itself while the browser showed it, and the values in the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import Any

LARGEST = 1024 * 1024
MOST_LEAVES = 20_000
DEEPEST = 40
Path = tuple[str | int, ...]
Scalar = str | int | Decimal | bool | None
# Never sent again: who is logged in, and what a page was given for one visit.
_SECRET = re.compile(r"cookie|auth|token|session|csrf|xsrf|secret|signature|nonce", re.IGNORECASE)
_KEPT = re.compile(r"accept$|content-type$|x-|store$|apikey$|api-key$", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """One answered request for JSON: `post` is its body or "", `headers` those that the shop's script chose."""

    method: str
    url: str
    body: bytes
    post: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def content(self) -> Any:
        """The answer's JSON, or None where it is none."""
        return parsed(self.body)

    @cached_property
    def leaves(self) -> dict[Path, Scalar]:
        """Every plain value in the answer by its path; at most MOST_LEAVES."""
        return dict(islice(walk(self.content), MOST_LEAVES))


def parsed(body: bytes) -> Any:
    """The JSON of a body, or None: for what is none, is too large, or nests too deep."""
    if len(body) > LARGEST:
        return None
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def chosen_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a recorded request that a replay sends too; never cookies, logins or tokens."""
    return {
        name.lower(): value
        for name, value in headers.items()
        if _KEPT.match(name) and not _SECRET.search(name) and len(value) < 300
    }


def walk(content: Any, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """The plain values of parsed JSON with their paths, in order."""
    if len(path) > DEEPEST:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            yield from walk(value, (*path, key))
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from walk(value, (*path, place))
    else:
        yield path, content


def at(content: Any, path: Path) -> Scalar:
    """The plain value at a path, None where there is none."""
    for step in path:
        if isinstance(content, dict) and isinstance(step, str):
            content = content.get(step)
        elif isinstance(content, list) and isinstance(step, int) and step < len(content):
            content = content[step]
        else:
            return None
    return None if isinstance(content, (dict, list)) else content


def shown(path: Path) -> str:
    """A path for people: `product.offers[0].price`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
