"""The amounts that a shopper sees on a page, in reading order, with the words around each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from spiders.read.document import Document
from spiders.read.labels import Role, is_buying, named, plain_names
from spiders.read.markup import BUYING_NAME
from spiders.read.money import Amount
from spiders.read.text import clean

MOST_NODES = 200_000
LONGEST_NAME = 200
# With the white space around it.
MOST_SPACED = 20_000
NEAR = 3
_CONTROL_WORDS = ("class", "id", "name", "value", "data-testid", "aria-label", "title")
_NAMING = (
    "class",
    "id",
    "itemprop",
    "data-testid",
    "data-test",
    "data-qa",
    "data-cy",
    "data-role",
    "data-price-type",
    "data-hook",
)
_TAGS = {
    node.tag: node.tag_id
    for node in LexborHTMLParser(
        "<script></script><style></style><noscript></noscript><textarea></textarea><h1>x</h1><button></button><input><a></a>"
    ).root.traverse(include_text=True)  # type: ignore[union-attr]
}
_TEXT, _H1 = _TAGS["-text"], _TAGS["h1"]
_SILENT = frozenset(_TAGS[tag] for tag in ("script", "style", "noscript", "textarea"))
_CLICKED = frozenset(_TAGS[tag] for tag in ("button", "input", "a"))
_TOLD = _SILENT | _CLICKED | {_H1}
# How far from an amount its buy button is looked for, in nodes, and how many controls are asked.
REACH, MOST_CLICKED = 300, 16
Text = tuple[int, LexborNode, str]


@dataclass(slots=True, eq=False)
class Sight:
    """One amount in the page's text: the smallest element that shows all of it, its place in reading order.

    `order` counts nodes of the body; `is_struck` says that its number is struck through;
    `before` and `after` are the words up to the amounts next to it.
    `judge` fills `roles`, `is_old` (struck through, or the higher of a pair), `is_tile` (one of a list's entries),
    `is_hidden`, `score` (log-odds) and `reasons`.
    """

    node: LexborNode
    order: int
    amount: Amount
    text: str
    has_currency: bool
    is_struck: bool = False
    before: str = ""
    after: str = ""
    roles: frozenset[Role] = frozenset()
    is_old: bool = False
    is_tile: bool = False
    is_hidden: bool = False
    score: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looks:
    """The words of an element's class, id and test names, what they mean, and what its style makes of its text."""

    names: str = ""
    means: frozenset[str] = frozenset()
    is_hidden: bool = False
    is_struck: bool = False


BARE = Looks()


@dataclass(slots=True)
class View:
    """A page's visible amounts in reading order, its short texts and controls, the heading that names its product."""

    sights: list[Sight] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    controls: list[tuple[int, LexborNode]] = field(default_factory=list)
    heading: tuple[int, LexborNode] | None = None
    looks: dict[int, Looks] = field(default_factory=dict)
    buying: dict[int, bool] = field(default_factory=dict)

    def looks_of(self, node: LexborNode) -> Looks:
        """What an element's attributes say of it, looked up once: the amounts of a page share most of theirs."""
        found = self.looks.get(node.mem_id)
        if found is None:
            attributes = node.attributes
            found = self.looks[node.mem_id] = _looks(attributes) if attributes else BARE
        return found

    def to_buy(self, order: int) -> int | None:
        """How many nodes lie between a place and the nearest control that buys, if one is in reach."""
        at = bisect_left(self.controls, order, key=lambda control: control[0])
        near = self.controls[max(at - MOST_CLICKED // 2, 0) : at + MOST_CLICKED // 2]
        for where, node in sorted(near, key=lambda control: abs(control[0] - order)):
            if abs(where - order) > REACH:
                return None
            if node.mem_id not in self.buying:
                self.buying[node.mem_id] = _is_buy(node)
            if self.buying[node.mem_id]:
                return abs(where - order)
        return None


def _looks(attributes: Mapping[str, str | None]) -> Looks:
    given = " ".join(value for name in _NAMING if (value := attributes.get(name)))
    names = plain_names(given[:300]) if given else ""
    style = (attributes.get("style") or "").replace(" ", "")
    hidden = "hidden" in attributes or "display:none" in style or "visibility:hidden" in style
    return Looks(names, named(names) if names else frozenset(), hidden, "line-through" in style)


def walk(page: Document, names: Collection[str] = ()) -> View:
    """The body walked once, no amounts read yet; `names` is what the product may be called."""
    view = View()
    headings = _walk(page, view)
    view.heading = _heading(view.texts, headings, names)
    return view


def _walk(page: Document, view: View) -> list[tuple[int, LexborNode]]:
    """Collect texts and controls of the body in reading order, without what scripts and styles hold; gives its h1s."""
    headings: list[tuple[int, LexborNode]] = []
    silent, texts, controls = False, view.texts, view.controls
    body = page.tree.body
    for order, node in enumerate(islice(body.traverse(include_text=True), MOST_NODES) if body else ()):
        tag = node.tag_id
        if tag == _TEXT:
            if silent or node.is_empty_text_node:
                continue
            text = node.text_content or ""
            if len(text) <= MOST_SPACED and 0 < len(text := text.strip()) <= LONGEST_NAME:
                texts.append((order, node, text))
            continue
        silent = False
        if tag in _TOLD:
            if tag in _CLICKED:
                controls.append((order, node))
            elif tag == _H1:
                headings.append((order, node))
            else:
                silent = True
    return headings


def _heading(
    texts: list[Text], headings: list[tuple[int, LexborNode]], names: Collection[str]
) -> tuple[int, LexborNode] | None:
    """The h1 that bears the product's name, else a text that is the name, else the first h1."""
    known = {clean(name).casefold() for name in names if name}
    for order, node in headings[:10]:
        if (title := clean(node.text(separator=" ")).casefold()) and any(title in one or one in title for one in known):
            return order, node
    for order, node, text in texts if known else ():
        if text.casefold() in known and node.parent is not None and node.parent.tag != "a":
            return order, node.parent
    return headings[0] if headings else None


def _is_buy(node: LexborNode) -> bool:
    """Whether a button, or a link that looks like one, puts the product into a basket."""
    attributes = node.attributes
    names = " ".join(value for name in _CONTROL_WORDS if (value := attributes.get(name)))[:LONGEST_NAME]
    if BUYING_NAME.search(names) or is_buying(names):
        return True
    return node.tag != "input" and is_buying(node.text(strip=True)[:40])
