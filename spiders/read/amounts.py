"""Finds the amounts in a page's texts, also those that several elements put together, and the words around each."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from selectolax.lexbor import LexborNode

from spiders.read.currency import ABBREVIATIONS
from spiders.read.document import Document
from spiders.read.money import Amount, parse_price
from spiders.read.tree import STRUCK_TAGS, ancestors
from spiders.read.visible import MOST_NODES, NEAR, Sight, Text, View

MOST = 600
LONGEST = 90
# In running text a currency has its sign: letters there are words.
LONGEST_UNSIGNED = 48
# A price is short, also when it is put together from elements for its sign, its units and its cents.
WIDEST = 32
CLIMB = 4
BARE, SIGNED = "bare", "signed"
TEXT_BUDGET = 400_000
BEFORE, AFTER = 14, 8
CLOSE = 3
WORDS_BEFORE, WORDS_AFTER = 60, 40
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"[\s\d.,'’–—-]+")
_SPLIT = re.compile(r"(?<=\d) ?([.,]) ?(?=\d{1,2}(?!\d))")
_SIGN = re.compile(r"[$£¥€₠-⃀฿৳៛؋֏﷼￥]|:-|,-")
_BESIDE = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)\.?\s?\d|\d[\s.,–-]{0,3}([^\W\d_]+(?:\.[^\W\d_]+)*)")
# Where the price of a product stands, in nodes from the heading that names it.
ABOVE, BELOW = 150, 900


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
        if len(text) > LONGEST or not (promise := _promise(text, currency)):
            continue
        sight, cost = _sight(order, node, text, promise == BARE, page, currency, view)
        budget, found = budget - cost, found + 1
        if sight and sight.node.mem_id not in seen:
            seen[sight.node.mem_id] = sight
    view.sights = list(seen.values())
    _surround(view)


def _order(text: Text) -> int:
    return text[0]


@lru_cache(maxsize=16384)
def _promise(text: str, currency: str) -> str:
    """Whether a text may be an amount: BARE, SIGNED or ""; the pages of one shop share most of their texts."""
    if not _DIGIT.search(text):
        return ""
    if _BARE.fullmatch(text):
        return BARE
    return SIGNED if _has_sign(text, currency) else ""


def _sight(
    order: int, node: LexborNode, text: str, bare: bool, page: Document, currency: str, view: View
) -> tuple[Sight | None, int]:
    """The amount that a text node is part of, and how many characters were read to find it."""
    element = node.parent
    if element is None or element.tag == "body":
        return None, 0
    best = None if bare else _read(element, order, text, page, currency)
    if not bare and best is None:
        return None, 0
    cost = 0
    for level in range(CLIMB):
        if best and best.has_currency and not best.amount.is_whole:
            break
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
        best.is_struck = any(one.tag in STRUCK_TAGS for one in ancestors(node.parent or element, 2 * CLIMB))
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
    return any("price" in view.looks_of(one).means for one in ancestors(node, NEAR))


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
    return inner.amount.is_whole and whole != outer.amount.amount and whole == int(outer.amount.amount)


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
