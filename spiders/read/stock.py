"""What the visible page says about the availability of its product: notices, buttons, classes and counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from pricevane.model import Availability
from spiders.read.buybox import Sighting, first_button, sightings
from spiders.read.document import Document
from spiders.read.text import RAW_LENGTH, clean

# Pages of these frameworks wake up in the browser, and their buttons with them.
_WAKES = re.compile(
    rb'__NEXT_DATA__|__NUXT__|__INITIAL_STATE__|id="__next"|data-(?:reactroot|server-rendered|hydrat)|ng-(?:version|app)\b'
    rb"|<astro-island|q:container|v-cloak|data-bind="
)
_BESIDE = 4
_GONE = frozenset([Availability.OUT_OF_STOCK, Availability.DISCONTINUED])


@dataclass(frozen=True, slots=True)
class Stock:
    """A state of the page's product, the words or the class that said so, where, and the pieces shown.

    `path` begins with what spoke: `stock:notice`, `stock:button`, `stock:disabled`, `stock:idle`
    (disabled, but a script may enable it), `stock:waiting`, `stock:flag`
    or `stock:around` (a class of an element around the price), best first for a reader that must weigh them.
    """

    availability: Availability
    raw: str
    path: str
    quantity: int | None = None


def stock(page: Document, headline: LexborNode | None, price: LexborNode | None) -> Stock | None:
    """What stands around the price, or else the headline; None where the page says nothing or contradicts itself."""
    start = price or headline
    if start is None:
        return None
    seen = sightings(start, headline)
    if not any(one.kind in {"button", "notice"} for one in seen) and page.tree.body is not None:
        seen += first_button(page.tree.body)
    chosen = next(_ranked(seen), None)
    if chosen is None:
        return None
    count = next((one.quantity for one in (chosen, *seen) if one.quantity is not None), None)
    count = None if chosen.state in _GONE else count
    kind = "idle" if chosen.kind == "disabled" and (price is None or _may_wake(chosen, page)) else chosen.kind
    return Stock(chosen.state, clean(chosen.raw, RAW_LENGTH), f"stock:{kind}:{chosen.place}", count)


def _may_wake(button: Sighting, page: Document) -> bool:
    """Whether a script may enable a disabled button: it stands apart from the price, or a framework keeps it."""
    return button.level > _BESIDE or _WAKES.search(page.body) is not None


def _ranked(seen: list[Sighting]) -> Iterator[Sighting]:
    """What is believed, best first: an enabled button outdoes what style sheets may hide, plain words outdo it."""
    pressed = [one for one in seen if one.kind == "button"]
    buys = [one for one in pressed if one.state not in _GONE]
    here = [one for one in seen if one.kind == "notice" and one.state not in _GONE]
    denied = [one for one in seen if one.kind == "notice" and one.state in _GONE]
    if not buys:
        yield from (one for one in pressed if one.state in _GONE)
    if not (buys and here):
        yield from (one for one in denied if not (buys and one.switched) and not (here and here[0].level < one.level))
    yield from (one for one in seen if one.kind == "around" and one.state in _GONE and not (buys and here))
    yield from (one for one in buys if one.state is not Availability.IN_STOCK)
    if buys or not any(one.kind == "disabled" for one in seen):
        yield from here
    yield from buys
    for kind in ("flag", "disabled", "waiting", "around"):
        yield from (one for one in seen if one.kind == kind)
    yield from here
