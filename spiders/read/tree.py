"""Ways through a page's tree."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

STRUCK_TAGS = frozenset(["del", "s", "strike"])


def each(root: LexborHTMLParser | LexborNode, query: str) -> Iterator[LexborNode]:
    """The elements that fit a query, once each: the parser names one for every selector that does."""
    last = 0
    for node in root.css(query):
        if node.mem_id != last:
            last = node.mem_id
            yield node


def ancestors(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The element and those around it, inside the body, at most so many."""
    one: LexborNode | None = node
    for _ in range(most):
        if one is None or one.tag in ("body", "html"):
            return
        yield one
        one = one.parent
