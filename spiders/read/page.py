"""A page to its offers, without any I/O, and an account of how they came about."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pricevane.model import Examination, Offer, PageKind
from spiders.read import dom, embedded, jsonld, microdata, opengraph, rdfa, states
from spiders.read.available import settle
from spiders.read.consensus import Weighed, weigh
from spiders.read.currency import iso
from spiders.read.document import Document, PageHints, TooDeep
from spiders.read.judge import judge, place
from spiders.read.kind import kind_of
from spiders.read.offer import build
from spiders.read.origin import shop_currency
from spiders.read.reading import Reading
from spiders.read.selectors import readings as selected
from spiders.read.stock import stock
from spiders.read.text import clean
from spiders.read.visible import Sight, View, look

__all__ = ["PageHints", "examine", "read_page"]


def read_page(
    html: str | bytes,
    url: str,
    at: datetime,
    hints: PageHints,
    selectors: Mapping[str, str] | None = None,
) -> list[Offer]:
    """The offers of the page fetched from `url` at `at` (aware UTC): one a variant, none for other pages.

    A site file's `selectors` name fields and CSS selectors; a wrong one raises BadSelector. Offers that the
    page does not make clear are doubtful and say why. The page's own variant comes first.
    """
    return list(examine(html, url, at, hints, selectors).offers)


def examine(
    html: str | bytes,
    url: str,
    at: datetime,
    hints: PageHints,
    selectors: Mapping[str, str] | None = None,
) -> Examination:
    """All that is seen on a page: its kind, its offers as in `read_page`, and every price that was considered."""
    began = time.perf_counter()
    try:
        page = Document.parse(html, url, hints)
    except TooDeep as error:
        return Examination(url, PageKind.OTHER, str(error), (), ())
    own = selected(page, selectors or {})
    layers = [own, jsonld.readings(page), microdata.readings(page), rdfa.readings(page), opengraph.readings(page)]
    view = _view(page, layers)
    places = place(view)
    kind, why = _kind(page, layers, view)
    judged = judge(view, places, hints.tax_included, tiles=kind is PageKind.LISTING)
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
        weighed = weigh([*layers[:-1], more, layers[-1]], sights, page)
    if not weighed.verdicts:
        return weighed
    first, *others = weighed.verdicts
    seen = stock(page, view.heading[1] if view.heading else None, weighed.sight.node if weighed.sight else None)
    said = states.availability(clean(first.reading.availability))
    known = replace(first, availability=settle(said, seen), stock=seen.quantity if seen else None)
    return replace(weighed, verdicts=(known, *others))
