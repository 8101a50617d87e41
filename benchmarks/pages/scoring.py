"""How many labelled prices a reader got right, got wrong, and left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.output import share
from benchmarks.pages.labels import Page

Prices = Mapping[str, Sequence[Decimal]]


@dataclass(frozen=True, slots=True)
class Score:
    """Pages by what was read on them; `priced` counts those with a labelled price, the base of both shares.

    A page is right if all that was read on it is accepted, wrong if anything is not, else it was left alone.
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


def score(pages: Sequence[Page], read: Prices) -> Score:
    """Compare `read` (page id -> amounts in major units) with the labels; pages without a word on prices are out."""
    asserted = [page for page in pages if page.asserted]
    wrong = [page for page in asserted if set(read.get(page.id, ())) - set(page.accepted)]
    priced = [page for page in asserted if page.accepted]
    silent = [page for page in priced if not read.get(page.id)]
    right = sum(page not in wrong and page not in silent for page in priced)
    return Score(len(priced), right, tuple(wrong), tuple(silent))
