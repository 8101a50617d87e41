"""From the layers of a page to its kind and its verdicts, with no more looking than it takes to be sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pricevane.model import PageKind
from spiders.read import dom, embedded, states
from spiders.read.amounts import look
from spiders.read.available import settle
from spiders.read.consensus import Verdict, Weighed, weigh
from spiders.read.currency import iso
from spiders.read.document import Document
from spiders.read.fields import choose
from spiders.read.judge import judge, place
from spiders.read.kind import kind_of
from spiders.read.origin import shop_currency
from spiders.read.reading import Reading
from spiders.read.specs import specs
from spiders.read.stock import stock
from spiders.read.text import clean
from spiders.read.visible import Sight, View, walk

# The log-odds from which a visible amount makes a page one about a product.
OWN_PRICE = 2.0
# What a shop says of availability where it shows no price: in words, not by a button that scripts may yet enable.
SAID = ("stock:notice", "stock:waiting", "stock:button")
FIELDS = ("brand", "sku", "gtin", "mpn")


NOTHING = Weighed()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the page is and why, what a shopper sees of it, and the weighed readings: none unless it is a product's."""

    kind: PageKind
    why: str
    view: View
    weighed: Weighed = NOTHING


def decide(page: Document, layers: Sequence[list[Reading]]) -> Decision:
    """`layers` lead from the most to the least trusted, a site's own selectors first.

    Where data name a price, only the page around its heading is looked at first; all of it, and the state that the
    shop's scripts start from, only where that leaves a doubt.
    """
    view = walk(page, {one.name for readings in layers for one in readings if one.name})
    lead = next((readings for readings in layers if any(one.price for one in readings)), [])
    currency = _currency(page, layers)
    look(view, page, currency, near=bool(lead))
    judged = judge(view, place(view), page.hints.tax_included)
    described = lead or next(filter(None, layers), []) or _shown(judged, view)
    kind, why = kind_of(page, described, sum(one.is_tile for one in view.sights))
    if layers[0]:
        kind, why = PageKind.PRODUCT, "the site's own selectors found one"
    if kind is not PageKind.PRODUCT:
        if kind is PageKind.LISTING:
            look(view, page, currency)
            judge(view, place(view), page.hints.tax_included, tiles=True)
        return Decision(kind, why, view)
    weighed = weigh(layers, judged, view, page)
    if not weighed.is_sure and lead:
        look(view, page, currency)
        judged = judge(view, place(view), page.hints.tax_included)
        weighed = weigh(layers, judged, view, page)
    if not weighed.is_sure and (more := embedded.readings(page)):
        layers = [*layers[:-2], more, *layers[-2:]]
        weighed = weigh(layers, judged, view, page)
    return Decision(kind, why, view, _completed(weighed, layers, view, page))


def _shown(judged: Sequence[Sight], view: View) -> list[Reading]:
    """What looks like the price of the heading's own product, where no data speak of one."""
    top = judged[0] if judged else None
    own = top and view.heading and top.score >= OWN_PRICE and not top.is_tile
    return [dom.reading(top, view)] if top and own else []


def _currency(page: Document, layers: Sequence[list[Reading]]) -> str:
    told = (iso(one.currency, page.language) for readings in layers for one in readings)
    return next(filter(None, told), "") or shop_currency(page)


def _completed(weighed: Weighed, layers: Sequence[list[Reading]], view: View, page: Document) -> Weighed:
    """The verdicts with codes and brand, the page's own one with what is visible of its availability.

    A page that shows no price but says how its product is to be had makes a verdict of its own.
    """
    heading = view.heading[1] if view.heading else None
    seen = stock(page, heading, weighed.sight.node if weighed.sight else None)
    if not weighed.verdicts:
        if heading is None or seen is None or not seen.path.startswith(SAID):
            return weighed
        weighed = Weighed((Verdict(Reading(dom.LAYER, seen.path, name=heading.text(separator=" ")), None),))
    first, *others = _identified(weighed, layers, view, page)
    said = states.availability(clean(first.reading.availability))
    known = replace(first, availability=settle(said, seen), stock=seen.quantity if seen else None)
    return replace(weighed, verdicts=(known, *others))


def _identified(weighed: Weighed, layers: Sequence[list[Reading]], view: View, page: Document) -> list[Verdict]:
    """Of several variants each keeps its own codes."""
    printed = specs(view.texts, page)
    told = [readings[0] for readings in layers if readings]
    fields = FIELDS if len(weighed.verdicts) == 1 else FIELDS[:1]
    chosen: dict[str, Any] = {field: choose(field, told, printed, page)[0] for field in fields}
    return [replace(one, reading=replace(one.reading, **chosen)) for one in weighed.verdicts]
