"""A page to its offers, without any I/O, and an account of how they came about."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pricevane.model import Examination, Offer, PageKind
from spiders.read import dom, embedded, jsonld, microdata, opengraph, places, rdfa, states, tiles
from spiders.read.available import settle
from spiders.read.consensus import Verdict, Weighed, weigh
from spiders.read.currency import iso
from spiders.read.document import Document, PageHints, TooDeep
from spiders.read.fields import choose
from spiders.read.judge import judge, place
from spiders.read.kind import kind_of
from spiders.read.offer import build
from spiders.read.origin import shop_currency
from spiders.read.places import Place
from spiders.read.reading import Reading
from spiders.read.selectors import readings as selected
from spiders.read.specs import specs
from spiders.read.stock import stock
from spiders.read.text import clean
from spiders.read.visible import Sight, View, look

LAYERS = (jsonld, microdata, rdfa, opengraph)
__all__ = ["PageHints", "examine", "read_page"]


def read_page(
    html: str | bytes,
    url: str,
    at: datetime,
    hints: PageHints,
    selectors: Mapping[str, str] | None = None,
    known: Sequence[Place] = (),
) -> list[Offer]:
    """The offers of the page fetched from `url` at `at` (aware UTC): one a variant, none for other pages.

    A site file's `selectors` name fields and CSS selectors; a wrong one raises BadSelector. `known` are the places
    learned of the site's pages. Offers that the page does not make clear are doubtful and say why. The page's own
    variant comes first.
    """
    return list(examine(html, url, at, hints, selectors, known).offers)


def examine(
    html: str | bytes,
    url: str,
    at: datetime,
    hints: PageHints,
    selectors: Mapping[str, str] | None = None,
    known: Sequence[Place] = (),
) -> Examination:
    """All that is seen on a page: its kind, its offers as in `read_page`, and every price that was considered."""
    began = time.perf_counter()
    try:
        page = Document.parse(html, url, hints)
    except TooDeep as error:
        return Examination(url, PageKind.OTHER, str(error), (), ())
    return examined(page, url, at, selectors or {}, known, began)


def examined(
    page: Document, url: str, at: datetime, selectors: Mapping[str, str], known: Sequence[Place], began: float
) -> Examination:
    """`examine` of a page that is parsed already."""
    hints = page.hints
    layers = [selected(page, selectors), *(layer.readings(page) for layer in LAYERS), places.readings(page, known)]
    view = _view(page, layers)
    stands = place(view)
    kind, why = _kind(page, layers, view)
    judged = judge(view, stands, hints.tax_included, tiles=kind is PageKind.LISTING)
    if kind is PageKind.LISTING:
        listed = tiles.offers(tiles.tiles(page, view.sights), page, at)
        return Examination(url, kind, why, tuple(listed), (), time.perf_counter() - began)
    weighed = _weighed(page, layers, judged, view) if kind is PageKind.PRODUCT else Weighed()
    offers = tuple(build(verdict, page, at) for verdict in weighed.verdicts)
    return Examination(url, kind, why, offers, weighed.candidates, time.perf_counter() - began)


def _view(page: Document, layers: Sequence[list[Reading]]) -> View:
    every = [one for readings in layers for one in readings]
    currency = next((code for one in every if (code := iso(one.currency, page.language))), "") or shop_currency(page)
    return look(page, currency, {one.name for one in every if one.name})


def _kind(page: Document, layers: Sequence[list[Reading]], view: View) -> tuple[PageKind, str]:
    if layers[0]:
        return PageKind.PRODUCT, "the site's own selectors found one"
    lead = next((readings for readings in layers if any(one.price for one in readings)), [])
    return kind_of(page, lead or next(filter(None, layers), []), sum(one.is_tile for one in view.sights))


def _weighed(page: Document, layers: list[list[Reading]], judged: list[Sight], view: View) -> Weighed:
    """The consensus, with the shop's embedded state asked only where the other layers leave a doubt."""
    sights = dom.readings(judged, view)
    weighed = weigh(layers, sights, page)
    if not weighed.is_sure and (more := embedded.readings(page)):
        weighed = weigh([*layers[:4], more, *layers[4:]], sights, page)
    if not weighed.verdicts:
        return weighed
    first, *others = _identified(weighed, layers, view, page)
    seen = stock(page, view.heading[1] if view.heading else None, weighed.sight.node if weighed.sight else None)
    said = states.availability(clean(first.reading.availability))
    known = replace(first, availability=settle(said, seen), stock=seen.quantity if seen else None)
    return replace(weighed, verdicts=(known, *others))


def _identified(weighed: Weighed, layers: Sequence[list[Reading]], view: View, page: Document) -> list[Verdict]:
    """The verdicts with the codes and the brand of their product; of several variants each keeps its own codes."""
    printed = specs(view.texts, page)
    told = [readings[0] for readings in layers if readings]
    fields = ("brand", "sku", "gtin", "mpn") if len(weighed.verdicts) == 1 else ("brand",)
    chosen: dict[str, Any] = {field: choose(field, told, printed, page)[0] for field in fields}
    return [replace(one, reading=replace(one.reading, **chosen)) for one in weighed.verdicts]
