"""Ways through a page's tree."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborNode


def ancestors(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The element and those around it, inside the body, at most so many."""
    one: LexborNode | None = node
    for _ in range(most):
        if one is None or one.tag in ("body", "html"):
            return
        yield one
        one = one.parent
