"""One learned place: a selector, what of its node to read, and what the text there may mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from pricevane.model import Availability, PriceKind
from spiders.read import states
from spiders.read.document import Document
from spiders.read.money import machine_price, parse_price
from spiders.read.places.paths import AFTER_HEADLINE, LONGEST_CSS, select
from spiders.read.reading import Reading
from spiders.read.text import clean
from spiders.read.tree import STRUCK_TAGS

LAYER = "place"
PRICE, REGULAR, AVAILABILITY, NAME = FIELDS = ("price", "regular_price", "availability", "name")
MONEY = frozenset([PRICE, REGULAR])
OWN_TEXT = "text()"
MOST_MATCHES = 12
LONGEST_TEXT = 90
LONGEST_NAME = 300
AROUND = 160
SHORT = 40
CLIMB = 3
MOST_INSIDE = 100
# Cheaper numbers than this share of the price are savings and rates, not a second price of the same thing.
RIVAL_SHARE = Decimal("0.3")
Value = Decimal | str
_UNDRESSED = re.compile(r"[\d.,\s'’–—-]")
_CENTS = re.compile(r"\d[.,]\d\d(?!\d)")
_READ_AS = re.compile(r"(?:text\(\)|content|value|data-[a-z][a-z0-9-]{0,30})?")
_NAMED = r'(?:[.#][A-Za-z_][A-Za-z0-9_-]*|\[(?:class|id|itemprop|data-[a-z0-9-]+)~?="(?:[^"\\\x00-\x1f]|\\["\\])*"\])'
_STEP = rf"(?:(?:[a-z][a-z0-9-]*|\*){_NAMED}?|{_NAMED})"
_SELECTOR = re.compile(rf"(?:{AFTER_HEADLINE})?{_STEP}(?: (?:[>+] )?{_STEP}){{0,24}}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of FIELDS stands on the pages of one type, and how to read it there.

    All nodes that `css` selects must say the same, or the place says nothing. `attribute` is "" for the whole text,
    OWN_TEXT for the text without that of children, or an attribute. `lowest` means that no page it was learned
    from showed a lower price beside it; a page that does is not believed.
    """

    field: str
    css: str
    attribute: str = ""
    lowest: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: object) -> Place | None:
        """The place that `as_json` gave, or None for anything that could not have come from there."""
        if not isinstance(said, dict):
            return None
        field, css, attribute = (said.get(key) for key in ("field", "css", "attribute"))
        if not (isinstance(field, str) and isinstance(css, str) and isinstance(attribute, str)):
            return None
        good = field in FIELDS and _READ_AS.fullmatch(attribute) and is_selector(css)
        return cls(field, css, attribute, said.get("lowest") is True) if good else None

    def __str__(self) -> str:
        """As a site file would write it."""
        return f"{self.css}::{self.attribute.removesuffix('()')}" if self.attribute else self.css


@dataclass(frozen=True, slots=True)
class Hit:
    """What a place says on one page: the text as found and what it means."""

    raw: str
    value: Value
    node: LexborNode


@lru_cache(maxsize=2000)
def is_selector(css: str) -> bool:
    """Whether a selector is of the kind that is made here, and one that the parser takes."""
    if len(css) > LONGEST_CSS or not _SELECTOR.fullmatch(css):
        return False
    try:
        LexborHTMLParser("<p></p>").css(css)
    except SelectolaxError:
        return False
    return True


def raw_of(node: LexborNode, attribute: str = "") -> str:
    """The text that a place reads of its node, white space collapsed."""
    if attribute and attribute != OWN_TEXT:
        return (node.attributes.get(attribute) or "").strip()
    if attribute == OWN_TEXT:
        return " ".join(node.text(deep=False, separator=" ").split())
    return text_within(node, LONGEST_NAME)


def text_within(node: LexborNode, most: int) -> str:
    """The text of a small element, white space collapsed; "" for one with more text or nodes than that."""
    found: list[str] = []
    length = 0
    for number, one in enumerate(node.traverse(include_text=True)):
        if one.is_text_node:
            found.append(one.text_content or "")
            length += len(found[-1].strip())
        if length > most or number > MOST_INSIDE:
            return ""
    return " ".join(" ".join(found).split())


def meaning(field: str, raw: str, page: Document, attribute: str = "") -> Value | None:
    """What a text stands for in a field: an exact amount, a stock state, a name; None where it is none."""
    if field in MONEY:
        machine = attribute not in {"", OWN_TEXT}
        if len(raw) > LONGEST_TEXT or not any(c.isdigit() for c in raw):
            return None
        parse = machine_price if machine else parse_price
        amount = parse(raw, language=page.language, currency=page.hints.currency)
        return amount.amount if amount and amount.amount > 0 and amount.kind is PriceKind.STANDARD else None
    if field == NAME:
        return clean(raw) if len(raw) <= LONGEST_NAME else None
    state = states.availability(raw) if len(raw) <= LONGEST_TEXT else Availability.UNKNOWN
    return None if state is Availability.UNKNOWN else state.value


def is_struck(node: LexborNode) -> bool:
    """Whether a node stands inside an element that strikes its text through."""
    above: LexborNode | None = node
    for _ in range(CLIMB):
        if above is None:
            return False
        if above.tag in STRUCK_TAGS:
            return True
        above = above.parent
    return False


def hit(place: Place, page: Document) -> Hit | None:
    """What the place says on a page; None where it is missing, not plausible, or says several things."""
    hits = []
    for node in select(page.tree, place.css, MOST_MATCHES):
        raw = raw_of(node, place.attribute)
        value = meaning(place.field, raw, page, place.attribute)
        if not value or (place.field == PRICE and is_struck(node)):
            return None
        hits.append(Hit(raw, value, node))
    return hits[0] if len({one.value for one in hits}) == 1 else None


def lower_beside(found: Hit, page: Document) -> str:
    """The text of a lower price that stands close to a price, or ""; struck-through ones do not count."""
    around, box, text = found.node, found.node.parent, ""
    for _ in range(CLIMB):
        if box is None or box.tag in {"body", "html"} or not (wider := text_within(box, AROUND)):
            break
        around, box, text = box, box.parent, wider
    dress = _UNDRESSED.sub("", found.raw)
    if len(_CENTS.findall(text)) < 2 and not (dress and text.count(dress) > 1):
        return ""
    return next((raw for raw in _prices_in(around, dress) if raw != found.raw and _rivals(raw, found.value, page)), "")


def _prices_in(box: LexborNode, dress: str) -> list[str]:
    """Short texts that are dressed like the price (its currency sign) or have cents, and are not struck through."""
    holders = [node.parent for node in box.traverse(include_text=True) if node.is_text_node and node.parent]
    shown = [(raw_of(node, OWN_TEXT), node) for node in holders]
    return [
        raw
        for raw, node in shown
        if len(raw) <= SHORT and ((dress and dress in raw) or _CENTS.search(raw)) and not is_struck(node)
    ]


def _rivals(raw: str, price: Value, page: Document) -> bool:
    other = meaning(PRICE, raw, page)
    return isinstance(other, Decimal) and isinstance(price, Decimal) and price * RIVAL_SHARE <= other < price


def readings(page: Document, places: Sequence[Place]) -> list[Reading]:
    """At most one reading of a page by its type's places; none where the price's place says nothing.

    Two places of one field that differ, a lower price beside the price, and a regular price that is not higher
    leave the price empty and say so in `doubts`.
    """
    said: dict[str, tuple[Place, Hit]] = {}
    doubts = []
    for place in places:
        if (found := hit(place, page)) is None:
            continue
        first, other = said.setdefault(place.field, (place, found))
        if other.value != found.value and place.field == PRICE:
            doubts.append(f"{first} says {other.raw!r}, {place} says {found.raw!r}")
    if PRICE not in said:
        return []
    doubts += _oddities(said, page)
    raws: dict[str, Any] = {field: clean(found.raw) for field, (_, found) in said.items()}
    if doubts:
        raws[PRICE] = ""
    return [Reading(LAYER, f"{LAYER}:{said[PRICE][0]}", **raws, doubts=tuple(doubts))]


def _oddities(said: dict[str, tuple[Place, Hit]], page: Document) -> list[str]:
    place, price = said[PRICE]
    odd = []
    if place.lowest and (lower := lower_beside(price, page)):
        odd.append(f"{lower!r} stands beside {price.raw!r}")
    regular = said.get(REGULAR)
    if regular and str(regular[1].value) != str(price.value) and _is_lower(regular[1].value, price.value):
        odd.append(f"the regular price {regular[1].raw!r} is below {price.raw!r}")
    return odd


def _is_lower(one: Value, other: Value) -> bool:
    return isinstance(one, Decimal) and isinstance(other, Decimal) and one < other
