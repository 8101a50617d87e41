"""State that a framework wrote in a form of its own, turned back into plain trees."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from spiders.read.embedded import literal

MOST = 100_000
LONGEST = 6_000_000
_PUSHED = re.compile(r"__next_f\.push\(\s*(?=\[)")
_ROW = re.compile(r"(?:^|\n|(?<=[}\]]))[0-9a-f]{1,6}:(?=[\[{])")
_PARAMETERS = re.compile(r"([\w$,\s]*)\)\s*\{")
_RETURN = re.compile(r"return\s*\(?\s*(?=\{)")
_CALL = re.compile(r"\)?\s*;?\s*\}\s*\)?\s*\(")
_WRAPPERS = frozenset(["Reactive", "ShallowReactive", "Ref", "ShallowRef", "EmptyRef", "EmptyShallowRef"])


def revived(name: str, root: Any) -> Any:
    """The tree as the page's own code would see it: devalued arrays filled in, Apollo's references linked."""
    if name.startswith("__NUXT_DATA") and isinstance(root, list):
        return devalued(root)
    if isinstance(root, dict):
        for cache in (root, *(value for value in list(root.values())[:50] if isinstance(value, dict))):
            if "ROOT_QUERY" in cache:
                _link(cache)
    return root


def devalued(values: list[Any]) -> Any:
    """Nuxt 3's payload, whose elements name each other by place (the format of the devalue library)."""
    shells: list[Any] = [type(value)() if isinstance(value, dict | list) else value for value in values[:MOST]]

    def at(place: Any) -> Any:
        number = int(place) if isinstance(place, str) and place.isdecimal() and len(place) < 9 else -1
        return _unwrapped(number)

    def _unwrapped(number: int) -> Any:
        for _ in range(5):
            value = values[number] if 0 <= number < len(shells) else None
            if not (
                isinstance(value, list) and len(value) == 2 and value[0] in _WRAPPERS and str(value[1]).isdecimal()
            ):
                break
            number = int(value[1])
        return shells[number] if 0 <= number < len(shells) else None

    for value, shell in zip(values, shells, strict=False):
        if isinstance(value, dict):
            shell.update({key: at(place) for key, place in value.items()})
        elif isinstance(value, list):
            shell.extend(at(place) for place in value)
    return _unwrapped(0)


def _link(cache: dict[str, Any]) -> None:
    """Put Apollo's entities in the place of references to them; the trees may become circles."""
    stack: list[Any] = list(cache.values())
    for _ in range(MOST):
        if not stack:
            return
        one = stack.pop()
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, value in list(pairs):
            target = _target(value)
            if target and target in cache:
                one[key] = cache[target]
            elif isinstance(value, dict | list):
                stack.append(value)


def _target(value: Any) -> str:
    if not isinstance(value, dict) or len(value) > 4:
        return ""
    target = value.get("__ref") or (value.get("id") if value.get("type") == "id" else "")
    return target if isinstance(target, str) else ""


def flight(scripts: list[str]) -> list[Any]:
    """The JSON rows that speak of a price among the chunks that Next's app router pushes."""
    chunks: list[str] = []
    for text in scripts:
        for pushed in _PUSHED.finditer(text):
            with suppress(ValueError, RecursionError):
                chunk = literal.DECODER.raw_decode(text, pushed.end())[0]
                chunks += [part for part in chunk[1:2] if isinstance(part, str)]
    whole = "".join(chunks)[:LONGEST]
    rows: list[Any] = []
    for start in _ROW.finditer(whole) if "rice" in whole else ():
        with suppress(ValueError, RecursionError):
            row, end = literal.DECODER.raw_decode(whole, start.end())
            rows += [row] if "rice" in whole[start.end() : end] else []
    return rows


def called(text: str, start: int) -> tuple[Any, int]:
    """What `(function(a,b){return {…}}("x",1))` returns, if it is data; `start` is behind the first bracket."""
    parameters = _PARAMETERS.match(text, start)
    returned = _RETURN.search(text, start)
    if parameters is None or returned is None:
        raise ValueError("not a function that returns an object")
    names = [name.strip() for name in parameters[1].split(",")]
    _, end = literal.read(text, returned.end())
    call = _CALL.match(text, end)
    if call is None:
        raise ValueError("not called on the spot")
    values, close = _arguments(text, call.end())
    known = dict(zip(names, values, strict=False))
    return literal.read(text, returned.end(), known)[0], close


def _arguments(text: str, start: int) -> tuple[list[Any], int]:
    tail = text[start : start + literal.LONGEST]
    for end in reversed([found.start() for found in re.finditer(r"\)", tail)][-8:]):
        with suppress(ValueError):
            values, _ = literal.read(f"[{tail[:end]}]", 0)
            return values, start + end
    raise ValueError("the arguments are not plain values")
