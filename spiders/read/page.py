"""A page to its offers, without any I/O, and an account of how they came about."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from pricevane.model import Examination, Offer, PageKind
from spiders.read import dom, embedded, jsonld, microdata, opengraph, rdfa
from spiders.read.consensus import Weighed, weigh
from spiders.read.currency import iso
from spiders.read.origin import shop_currency
from spiders.read.document import Document, PageHints, TooDeep
from spiders.read.judge import judge
from spiders.read.offer import build
from spiders.read.reading import Reading
from spiders.read.selectors import readings as selected
from spiders.read.visible import look

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
    layers = [selected(page, selectors or {}), *(layer.readings(page) for layer in LAYERS)]
    weighed = _weigh(page, layers)
    if not weighed.is_sure and (more := embedded.readings(page)):
        weighed = _weigh(page, [*layers[:-1], more, layers[-1]])
    offers = tuple(build(verdict, page, at) for verdict in weighed.verdicts)
    kind, why = PageKind.PRODUCT, ""
    return Examination(url, kind, why, offers, weighed.candidates, time.perf_counter() - began)


LAYERS = (jsonld, microdata, rdfa, opengraph)


def _weigh(page: Document, layers: Sequence[list[Reading]]) -> Weighed:
    every = [one for readings in layers for one in readings]
    currency = next((code for one in every if (code := iso(one.currency, page.language))), "") or shop_currency(page)
    view = look(page, currency, {one.name for one in every if one.name})
    return weigh(layers, dom.readings(judge(view, page.hints.tax_included), view), page)
