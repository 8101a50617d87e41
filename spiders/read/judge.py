"""What speaks for and against each visible amount being the price: its words, its place, its looks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import pairwise, takewhile
from math import log2

from selectolax.lexbor import LexborNode

from pricevane.model import PriceKind
from spiders.read.kinds_of_price import kind_of
from spiders.read.labels import Role, is_taxed, said
from spiders.read.tree import ancestors
from spiders.read.visible import NEAR, REACH, Looks, Sight, View

FAR, CARD, CARD_TEXT = 12, 5, 200
TILES = 3
TWINS_APART = 16
LEAST_CUT, GREATEST_CUT = Decimal("1.02"), Decimal("3.9")
STEP = 20
# A price that is called the old or the regular one, while no newer stands beside it, may well be the price.
ALONE = 0.2
_ENTRIES = frozenset(["li", "article", "tr"])
LEAST_NAME = 5
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)\b", re.IGNORECASE)
_LOUD = frozenset(["b", "strong", "h1", "h2", "h3", "h4", "em", "big"])
_ASIDE = frozenset(["header", "footer", "nav", "aside"])
_KINDS = {
    PriceKind.FROM: Role.FROM,
    PriceKind.UNIT: Role.UNIT,
    PriceKind.INSTALMENT: Role.INSTALMENT,
    PriceKind.MEMBER: Role.MEMBER,
    PriceKind.COUPON: Role.COUPON,
}
_OF_PARTS = frozenset([PriceKind.UNIT, PriceKind.INSTALMENT])
# In log-odds, set by hand on shops of all kinds; distances count doublings of twenty nodes.
WEIGHTS = {
    "has a currency": 1.5,
    "neither currency nor a price's name": -5.0,
    "named like a price": 1.5,
    "named like the current price": 0.7,
    "says that tax is included": 0.6,
    "struck through": -3.0,
    "in bold or a heading": 0.4,
    "one of many tiles": -3.0,
    "in a card that leads elsewhere": -2.5,
    "in a block about other things": -1.2,
    "in a header, footer or sidebar": -2.0,
    "inside a link": -1.2,
    "hidden": -2.5,
    "in a table": -0.5,
    "long text": -0.5,
    "shown more than once": 0.5,
    "first after the heading": 0.7,
    "after the heading": 0.8,
    "distance from the heading": -0.35,
    "levels from the heading": -0.12,
    "distance from the buy button": -0.25,
    "higher of two": -2.0,
    "lower of two": 0.7,
    Role.SAVING: -2.5,
    Role.SHIPPING: -2.5,
    Role.UNIT: -2.0,
    Role.INSTALMENT: -2.5,
    Role.MEMBER: -2.0,
    Role.COUPON: -2.0,
    Role.EX_TAX: -1.5,
    Role.REGULAR: -2.5,
    Role.USED: -2.0,
    Role.FROM: -1.0,
    Role.OTHER: -1.5,
}
Marks = dict[str, float]
_ROLE_NAMES = frozenset(Role)
_UNPAIRED: frozenset[str] = frozenset(
    ["hidden", Role.EX_TAX, Role.MEMBER, Role.COUPON, Role.UNIT, Role.INSTALMENT, Role.SHIPPING]
)


@dataclass(frozen=True)
class Place:
    """The elements around a sight, itself first, their looks and tags, and what the names of near and far ones mean."""

    chain: tuple[LexborNode, ...]
    view: View

    @cached_property
    def looks(self) -> tuple[Looks, ...]:
        return tuple(map(self.view.looks_of, self.chain))

    @cached_property
    def tags(self) -> tuple[str, ...]:
        return tuple(node.tag or "" for node in self.chain)

    @cached_property
    def near(self) -> frozenset[str]:
        return frozenset().union(*(one.means for one in self.looks[:NEAR]))

    @cached_property
    def far(self) -> frozenset[str]:
        return frozenset().union(*(one.means for one in self.looks[NEAR:]))


def judge(
    view: View, places: Mapping[Sight, Place], tax_included: bool | None = None, tiles: bool = False
) -> list[Sight]:
    """The sights, each with its score and reasons, the likeliest price first.

    `places` are those of `place`. `tax_included` says which of a pair with and without tax is the price; None takes
    the one that is shown first. Without `tiles` the entries of lists are not looked at closely.
    """
    above = (
        {node.mem_id: level for level, node in enumerate(ancestors(view.heading[1], 2 * FAR))} if view.heading else {}
    )
    marks: dict[Sight, Marks] = {}
    for sight in view.sights:
        close = tiles or not sight.is_tile
        marks[sight] = dict(_marks(sight, places[sight], view, above)) if close else {"one of many tiles": 1}
    _compare(view, marks, tax_included)
    for sight, found in marks.items():
        _tax(found, tax_included)
        sight.roles = frozenset(mark for mark in found if isinstance(mark, Role))
        sight.is_hidden = "hidden" in found
        sight.is_old = "struck through" in found or "higher of two" in found or found.get(Role.REGULAR) == 1
        weighed = {mark: value * WEIGHTS[mark] for mark, value in found.items()}
        sight.score = sum(weighed.values())
        sight.reasons = tuple(f"{mark} {value:+.1f}" for mark, value in weighed.items())
    return sorted(view.sights, key=lambda sight: -sight.score)


def _tax(found: Marks, included: bool | None) -> None:
    """Turn what a price says of tax for or against it, as the shop's prices are."""
    if included is not True and Role.EX_TAX in found:
        found[Role.EX_TAX] = 0
    if "says that tax is included" in found:
        found["says that tax is included"] = 1 if included else 0 if included is None else -2.5


def place(view: View) -> dict[Sight, Place]:
    """Where each sight stands; sets its `is_tile`."""
    chains = {sight: tuple(ancestors(sight.node, FAR)) for sight in view.sights}
    repeated = _repeated(chains, view)
    leading: dict[int, bool] = {}
    for sight, chain in chains.items():
        sight.is_tile = any(_leads(node, leading) for node in chain if node.mem_id in repeated)
    return {sight: Place(chain, view) for sight, chain in chains.items()}


def _leads(node: LexborNode, known: dict[int, bool]) -> bool:
    """Whether an entry of a list leads somewhere or shows a picture."""
    if node.mem_id not in known:
        known[node.mem_id] = node.tag == "a" or node.css_first("a[href], img") is not None
    return known[node.mem_id]


def _repeated(chains: Mapping[Sight, tuple[LexborNode, ...]], view: View) -> set[int]:
    """Elements that show an amount each and have siblings of the same make that do as well."""
    siblings: defaultdict[tuple[int, int], dict[int, LexborNode]] = defaultdict(dict)
    for chain in chains.values():
        for child, parent in pairwise(chain):
            siblings[parent.mem_id, child.tag_id][child.mem_id] = child
    makes: defaultdict[tuple[tuple[int, int], str], set[int]] = defaultdict(set)
    for key, children in siblings.items():
        for child in children.values() if len(children) >= TILES else ():
            makes[key, view.looks_of(child).names].add(child.mem_id)
    return {one for alike in makes.values() if len(alike) >= TILES for one in alike}


def _marks(sight: Sight, place: Place, view: View, above: Mapping[int, int]) -> Iterator[tuple[str, float]]:
    """What one sight shows of itself."""
    yield from ((mark, 1) for mark in _looks(sight, place))
    yield from ((role, 1) for role in _roles(sight, place.near))
    if view.heading:
        distance = sight.order - view.heading[0]
        if distance > 0:
            yield "after the heading", 1
        yield "distance from the heading", log2(1 + abs(distance) / STEP)
        level = next((above[node.mem_id] for node in place.chain if node.mem_id in above), FAR)
        apart = takewhile(lambda node: node.mem_id not in above, place.chain[:CARD])
        if not sight.is_tile and any(_is_card(node, sight.text) for node in apart):
            yield "in a card that leads elsewhere", 1
        yield "levels from the heading", min(level, FAR - 2)
    to_buy = view.to_buy(sight.order)
    yield "distance from the buy button", log2(1 + (REACH if to_buy is None else to_buy) / STEP)


def _is_card(node: LexborNode, amount: str) -> bool:
    """Whether an element is small and leads to another page: by a picture, or as a list's entry by words before it."""
    linked = node.css_first("a[href] img") or (node.css_first("a[href]") if node.tag in _ENTRIES else None)
    text = " ".join(node.text(separator=" ").split()) if linked is not None else ""
    if linked is None or len(text) > CARD_TEXT:
        return False
    link = next((one for one in ancestors(linked, CARD) if one.tag == "a"), None)
    href = (link.attributes.get("href") or "") if link else ""
    if href.startswith(("#", "javascript:")) or _PICTURE.search(href):
        return False
    words = " ".join(linked.text(separator=" ").split())
    return linked.tag == "img" or (len(words) >= LEAST_NAME and 0 <= text.find(words) < text.find(amount))


def _looks(sight: Sight, place: Place) -> Iterator[str]:
    is_price = "price" in place.near
    if sight.has_currency:
        yield "has a currency"
    elif not is_price:
        yield "neither currency nor a price's name"
    if is_price:
        yield "named like a price"
        if "current" in place.near:
            yield "named like the current price"
    if is_taxed(sight.text) or is_taxed(sight.after):
        yield "says that tax is included"
    if sight.is_struck or _is_struck(place):
        yield "struck through"
    if sight.is_tile:
        yield "one of many tiles"
    if len(sight.text) > 2 * STEP:
        yield "long text"
    yield from (mark for mark, shows in _STANDS.items() if shows(place))


def _is_struck(place: Place) -> bool:
    return any(one.is_struck for one in place.looks[: NEAR + 1])


_STANDS: Mapping[str, Callable[[Place], bool]] = {
    "in a block about other things": lambda place: "elsewhere" in place.far,
    "in a header, footer or sidebar": lambda place: not _ASIDE.isdisjoint(place.tags),
    "in bold or a heading": lambda place: not _LOUD.isdisjoint(place.tags[:NEAR]),
    "inside a link": lambda place: "a" in place.tags[: 2 * NEAR],
    "in a table": lambda place: "td" in place.tags[: NEAR + 1],
    "hidden": lambda place: any(one.is_hidden for one in place.looks[:8]),
}


def _roles(sight: Sight, names: frozenset[str]) -> set[Role]:
    """What the words around an amount and the names of its elements say it is for."""
    roles = {Role(name) for name in names if name in _ROLE_NAMES} | said(f"{sight.before} {sight.text}", sight.after)
    if sight.amount.kind in _KINDS:
        roles.add(_KINDS[sight.amount.kind])
    if (kind := _kind_beside(sight.before, sight.after)) in _OF_PARTS:
        roles.add(_KINDS[kind])
    return roles


@lru_cache(maxsize=4096)
def _kind_beside(before: str, after: str) -> PriceKind:
    """What the words in other elements right beside an amount make of it: `/ 100 g`, `per month`."""
    return kind_of(before, after)


def _compare(view: View, marks: Mapping[Sight, Marks], tax_included: bool | None) -> None:
    """What shows only beside the others: pairs of an old and a new price, repetition, and who comes first."""
    short = [one for one in view.sights if len(one.text) <= 2 * STEP and not one.is_tile]
    paired = [one for one in short if _UNPAIRED.isdisjoint(marks[one])]
    lows, highs = _twins(paired)
    counts = Counter(sight.amount.amount for sight in view.sights if not sight.is_tile and "hidden" not in marks[sight])
    for sight, found in marks.items():
        amount = sight.amount.amount
        if counts[amount] > 1 and not sight.is_tile:
            found["shown more than once"] = 1
        if sight in lows:
            found["lower of two"] = 1
            found.pop(Role.SAVING, None)
            found.pop(Role.REGULAR, None)
        elif sight in highs:
            found["higher of two"] = 1
        elif Role.REGULAR in found:
            found[Role.REGULAR] = ALONE
    fine = {Role.FROM, Role.EX_TAX} if tax_included is None else {Role.FROM}
    worth = (one for one in view.sights if "after the heading" in marks[one] and _is_plain(one, marks[one], fine))
    if first := next(worth, None):
        marks[first]["first after the heading"] = 1


def _is_plain(sight: Sight, found: Marks, fine: set[Role]) -> bool:
    against = {
        "one of many tiles",
        "in a card that leads elsewhere",
        "struck through",
        "hidden",
        "higher of two",
        *Role,
    } - fine
    return sight.has_currency and against.isdisjoint(found)


def _twins(sights: list[Sight]) -> tuple[set[Sight], set[Sight]]:
    """Neighbours of which one is the other cut by a discount: the lower and the higher ones, with their repetitions."""
    pairs = []
    for left, right in pairwise(sights):
        if right.order - left.order <= TWINS_APART and _same_money(left, right):
            low, high = sorted((left, right), key=lambda sight: sight.amount.amount)
            if LEAST_CUT * low.amount.amount <= high.amount.amount <= GREATEST_CUT * low.amount.amount:
                pairs.append((low, high))
    lows = {sight for low, _ in pairs for sight in _repetitions(low, sights)}
    highs = {sight for _, high in pairs for sight in _repetitions(high, sights)}
    return lows - highs, highs - lows


def _same_money(one: Sight, other: Sight) -> bool:
    return one.has_currency and other.has_currency and one.amount.currency == other.amount.currency


def _repetitions(sight: Sight, sights: list[Sight]) -> Iterator[Sight]:
    for one in sights:
        if one.amount.amount == sight.amount.amount and abs(one.order - sight.order) <= 2 * TWINS_APART:
            yield one
