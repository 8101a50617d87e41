"""How many labelled prices a reader got right, got wrong, and left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.output import share
from benchmarks.pages.labels import Page

Prices = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Score:
    """Pages by what was read on them; `priced` counts those with a labelled price, the base of both shares.

    A page is right if its price is accepted, wrong if it is not or if there should be none, silent without one.
    """

    priced: int
    right: int
    wrong: tuple[Page, ...]
    silent: tuple[Page, ...]

    def shares(self, prefix: str = "") -> dict[str, float]:
        """`price_right_share` and `price_wrong_share`; nothing where no page has a labelled price."""
        if not self.priced:
            return {}
        return {
            f"{prefix}price_right_share": share(self.right, self.priced),
            f"{prefix}price_wrong_share": share(len(self.wrong), self.priced),
        }

    def remarks(self, prices: Prices) -> Iterator[str]:
        """A line for each page that is wrong, then for each that is silent."""
        for page in self.wrong:
            yield f"wrong: {page.address} read {prices[page.id]}, accepted {_told(page)}"
        for page in self.silent:
            yield f"no good price: {page.address} accepted {_told(page)}"


def _told(page: Page) -> str:
    return ", ".join(map(str, page.accepted)) or "none"


def score(pages: Sequence[Page], prices: Prices) -> Score:
    """Compare `prices` (page id -> major units) with the labels; pages without a word on prices are left out."""
    asserted = [page for page in pages if page.asserted]
    priced = [page for page in asserted if page.accepted]
    return Score(
        priced=len(priced),
        right=sum(prices.get(page.id) in page.accepted for page in priced),
        wrong=tuple(page for page in asserted if page.id in prices and prices[page.id] not in page.accepted),
        silent=tuple(page for page in priced if page.id not in prices),
    )
