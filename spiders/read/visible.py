"""The amounts that a shopper sees on a page, in reading order, with the words around each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from spiders.read.currency import ABBREVIATIONS
from spiders.read.document import Document
from spiders.read.labels import Role, is_buying, named, plain_names
from spiders.read.markup import BUYING_NAME
from spiders.read.money import Amount, parse_price
from spiders.read.text import clean

MOST = 600
MOST_NODES = 200_000
LONGEST = 90
LONGEST_NAME = 200
# In running text a currency has its sign: letters there are words.
LONGEST_UNSIGNED = 48
# A price is short, also when it is put together from elements for its sign, its units and its cents.
WIDEST = 32
CLIMB = 4
NEAR = 3
TEXT_BUDGET = 400_000
BEFORE, AFTER = 14, 8
CLOSE = 3
WORDS_BEFORE, WORDS_AFTER = 60, 40
STRUCK = frozenset(["del", "s", "strike"])
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"[\s\d.,'’–—-]+")
_SPLIT = re.compile(r"(?<=\d) ?([.,]) ?(?=\d{1,2}(?!\d))")
_SIGN = re.compile(r"[$£¥€₠-⃀฿৳៛؋֏﷼￥]|:-|,-")
_BESIDE = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)\.?\s?\d|\d[\s.,–-]{0,3}([^\W\d_]+(?:\.[^\W\d_]+)*)")
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
# How far from an amount its buy button is looked for, in nodes, and how many controls are asked.
REACH, MOST_CLICKED = 300, 16
# Where the price of a product stands, in nodes from the heading that names it.
ABOVE, BELOW = 150, 900
Text = tuple[int, LexborNode, str]


@dataclass(slots=True, eq=False)
class Sight:
    """One amount in the page's text: the smallest element that shows all of it, its place in reading order.

    `order` counts nodes of the body; `is_struck` says that its number is struck through;
    `before` and `after` are the words up to the amounts next to it.
    `judge` fills `roles`, `is_old` (struck through, or the higher of a pair), `is_tile` (one of a list's entries),
    `score` (log-odds) and `reasons`.
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
    score: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class View:
    """A page's visible amounts in reading order, its short texts and controls, the heading that names its product."""

    sights: list[Sight] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    controls: list[tuple[int, LexborNode]] = field(default_factory=list)
    heading: tuple[int, LexborNode] | None = None
    names: dict[int, str] = field(default_factory=dict)
    buying: dict[int, bool] = field(default_factory=dict)

    def names_of(self, node: LexborNode) -> str:
        """The words of an element's class, id and test names, looked up once."""
        found = self.names.get(node.mem_id)
        if found is None:
            attributes = node.attributes
            given = " ".join(value for name in _NAMING if (value := attributes.get(name))) if attributes else ""
            found = self.names[node.mem_id] = plain_names(given[:300]) if given else ""
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


def walk(page: Document, names: Collection[str] = ()) -> View:
    """The body walked once, no amounts read yet; `names` is what the product may be called."""
    view = View()
    headings = _walk(page, view)
    view.heading = _heading(view.texts, headings, names)
    return view


def look(view: View, page: Document, currency: str = "", near: bool = False) -> None:
    """Find the view's amounts, with `near` only around its heading; `currency` is what the shop is known to use."""
    first, last = 0, MOST_NODES + 1
    if near and view.heading:
        first, last = view.heading[0] - ABOVE, view.heading[0] + BELOW
    seen: dict[int, Sight] = {}
    budget, found = TEXT_BUDGET, 0
    for order, node, text in view.texts[bisect_left(view.texts, first, key=_order) :]:
        if budget < 0 or found > MOST or order > last:
            break
        if len(text) > LONGEST or not _DIGIT.search(text):
            continue
        sight, cost = _sight(order, node, text, page, currency, view)
        budget, found = budget - cost, found + 1
        if sight and sight.node.mem_id not in seen:
            seen[sight.node.mem_id] = sight
    view.sights = list(seen.values())
    _surround(view)


def _order(text: Text) -> int:
    return text[0]


def _walk(page: Document, view: View) -> list[tuple[int, LexborNode]]:
    """Collect texts and controls of the body in reading order, without what scripts and styles hold; gives its h1s."""
    headings: list[tuple[int, LexborNode]] = []
    silent, texts, controls = False, view.texts, view.controls
    body = page.tree.body
    for order, node in enumerate(body.traverse(include_text=True) if body else ()):
        tag = node.tag_id
        if tag != _TEXT:
            silent = tag in _SILENT
            if tag in _CLICKED:
                controls.append((order, node))
            elif tag == _H1:
                headings.append((order, node))
        elif not silent and not node.is_empty_text_node:
            text = (node.text_content or "").strip()
            if text and len(text) <= LONGEST_NAME:
                texts.append((order, node, text))
        if order > MOST_NODES:
            break
    return headings


def _sight(
    order: int, node: LexborNode, text: str, page: Document, currency: str, view: View
) -> tuple[Sight | None, int]:
    """The amount that a text node is part of, and how many characters were read to find it."""
    element = node.parent
    if element is None or element.tag == "body":
        return None, 0
    bare = bool(_BARE.fullmatch(text))
    best = None if bare else _read(element, order, text, page, currency)
    if not bare and best is None:
        return None, 0
    cost = 0
    for level in range(CLIMB):
        shown = element.text(separator=" ")
        cost += len(shown)
        if len(shown) > 4 * WIDEST or len(shown := _joined(shown)) > WIDEST:
            break
        found = _read(element, order, shown, page, currency) if level or shown != text else None
        if found and (best is None or _adds_to(best, found)):
            best = found
        if (outer := element.parent) is None or outer.tag == "body":
            break
        element = outer
    if best is None and node.parent is not None and _is_named(node.parent, view):
        amount = _amount(text, page.language, currency)
        best = Sight(node.parent, order, amount, text, False) if amount and amount.amount > 0 else None
    if best:
        best.is_struck = any(one.tag in STRUCK for one in ancestors(node.parent or element, 2 * CLIMB))
    return best, cost


def _joined(text: str) -> str:
    """The text on one line, with the cents that elements of their own hold put back to their number."""
    shown = " ".join(text.split())
    return _SPLIT.sub(r"\1", shown) if "." in shown or "," in shown else shown


def _has_sign(text: str, currency: str) -> bool:
    """Whether a text holds a currency sign, or a code or an abbreviation beside a number."""
    if _SIGN.search(text):
        return True
    if len(text) > LONGEST_UNSIGNED:
        return False
    beside = _BESIDE.findall(text)
    return any(
        word in ABBREVIATIONS and (len(word) > 1 or currency in ABBREVIATIONS[word]) for pair in beside for word in pair
    )


def _is_named(node: LexborNode, view: View) -> bool:
    """Whether a number without a currency stands where the shop's own names speak of a price."""
    return any("price" in named(view.names_of(one)) for one in ancestors(node, NEAR))


def ancestors(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The element and those around it, inside the body, at most so many."""
    one: LexborNode | None = node
    for _ in range(most):
        if one is None or one.tag in ("body", "html"):
            return
        yield one
        one = one.parent


def _read(element: LexborNode, order: int, shown: str, page: Document, currency: str) -> Sight | None:
    """A text with a currency as a sight."""
    amount = _amount(shown, page.language, currency) if _has_sign(shown, currency) else None
    return Sight(element, order, amount, shown, True) if amount and amount.amount > 0 else None


@lru_cache(maxsize=4096)
def _amount(shown: str, language: str, currency: str) -> Amount | None:
    return parse_price(shown, language=language, currency=currency)


def _adds_to(inner: Sight, outer: Sight) -> bool:
    """Whether the wider text completes the narrower one, by a currency sign or by cents."""
    if outer.amount.kind is not inner.amount.kind:
        return False
    if outer.has_currency and not inner.has_currency:
        return True
    whole = inner.amount.amount
    return whole == whole.to_integral_value() and whole != outer.amount.amount and whole == int(outer.amount.amount)


def _surround(view: View) -> None:
    """Give each sight the few words before and after it, a text between two to the one that it stands closer to."""
    orders = [order for order, _, _ in view.texts]
    for sight, following in zip([None, *view.sights], [*view.sights, None], strict=True):
        first = sight.order + 1 if sight else 0
        last = following.order if following else first + AFTER
        for order, node, text in _between(view.texts, orders, first, last):
            if _SIGN.search(text) and _DIGIT.search(text):
                continue
            near_first = sight is not None and order <= sight.order + AFTER
            near_second = following is not None and order >= following.order - BEFORE
            if near_first and near_second:
                near_first = _height(node, sight) < _height(node, following)
            if near_first and sight and _height(node, sight) < CLOSE:
                sight.after = f"{sight.after} {text}".strip()[:WORDS_AFTER]
            elif near_second and following:
                following.before = f"{following.before} {text}".strip()[-WORDS_BEFORE:]


def _between(texts: list[Text], orders: list[int], first: int, last: int) -> list[Text]:
    """The texts after one sight and those before the next."""
    start, end = bisect_left(orders, first), bisect_left(orders, last)
    if last - first <= AFTER + BEFORE:
        return texts[start:end]
    return [*texts[start : bisect_left(orders, first + AFTER)], *texts[bisect_left(orders, last - BEFORE) : end]]


def _height(node: LexborNode, sight: Sight | None) -> int:
    """How far one has to climb from a text to an element that holds the sight as well."""
    above = {one.mem_id for one in ancestors(sight.node, CLIMB)} if sight else set()
    around = ancestors(node.parent, CLIMB) if node.parent is not None else ()
    return next((level for level, one in enumerate(around) if one.mem_id in above), CLIMB)


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
