"""One feed in one crawl: a few of its products are read as pages first, and only where they agree is it believed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pricevane.model import Money, Offer
from spiders.find.agreement import FEED, Agreements
from spiders.find.feed import FeedProduct, Source

FIRST_PROBES = 5
PROBES = 3
MOST_COMPARED = 60


class Feed:
    """Holds back what a feed says until product pages have been compared with it.

    `probe` picks the products of its first page to be read as pages; after `compare` (or `lost`) of all of them
    `is_waiting` is False and `offers` gives what may be believed of a product: nothing where its form of product, in
    any naming, has not agreed often enough, in this crawl and those before.
    """

    def __init__(self, source: Source, agreements: Agreements, turn: int) -> None:
        """`turn` differs from crawl to crawl, so that other products are compared each time."""
        self.source = source
        self.agreements = agreements
        self.turn = turn
        self.page = 1
        self.is_probed = False
        self.is_open = True
        self.is_read = False
        self.awaited: set[str] = set()
        self.compared: dict[str, FeedProduct] = {}
        self.seen: set[str] = set()
        self.outcomes: Counter[str] = Counter()
        self.confirmed: set[str] = set()

    @property
    def is_waiting(self) -> bool:
        """Whether pages that were to be compared are still to come."""
        return bool(self.awaited)

    def probe(self, products: Sequence[FeedProduct]) -> list[str]:
        """The pages to read first: some products of each form, other ones each crawl."""
        self.is_probed = True
        by_form: defaultdict[str, list[FeedProduct]] = defaultdict(list)
        for product in products:
            if product.namings:
                by_form[product.form].append(product)
        for form, alike in by_form.items():
            for product in _spread(alike, PROBES if self._naming(form) else FIRST_PROBES, self.turn):
                self.compared[product.url] = product
        self.awaited = set(self.compared)
        return list(self.compared)

    def compare(self, url: str, page: Sequence[Offer]) -> None:
        """Enter what the page of a product says."""
        product = self.compared.pop(url, None)
        self.awaited.discard(url)
        if product is None:
            return
        results = []
        for naming, said in product.namings.items():
            source = self._key(product.form, naming)
            results.append(self.agreements.compare(source, said, page))
            if results[-1]:
                self.confirmed.add(source)
        self.outcomes["agreed" if any(results) else "unclear" if None in results else "differed"] += 1

    def lost(self, url: str) -> None:
        """Give up a page that did not come."""
        self.awaited.discard(url)
        self.compared.pop(url, None)

    def fresh(self, products: Iterable[FeedProduct]) -> list[FeedProduct]:
        """Those products that no page of the feed has named before; none says that its pages repeat themselves."""
        new = [product for product in products if product.url not in self.seen]
        self.seen.update(product.url for product in new)
        return new

    def offers(self, product: FeedProduct) -> list[Offer]:
        """The product's offers as its own page would give them, or none."""
        naming = self._naming(product.form)
        if naming not in product.namings or self._key(product.form, naming) not in self.confirmed:
            if product.namings and len(self.compared) < MOST_COMPARED:
                self.compared[product.url] = product
            return []
        agreement = self.agreements[self._key(product.form, naming)]
        return [_in(offer, agreement.currency, agreement.tax_included) for offer in product.namings[naming]]

    def _naming(self, form: str) -> str:
        """The naming in which products of the form agree with their pages, or ""."""
        prefix = self._key(form, "")
        held = (source for source, found in self.agreements.by_source.items() if found.holds(FEED))
        return next((source.removeprefix(prefix) for source in held if source.startswith(prefix)), "")

    def _key(self, form: str, naming: str) -> str:
        return f"{self.source.name} {form} {naming}"


def _spread(products: Sequence[FeedProduct], many: int, turn: int) -> list[FeedProduct]:
    """So many products, evenly apart, from a place that moves with the turn."""
    step = max(len(products) / many, 1.0)
    return [products[(turn + int(place * step)) % len(products)] for place in range(min(many, len(products)))]


def _in(offer: Offer, currency: str, tax_included: bool | None) -> Offer:
    """The offer in the currency and with the tax that the pages showed, where the feed leaves them open."""

    def money(found: Money | None) -> Money | None:
        return replace(found, currency=found.currency or currency) if found else None

    return replace(offer, price=money(offer.price), regular_price=money(offer.regular_price), tax_included=tax_included)
