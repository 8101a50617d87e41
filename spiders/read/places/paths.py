"""The selectors that lead to one node: by its names, its ancestors' names, from the headline, and last by position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from spiders.read.places.names import TAG, UNCLEAR, Mark, marks, tag_of

LEVELS = 5
MOST_SIBLINGS = 20
MOST_ANCHORED = 50
AFTER_HEADLINE = "h1 ~ "
LONGEST_CSS = 300
_BRIEF = 0.001
_STEP = 0.02
_ANCHOR = 0.15
_HEADLINE = 0.05
_POSITION = 0.0
_ROOTS = frozenset(["body", "html", None])


@dataclass(frozen=True, slots=True)
class Path:
    """A selector, the names that it leans on, and how well it should last (higher is better)."""

    css: str
    marks: frozenset[str]
    score: float

    @property
    def is_named(self) -> bool:
        """Whether anything but tags and positions leads there."""
        return bool(self.marks)


def paths(node: LexborNode) -> Iterator[Path]:
    """Every selector worth trying for a node, in no order; a few dozen at most."""
    line = lineage(node)
    own = [*marks(node), Mark(tag_of(node), TAG)]
    tags = [tag_of(one) for one in line]
    for mark in own:
        if mark.steadiness != TAG:
            yield _path([mark])
        for level, ancestor in enumerate(line[1:], start=1):
            for above in marks(ancestor)[:3]:
                yield _path([above, mark], " > " if level == 1 else " ")
                if level > 1:
                    yield _path([above, mark], f" > {' > '.join(reversed(tags[1:level]))} > ")
    yield from _from_headline(line, own, tags)
    yield from _by_position(line)


def lineage(node: LexborNode) -> list[LexborNode]:
    """The node and its nearest ancestors below the body, itself first."""
    line: list[LexborNode] = []
    above: LexborNode | None = node
    while above is not None and above.tag not in _ROOTS and len(line) <= LEVELS:
        line.append(above)
        above = above.parent
    return line


def _path(steps: list[Mark], joint: str = " ", prefix: str = "") -> Path:
    named = [mark for mark in steps if mark.steadiness != TAG]
    css = prefix + joint.join(mark.css for mark in steps)
    steady = sum(mark.steadiness for mark in steps) / len(steps)
    bonus = _ANCHOR * (len(named) > 1 and min(mark.steadiness for mark in named) >= UNCLEAR) + _HEADLINE * bool(prefix)
    score = steady + bonus - _STEP * joint.count(">") - _BRIEF * len(css)
    return Path(css, frozenset(mark.css for mark in named), score)


def _from_headline(line: list[LexborNode], own: list[Mark], tags: list[str]) -> Iterator[Path]:
    """Selectors that start at the h1 beside which the node, or one of its ancestors, stands."""
    level = next((level for level, one in enumerate(line) if _to_headline(one)), None)
    if level is None:
        return
    if level == 0:
        yield from (_path([mark], prefix=AFTER_HEADLINE) for mark in own)
        return
    below = " > ".join(["", *reversed(tags[1:level]), ""]) if level > 1 else " > "
    for above in [*marks(line[level])[:3], Mark(tags[level], TAG)]:
        for mark in own:
            yield _path([above, mark], below, AFTER_HEADLINE)


def select(tree: LexborHTMLParser, css: str, most: int) -> list[LexborNode]:
    """What a selector made here leads to; none where it leads to more than `most` nodes.

    What stands after the h1 is checked on the nodes found: in the parser `h1 ~` takes time that grows with the
    square of the number of siblings, which a page could abuse.
    """
    anchored = css.startswith(AFTER_HEADLINE)
    nodes = tree.css(css.removeprefix(AFTER_HEADLINE))
    if len(nodes) > (MOST_ANCHORED if anchored else most):
        return []
    found = [node for node in nodes if any(map(_to_headline, lineage(node)))] if anchored else nodes
    return found if len(found) <= most else []


def _to_headline(node: LexborNode) -> list[LexborNode]:
    """The siblings before a node back to the h1, itself first; none where no h1 stands near before it."""
    back: list[LexborNode] = []
    before: LexborNode | None = node
    while before is not None and len(back) < MOST_SIBLINGS:
        back.append(before)
        if before.tag == "h1" and len(back) > 1:
            return back
        before = before.prev
    return []


def _by_position(line: list[LexborNode]) -> Iterator[Path]:
    """Step by step from the headline."""
    for level, one in enumerate(line):
        if back := [step for step in _to_headline(one) if step.is_element_node]:
            across = " + ".join(tag_of(step) for step in reversed(back))
            down = [tag_of(step) for step in reversed(line[:level])]
            yield Path(" > ".join([across, *down]), frozenset(), _POSITION)
            return


def overlap(one: Path, other: Path) -> int:
    """How many names two paths share."""
    return len(one.marks & other.marks)
