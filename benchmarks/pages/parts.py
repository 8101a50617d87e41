"""Parts of the house that a benchmark can do without: each is looked up when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


class Missing(LookupError):
    """A part is not there; the message names it."""


def part(module: str, name: str) -> Callable[..., Any]:
    """A function by its module's and its own name; raises Missing."""
    try:
        found: Callable[..., Any] = getattr(import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as missing:
        raise Missing(f"{module}.{name} is not there: {missing}") from missing
    return found
