"""Which pages show a wrong price on which day: ten times the price, a sister variant's, or one without VAT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pricevane.market.history import Day
from pricevane.market.nouns import Listing
from pricevane.market.numbers import cents, chance

RATE = 0.0105


def poisons(
    seed: int, listing: Listing, days: Sequence[Day], sisters: Sequence[Sequence[Day]]
) -> Mapping[int, tuple[str, Decimal]]:
    """Day → (kind of fault, price shown), for days without a move or promotion and never two days running."""
    rng = chance(seed, listing.shop.name, listing.path, "poison")
    struck: dict[int, tuple[str, Decimal]] = {}
    for number, day in enumerate(days):
        strikes, kind, sister = rng.random() < RATE, rng.random(), rng.random()
        if not strikes or day.moved or day.regular is not None or number - 1 in struck:
            continue
        faults = _faults(listing, day.price, [walk[number].price for walk in sisters], sister)
        struck[number] = faults[int(kind * len(faults))]
    return struck


def _faults(listing: Listing, price: Decimal, others: Sequence[Decimal], draw: float) -> list[tuple[str, Decimal]]:
    faults = [("x10", price * 10), ("ex_vat", cents(price / (1 + listing.shop.vat)))]
    if wrong := [other for other in others if other != price]:
        faults.append(("variant", wrong[int(draw * len(wrong))]))
    return faults
