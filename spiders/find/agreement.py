"""Whether a second source of prices (a feed, the tiles of lists) says what the product pages say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pricevane.model import Availability, Offer, Status

KEPT = 40
MOST_SOURCES = 20
_CANNOT_BUY = frozenset([Availability.OUT_OF_STOCK, Availability.DISCONTINUED])


@dataclass(frozen=True, slots=True)
class Bar:
    """How many comparisons a source needs, the latest of them that count, and the share that must have agreed."""

    least: int
    latest: int
    share: float


FEED = Bar(least=4, latest=5, share=0.8)
TILES = Bar(least=10, latest=KEPT, share=0.95)


@dataclass(slots=True)
class Agreement:
    """The outcomes of a source's latest comparisons, and the currency and tax that the agreeing pages showed."""

    outcomes: list[bool] = field(default_factory=list)
    currency: str = ""
    tax_included: bool | None = None

    def note(self, is_same: bool) -> None:
        """Enter one comparison."""
        self.outcomes = [*self.outcomes, is_same][-KEPT:]

    def holds(self, bar: Bar) -> bool:
        """Whether the source's prices may be taken without asking the product pages."""
        latest = self.outcomes[-bar.latest :]
        return len(latest) >= bar.least and sum(latest) >= bar.share * len(latest)


class Agreements:
    """Agreement by source; `learned` is what `as_json` gave after the crawl before."""

    def __init__(self, learned: object) -> None:
        self.by_source: dict[str, Agreement] = {}
        known = learned if isinstance(learned, dict) else {}
        for source, said in list(known.items())[:MOST_SOURCES]:
            if isinstance(source, str) and isinstance(said, dict):
                self.by_source[source] = _read(said)

    def __getitem__(self, source: str) -> Agreement:
        return self.by_source.setdefault(source, Agreement())

    def compare(self, source: str, said: Sequence[Offer], page: Sequence[Offer]) -> bool | None:
        """Enter what the source and a product's page say of the same product; None where the page is no measure."""
        if not page or any(one.status is not Status.GOOD for one in page):
            return None
        agreement = self[source]
        is_same = same(said, page) and agreement.currency in ("", _currency(page))
        agreement.note(is_same)
        if is_same:
            agreement.currency = agreement.currency or _currency(page)
            agreement.tax_included = page[0].tax_included
        return is_same

    def as_json(self) -> dict[str, Any]:
        """Plain values: outcomes as a text of 1 (agreed) and 0, the latest last."""
        return {
            source: {
                "outcomes": "".join("01"[one] for one in agreement.outcomes),
                "currency": agreement.currency,
                "tax_included": agreement.tax_included,
            }
            for source, agreement in self.by_source.items()
            if agreement.outcomes
        }


def same(said: Sequence[Offer], page: Sequence[Offer]) -> bool:
    """Whether two sources name the same listings at the same prices.

    Keys, amounts, kinds and whether the thing can be bought are compared; a currency or tax that is not said is not.
    """
    mine, theirs = _by_key(said), _by_key(page)
    return mine.keys() == theirs.keys() and all(_is_one(mine[key], theirs[key]) for key in mine)


def _by_key(offers: Iterable[Offer]) -> Mapping[str, Offer]:
    return {offer.key: offer for offer in offers}


def _is_one(mine: Offer, theirs: Offer) -> bool:
    if mine.price is None or theirs.price is None:
        return mine.price is theirs.price and _is_gone(mine) == _is_gone(theirs)
    currencies = {mine.price.currency, theirs.price.currency} - {""}
    taxes = {mine.tax_included, theirs.tax_included} - {None}
    states = {_is_gone(mine), _is_gone(theirs)} - {None}
    alike = all(len(one) <= 1 for one in (currencies, taxes, states))
    return alike and mine.price.amount == theirs.price.amount and mine.kind is theirs.kind


def _is_gone(offer: Offer) -> bool | None:
    """Whether it cannot be bought; None where nothing is said."""
    return None if offer.availability is Availability.UNKNOWN else offer.availability in _CANNOT_BUY


def _currency(offers: Sequence[Offer]) -> str:
    """The one currency of all prices, or ""."""
    found = {offer.price.currency for offer in offers if offer.price}
    return found.pop() if len(found) == 1 else ""


def _read(said: Mapping[str, Any]) -> Agreement:
    outcomes, currency, tax = said.get("outcomes"), said.get("currency"), said.get("tax_included")
    return Agreement(
        [one == "1" for one in outcomes[-KEPT:]] if isinstance(outcomes, str) else [],
        currency if isinstance(currency, str) else "",
        tax if isinstance(tax, bool) else None,
    )
