"""A page to its offers, without any I/O, and an account of how they came about."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from pricevane.model import Examination, Offer, PageKind
from spiders.read import jsonld, microdata, opengraph, places, rdfa, tiles
from spiders.read.decide import decide
from spiders.read.document import Document, Html, PageHints, TooDeep
from spiders.read.offer import build
from spiders.read.places import Place
from spiders.read.selectors import readings as selected

LAYERS = (jsonld, microdata, rdfa, opengraph)
__all__ = ["PageHints", "examine", "read_page"]


def read_page(
    html: Html,
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
    html: Html,
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
    data = [layer.readings(page) for layer in LAYERS]
    decision = decide(page, [selected(page, selectors), *data, places.readings(page, known)])
    weighed = decision.weighed
    offers = [build(verdict, page, at) for verdict in weighed.verdicts]
    if decision.kind is PageKind.LISTING:
        offers = tiles.offers(tiles.tiles(page, decision.view.sights), page, at)
    seconds = time.perf_counter() - began
    return Examination(url, decision.kind, decision.why, tuple(offers), weighed.candidates, seconds)
