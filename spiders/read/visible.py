"""The amounts that a shopper sees on a page, in reading order, with the words around each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from spiders.read.currency import currency_of
from spiders.read.document import Document
from spiders.read.labels import BUY, Role
from spiders.read.money import Amount, parse_price
from spiders.read.text import clean, plain

MOST = 600
MOST_NODES = 200_000
LONGEST = 90
LONGEST_NAME = 200
# A price is short, also when it is put together from elements for its sign, its units and its cents.
WIDEST = 32
CLIMB = 4
TEXT_BUDGET = 400_000
BEFORE, AFTER = 14, 8
WORDS_BEFORE, WORDS_AFTER = 60, 40
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"[\s\d.,'’–—-]+")
_SPLIT = re.compile(r"(?<=\d) ?([.,]) ?(?=\d{1,2}(?!\d))")
_ONE_LETTER = re.compile("[A-Za-z]")
_TAGS = {
    node.tag: node.tag_id
    for node in LexborHTMLParser(
        "<script></script><style></style><noscript></noscript><textarea></textarea><button></button><input><a></a><h1>x</h1>"
    ).root.traverse(include_text=True)  # type: ignore[union-attr]
}
_TEXT, _H1 = _TAGS["-text"], _TAGS["h1"]
_SILENT = frozenset(_TAGS[tag] for tag in ("script", "style", "noscript", "textarea"))
_CLICKED = frozenset(_TAGS[tag] for tag in ("button", "input", "a"))
_CONTROL_WORDS = ("class", "id", "name", "value", "data-testid", "aria-label", "title")


@dataclass(slots=True, eq=False)
class Sight:
    """One amount in the page's text: the smallest element that shows all of it, its place in reading order.

    `order` counts nodes of the body; `before` and `after` are the words up to the amounts next to it.
    `judge` fills `roles`, `is_old` (struck through, or the higher of a pair), `score` (log-odds) and `reasons`.
    """

    node: LexborNode
    order: int
    amount: Amount
    text: str
    has_currency: bool
    before: str = ""
    after: str = ""
    roles: frozenset[Role] = frozenset()
    is_old: bool = False
    score: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class View:
    """A page's visible amounts in reading order, the heading that names its product, and its buy buttons."""

    sights: list[Sight] = field(default_factory=list)
    heading: tuple[int, LexborNode] | None = None
    buttons: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    numbers: list[tuple[int, LexborNode, str]] = field(default_factory=list)
    texts: list[tuple[int, LexborNode, str]] = field(default_factory=list)
    headings: list[tuple[int, LexborNode]] = field(default_factory=list)
    clicked: list[tuple[int, LexborNode]] = field(default_factory=list)


def look(page: Document, currency: str = "", names: Collection[str] = ()) -> View:
    """Walk the body once. `currency` is what the shop is known to use (ISO), `names` what the product may be called."""
    walk = _walk(page)
    sights: dict[int, Sight] = {}
    budget = TEXT_BUDGET
    for order, node, text in walk.numbers[:MOST]:
        sight, cost = _sight(order, node, text, page, currency)
        budget -= cost
        if sight and sight.node.mem_id not in sights:
            sights[sight.node.mem_id] = sight
        if budget < 0:
            break
    seen = list(sights.values())
    _surround(seen, walk.texts)
    return View(seen, _heading(walk, names), [order for order, node in walk.clicked if _is_buy(node)])


def _walk(page: Document) -> _Walk:
    """Texts, numbers, headings and controls of the body in reading order, without what scripts and styles hold."""
    walk, silent = _Walk(), False
    body = page.tree.body
    for order, node in enumerate(body.traverse(include_text=True) if body else ()):
        tag = node.tag_id
        if tag != _TEXT:
            silent = tag in _SILENT
            if tag in _CLICKED:
                walk.clicked.append((order, node))
            elif tag == _H1:
                walk.headings.append((order, node))
        elif not silent and not node.is_empty_text_node:
            text = (node.text_content or "").strip()
            if text and len(text) <= LONGEST_NAME:
                walk.texts.append((order, node, text))
                if len(text) <= LONGEST and _DIGIT.search(text):
                    walk.numbers.append((order, node, text))
        if order > MOST_NODES:
            break
    return walk


def _sight(order: int, node: LexborNode, text: str, page: Document, currency: str) -> tuple[Sight | None, int]:
    """The amount that a text node is part of, and how many characters were read to find it."""
    best: Sight | None = None
    shown, cost, element = text, 0, node.parent
    for _ in range(CLIMB):
        if element is None or element.tag in ("body", "html"):
            break
        found = _read(element, order, shown, page, currency)
        if found and (best is None or _adds_to(best, found)):
            best = found
        element = element if shown is text else element.parent
        wider = element.text(separator=" ") if element is not None else ""
        cost += len(wider)
        shown = _SPLIT.sub(r"\1", " ".join(wider[: 4 * WIDEST].split()))
        if len(shown) > WIDEST:
            break
    return best, cost


def _read(element: LexborNode, order: int, shown: str, page: Document, currency: str) -> Sight | None:
    symbol = currency_of(plain(shown), page.language, currency)[1]
    if _ONE_LETTER.fullmatch(symbol) and not currency:
        symbol = ""
    if not symbol and not _BARE.fullmatch(shown):
        return None
    if len(shown) > WIDEST and not _touches(symbol, shown):
        return None
    amount = parse_price(shown, language=page.language, currency=currency)
    if amount is None or amount.amount <= 0:
        return None
    return Sight(element, order, amount, shown, bool(symbol))


def _touches(symbol: str, text: str) -> bool:
    """Whether a sign stands beside a number: in running text letters that look like one are words."""
    sign = re.escape(symbol)
    return bool(re.search(rf"{sign}\W?\d|\d[\s,.–-]{{0,3}}{sign}", plain(text)))


def _adds_to(inner: Sight, outer: Sight) -> bool:
    """Whether the wider text completes the narrower one, by a currency sign or by cents."""
    if outer.amount.kind is not inner.amount.kind:
        return False
    if outer.has_currency and not inner.has_currency:
        return True
    whole = inner.amount.amount
    return whole == whole.to_integral_value() and whole != outer.amount.amount and whole == int(outer.amount.amount)


def _surround(sights: list[Sight], texts: list[tuple[int, LexborNode, str]]) -> None:
    """Give each sight the few words before and after it, each text to the one of two neighbours that it stands closer to."""
    orders = [order for order, _, _ in texts]
    for sight, following in zip([None, *sights], [*sights, None], strict=True):
        first = sight.order + 1 if sight else 0
        last = following.order if following else first + AFTER
        for order, node, text in texts[bisect_left(orders, first) : bisect_left(orders, last)]:
            near_first = sight is not None and order <= sight.order + AFTER
            near_second = following is not None and order >= following.order - BEFORE
            if near_first and near_second:
                near_first = _height(node, sight) < _height(node, following)
            if near_first and sight:
                sight.after = f"{sight.after} {text}".strip()[:WORDS_AFTER]
            elif near_second and following:
                following.before = f"{following.before} {text}".strip()[-WORDS_BEFORE:]


def _height(node: LexborNode, sight: Sight | None) -> int:
    """How far one has to climb from a text to an element that holds the sight as well."""
    if sight is None:
        return 2 * CLIMB
    above: set[int] = set()
    one: LexborNode | None = sight.node
    for _ in range(CLIMB):
        if one is not None:
            above.add(one.mem_id)
            one = one.parent
    one = node.parent
    for level in range(CLIMB):
        if one is None or one.mem_id in above:
            return level
        one = one.parent
    return CLIMB


def _heading(walk: _Walk, names: Collection[str]) -> tuple[int, LexborNode] | None:
    """The h1 that bears the product's name, else a text that is the name, else the first h1."""
    known = {clean(name).casefold() for name in names if name}
    for order, node in walk.headings[:10]:
        if (title := clean(node.text(separator=" ")).casefold()) and any(title in one or one in title for one in known):
            return order, node
    for order, node, text in walk.texts if known else ():
        if clean(text).casefold() in known and node.parent is not None and node.parent.tag != "a":
            return order, node.parent
    return walk.headings[0] if walk.headings else None


def _is_buy(node: LexborNode) -> bool:
    """Whether a button, or a link that looks like one, puts the product into a basket."""
    attributes = node.attributes
    if node.tag == "a" and "class" not in attributes:
        return False
    if node.tag == "input" and attributes.get("type") not in ("submit", "button", "image"):
        return False
    said = " ".join(value for name in _CONTROL_WORDS if (value := attributes.get(name)))
    return bool(BUY.search(said[:LONGEST_NAME]) or (node.tag != "input" and BUY.search(node.text(strip=True)[:40])))
