"""Which pages get a new price, and which of these moves the house found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.pages.days import Found
from benchmarks.pages.labels import Page
from benchmarks.pages.readings import Moved
from benchmarks.pages.rewriting import moved, rewritten
from benchmarks.pages.written import shows

FACTORS = (Decimal("0.95"), Decimal("1.05"))


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A page whose price was changed everywhere: the new amount in major units and the page's new bytes."""

    amount: Decimal
    body: bytes


@dataclass(frozen=True, slots=True)
class Rewriting:
    """New prices by page id, and the pages that were chosen but still showed their old price somewhere."""

    prices: dict[str, NewPrice]
    left_out: tuple[str, ...]

    @property
    def bodies(self) -> dict[str, bytes]:
        """The new bytes by page id."""
        return {page_id: new.body for page_id, new in self.prices.items()}


def rewrite_half(pages: Sequence[Page], seed: int) -> Rewriting:
    """Choose half of the pages that have a single labelled price, and move each by 5 %.

    A shop's prices go up and down in turn, because one that moves one way at once is held, and should be.
    """
    single = [page for page in pages if len(page.accepted) == 1]
    drawn = sorted(single, key=lambda page: hashlib.sha256(f"{seed}:{page.id}".encode()).digest())
    chosen = sorted(drawn[: (len(drawn) + 1) // 2], key=lambda page: page.host)
    made = {page.id: _new_price(page, FACTORS[place % 2]) for place, page in enumerate(chosen)}
    return Rewriting(
        prices={page_id: new for page_id, new in made.items() if new},
        left_out=tuple(page_id for page_id, new in made.items() if not new),
    )


def _new_price(page: Page, factor: Decimal) -> NewPrice | None:
    """None unless the old amount was on the page, is nowhere any more, and the new one is."""
    old = page.accepted[0]
    new = moved(old, factor)
    if new == old or not shows(page.body, old):
        return None
    body = rewritten(page.body, old, new)
    return NewPrice(new, body) if not shows(body, old) and shows(body, new) else None


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves of rewritten pages with a match that were found or missed, and those that nobody made."""

    found: set[Moved]
    missed: set[Moved]
    false: list[Moved]


def grade(new: Mapping[str, NewPrice], found: Found) -> Moves:
    """Set the accepted moves against the rewriting (`new`, by page id)."""
    watched = {found.page_of.get(match.listing_id) for match in found.matches}
    true = {Moved(page_id, price.amount) for page_id, price in new.items()}
    expected = {move for move in true if move.page_id in watched}
    accepted = set(found.moves)
    return Moves(expected & accepted, expected - accepted, [move for move in found.moves if move not in true])
