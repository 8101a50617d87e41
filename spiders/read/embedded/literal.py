"""JavaScript object literals as data: what is not a plain value is refused, nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

LONGEST = 400_000
DEEPEST = 200
_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`)
    |(?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<truth>![01]|void\ 0)
    |(?P<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)
    |(?P<mark>[{}\[\]:,])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None, "!0": True, "!1": False}


def _same(number: str) -> str:
    return number


DECODER = json.JSONDecoder(parse_float=_same, parse_int=_same, parse_constant=_same, strict=False)


def read(text: str, start: int, names: Mapping[str, Any] | None = None) -> tuple[Any, int]:
    """The object or array at `start`, numbers as text, and where it ends; raises ValueError for anything else.

    `names` are values of variables; unknown ones are None.
    """
    try:
        return DECODER.raw_decode(text, start)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except json.JSONDecodeError:
        written, end = _as_json(text, start, names or {})
        return DECODER.raw_decode(written)[0], end


def unquote(literal: str) -> str:
    """The text that a quoted JavaScript string stands for."""
    return _ESCAPE.sub(_unescape, literal[1:-1]) if "\\" in literal else literal[1:-1]


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else ""
    return _LETTERS.get(found[4], found[4])


def _as_json(text: str, start: int, names: Mapping[str, Any]) -> tuple[str, int]:
    """The literal at `start` written as JSON."""
    out: list[str] = []
    depth, at, most = 0, start, start + LONGEST
    while found := _TOKEN.match(text, at, most):
        kind, word, at = found.lastgroup or "", found.group(), found.end()
        if kind == "mark":
            depth += (word in "{[") - (word in "}]")
            if depth > DEEPEST:
                break
            if word in "}]" and out and out[-1] == ",":
                out.pop()
            out.append(word)
        elif kind != "skip":
            out.append(_value(kind, word, text[at : at + 1] == ":", names))
        if not depth:
            return "".join(out), at
    raise ValueError(f"no plain literal at {start}")


def _value(kind: str, word: str, is_key: bool, names: Mapping[str, Any]) -> str:
    if kind == "text":
        return json.dumps(unquote(word))
    if kind == "number" or is_key:
        return json.dumps(word)
    if word in names:
        return json.dumps(names[word])
    return json.dumps(_WORDS.get(word))
