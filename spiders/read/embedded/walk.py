"""The nodes of a state tree that may be a product with a price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spiders.read.embedded.fields import ELSEWHERE, Keys
from spiders.read.embedded.find import Tree
from spiders.read.embedded.terms import PRICES, currency_code

MOST_NODES = 60_000
MOST_SEEN = 300
_PRICED = PRICES | {"variants"}
_IDENTITY = frozenset(["name", "id", "handle", "url"])
_BRANCHES = frozenset([dict, list])


@dataclass(frozen=True, slots=True)
class Seen:
    """A node with a price and an identity; `main` if it stands where a page's own product does."""

    node: dict[str, Any]
    tree: Tree
    step: Any
    main: bool
    currency: str

    @property
    def path(self) -> str:
        """Where it stands, like `__NEXT_DATA__.props.pageProps.product`."""
        parts, step = [], self.step
        while step:
            step, part = step
            parts.append(part)
        return self.tree.name + "".join(reversed(parts))

    @property
    def key(self) -> str:
        """The name or number under which the node stands in its parent."""
        return str(self.step[1]).strip(".[]") if self.step else ""


def seen(tree: Tree, keys: Keys) -> Iterator[Seen]:
    """Candidates, outer before inner; other products' corners are left out, circles and bombs are cut off."""
    stack: list[tuple[Any, Any, bool, str]] = [(tree.root, None, False, "")]
    visited: set[int] = set()
    for _ in range(MOST_NODES):
        if not stack:
            return
        one, step, main, currency = stack.pop()
        if id(one) in visited:
            continue
        visited.add(id(one))
        if type(one) is list:
            alone = main and len(one) == 1
            below = [(value, (step, f"[{i}]"), alone) for i, value in enumerate(one) if type(value) in _BRANCHES]
            stack += [(*entry, currency) for entry in reversed(below)]
            continue
        kinds: set[str] = set()
        below = []
        for key, value in one.items():
            found = keys[key]
            if found:
                kinds |= found
                if "currency" in found:
                    currency = currency_code(value) or currency
            if type(value) in _BRANCHES and found is not ELSEWHERE and "variants" not in found:
                below.append((value, (step, f".{key}"), "main" in found))
        stack += [(*entry, currency) for entry in reversed(below)]
        if not kinds.isdisjoint(_PRICED) and not kinds.isdisjoint(_IDENTITY):
            yield Seen(one, tree, step, main, currency)
