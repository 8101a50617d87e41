"""A product page to its offers, without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pricevane.model import Offer
from spiders.read import jsonld, microdata, opengraph
from spiders.read.consensus import weigh
from spiders.read.document import Document, PageHints, TooDeep
from spiders.read.offer import build
from spiders.read.selectors import readings as selected

__all__ = ["PageHints", "read_page"]


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
    try:
        page = Document.parse(html, url, hints)
    except TooDeep:
        return []
    layers = [layer.readings(page) for layer in (jsonld, microdata, opengraph)]
    verdicts = weigh([*layers, selected(page, selectors or {})], page)
    offers = [build(verdict, page, at) for verdict in verdicts]
    return sorted(offers, key=lambda offer: offer.url != page.address)
