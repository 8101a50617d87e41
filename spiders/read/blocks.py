"""Which blocks of a page repeat, each with a link and an amount of its own: the tiles of lists and carousels."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from selectolax.lexbor import LexborNode

from spiders.read.document import Document
from spiders.read.visible import Sight

FEW = 3
MOST_BLOCKS = 300
MOST_SIGHTS = 12
MOST_LINKS = 40
MOST_SIBLINGS = 1000
CLIMB = 24
_FRAME = frozenset(["nav", "header", "footer"])
_PAGE = frozenset(["body", "html", "-undef"])
_VARIANT = re.compile(r"([?&])(?:variant|colou?r|size|sku|style|swatch|pa_\w+|attribute_\w+)=[^&]*&?", re.IGNORECASE)
_SLUG = re.compile(r"/[^/?]*(?:-|\d)[^/?.]*/?(?:\.html?)?\?")


@dataclass(slots=True, eq=False)
class Block:
    """One repeated element with its amounts in reading order and its links; `shared` are links that others have too."""

    node: LexborNode
    sights: list[Sight]
    links: list[tuple[str, LexborNode]]
    shared: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Tree:
    """The elements above all amounts, each met once."""

    nodes: dict[int, LexborNode] = field(default_factory=dict)
    above: dict[int, int] = field(default_factory=dict)
    below: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    sights: Counter[int] = field(default_factory=Counter)
    links: dict[int, list[tuple[str, LexborNode]]] = field(default_factory=dict)

    def add(self, node: LexborNode) -> None:
        """Climb from an amount until a known element or the body."""
        one, lower = node, 0
        for _ in range(CLIMB):
            known = one.mem_id in self.nodes
            if lower:
                self.above[lower] = one.mem_id
                self.below[one.mem_id].append(lower)
            self.nodes[one.mem_id] = one
            parent = one.parent
            if known or one.tag in _PAGE or parent is None:
                break
            lower, one = one.mem_id, parent

    def chain(self, identity: int) -> Iterator[int]:
        """The element and those above it, inner first."""
        current: int | None = identity
        while current is not None:
            yield current
            current = self.above.get(current)

    def links_of(self, identity: int) -> list[tuple[str, LexborNode]]:
        """What the links in an element lead to, with their elements; none where it holds too much to be a tile."""
        found = self.links.get(identity)
        if found is None:
            found = self.links[identity] = [] if self.sights[identity] > MOST_SIGHTS else _links(self.nodes[identity])
        return found


def blocks(page: Document, sights: Sequence[Sight]) -> list[Block]:
    """The repeated blocks that hold `sights`, in reading order, at most MOST_BLOCKS: at least FEW look alike."""
    tree = _Tree()
    for sight in sights:
        tree.add(sight.node)
    for sight in sights:
        tree.sights.update(tree.chain(sight.node.mem_id))
    lists = {one for one, lower in tree.below.items() if len(lower) > 1 and _is_list(tree, lower)}
    held: defaultdict[int, list[Sight]] = defaultdict(list)
    for sight in sorted(sights, key=lambda one: one.order):
        if top := _top(tree, sight.node.mem_id, lists):
            held[top].append(sight)
    found = [Block(tree.nodes[one], inside, tree.links_of(one)) for one, inside in held.items()]
    return _mark_shared([one for one in _alike(found) if _is_tile(one, tree, page)][:MOST_BLOCKS])


def target(href: str) -> str:
    """What a link leads to, the same for all variants of one product: without fragment and variant parameters."""
    bare = href.partition("#")[0].strip()
    if "?" not in bare:
        return bare
    return bare.partition("?")[0] if _SLUG.search(bare) else _VARIANT.sub(r"\1", bare).rstrip("?&")


def make(node: LexborNode) -> list[str]:
    """What an element is made as: its tag with each of its classes, or with its parent's tag where it has none."""
    classes = (node.attributes.get("class") or "").split()[:20]
    parent = node.parent
    return [f"{node.tag}.{one}" for one in classes] or [f"{parent.tag if parent else ''}>{node.tag}"]


def _links(node: LexborNode) -> list[tuple[str, LexborNode]]:
    anchors = node.css("a[href]")
    if len(anchors) > MOST_LINKS:
        return []
    targets = ((target(anchor.attributes.get("href") or ""), anchor) for anchor in anchors)
    return [pair for pair in targets if pair[0] and not pair[0].lower().startswith(("javascript:", "mailto:", "tel:"))]


def _is_list(tree: _Tree, lower: list[int]) -> bool:
    """Whether two elements below one have a link of their own each, and are of one make."""
    full = [one for one in lower if tree.links_of(one)][:MOST_BLOCKS]
    counts = Counter(one for node in full for one in {target for target, _ in tree.links_of(node)})
    apart = {target for target, count in counts.items() if count < len(full)}
    if len(apart) < 2 or (len(full) == 2 and len(apart) < len(counts)):
        return False
    own = [one for one in full if any(target in apart for target, _ in tree.links_of(one))]
    makes = Counter(one for node in own for one in make(tree.nodes[node]))
    return any(count > 1 for count in makes.values())


def _top(tree: _Tree, identity: int, lists: set[int]) -> int:
    """The element above an amount that stands directly in a list, or 0."""
    for one in tree.chain(identity):
        if tree.above.get(one) in lists:
            return one if tree.links_of(one) else 0
    return 0


def _alike(found: list[Block]) -> list[Block]:
    makes = {block: make(block.node) for block in found}
    counts = Counter(one for names in makes.values() for one in names)
    return [block for block in found if any(counts[one] >= FEW for one in makes[block])]


def _is_tile(block: Block, tree: _Tree, page: Document) -> bool:
    """Whether a block neither stands in the page's frame nor holds the page's own headline."""
    if any(tree.nodes[one].tag in _FRAME for one in islice(tree.chain(block.node.mem_id), 1, CLIMB)):
        return False
    headline = block.node.css_first("h1") if page.headline else None
    return headline is None or len(page.tree.css("h1")) >= FEW


def _mark_shared(found: list[Block]) -> list[Block]:
    counts = Counter(one for block in found for one in {target for target, _ in block.links})
    for block in found:
        block.shared = frozenset(target for target, _ in block.links if counts[target] >= FEW)
    return found


def priceless(found: Sequence[Block]) -> Iterator[Block]:
    """The siblings of blocks that are of their make and have links, but no amount."""
    known = {block.node.mem_id for block in found}
    parents = {parent.mem_id: parent for block in found if (parent := block.node.parent) is not None}
    makes = {one for block in found for one in make(block.node)}
    shared = frozenset[str]().union(*(block.shared for block in found))
    for parent in parents.values():
        for node in islice(parent.iter(), MOST_SIBLINGS):
            if node.mem_id not in known and not makes.isdisjoint(make(node)) and (links := _links(node)):
                yield Block(node, [], links, shared)
