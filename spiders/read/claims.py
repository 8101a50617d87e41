"""The amounts that may be a page's price, each with everybody who names it and what that adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from pricevane.model import PriceKind
from spiders.read.document import Document
from spiders.read.labels import Role
from spiders.read.money import Amount
from spiders.read.reading import Reading
from spiders.read.variants import amount_of
from spiders.read.visible import Sight

# In log-odds: a reading that doubts itself, a kind that is not plain, an amount that no shopper sees although others
# are shown, one shown as the old price or as one for members, and the least that being seen at all is worth.
DOUBTED, UNUSUAL, UNSEEN, OLD, DIMLY = -1.0, -1.2, -2.0, -2.0, -0.8
# The log-odds from which a visible amount looks like a price.
PLAIN_SIGHT = 1.2
ROUNDING = Decimal("0.01")
# What each layer's word is worth, in log-odds; shops write several layers from one source, hence the cap.
WORTH = {
    "selectors": 5.0,
    "place": 2.5,
    "jsonld": 2.2,
    "microdata": 1.8,
    "rdfa": 1.8,
    "embedded": 1.8,
    "opengraph": 1.4,
}
MOST_WORTH = 4.0
SIGHT_WORTH, LEAST_SIGHT, MOST_SIGHT = 0.8, -3.0, 4.0
SEEN = 30
_DENYING = frozenset([Role.MEMBER, Role.COUPON, Role.EX_TAX, Role.UNIT])


@dataclass(slots=True)
class Claim:
    """One amount with everybody who names it."""

    amount: Amount
    readings: list[Reading]
    sight: Sight | None = None
    score: float = 0.0
    reasons: tuple[str, ...] = ()


def claims_of(told: Sequence[list[Reading]], sights: Sequence[Sight], page: Document) -> list[Claim]:
    """Every amount that a layer names or the page shows, scored, the likeliest first."""
    claims: list[Claim] = []
    currency = next((one.currency for readings in told for one in readings if one.currency), "")
    for readings in told:
        for one in readings:
            known = one if one.currency else replace(one, currency=currency)
            if (amount := amount_of(known, page)) and amount.amount > 0:
                _join(claims, amount, known, None)
    for sight in sights[:SEEN]:
        _join(claims, sight.amount, None, sight)
    shown = any(claim.sight and claim.sight.score > PLAIN_SIGHT for claim in claims)
    for claim in claims:
        claim.score, claim.reasons = score_of(claim, shown)
    return sorted(claims, key=lambda claim: -claim.score)


def _join(claims: list[Claim], amount: Amount, reading: Reading | None, sight: Sight | None) -> None:
    """Add what a layer says, or else what is seen, to those who name the same amount."""
    claim = next((one for one in claims if _equal(one.amount, amount)), None)
    if claim is None and (sight is None or sight.score > PLAIN_SIGHT):
        claim = next((one for one in claims if same(one.amount, amount)), None)
    if claim is None:
        if sight and sight.score < LEAST_SIGHT:
            return
        claims.append(Claim(amount, [reading] if reading else [], sight))
        return
    if claim.amount.is_whole and not amount.is_whole:
        claim.amount = replace(claim.amount, amount=amount.amount)
    if reading:
        claim.readings.append(reading)
    if sight and (claim.sight is None or sight.score > claim.sight.score):
        claim.sight = sight


def score_of(claim: Claim, shown: bool) -> tuple[float, tuple[str, ...]]:
    """The log-odds of an amount; `shown` says whether the page shows any amount that looks like a price."""
    found: dict[str, float] = {}
    for one in claim.readings:
        worth = WORTH[one.layer] + (DOUBTED if one.doubts else 0)
        worth += UNUSUAL if one.kind is not PriceKind.STANDARD else 0
        found[one.layer] = max(found.get(one.layer, -9.0), worth)
    reasons = [f"{layer} {worth:+.1f}" for layer, worth in found.items()]
    score = min(sum(found.values()), MOST_WORTH)
    if claim.sight:
        seen = SIGHT_WORTH * min(max(claim.sight.score, LEAST_SIGHT), MOST_SIGHT)
        if claim.readings:
            denied = claim.sight.is_old or _DENYING & claim.sight.roles
            seen = seen + OLD if denied else max(seen, DIMLY)
        return score + seen, (*reasons, f"seen {seen:+.1f}", *claim.sight.reasons)
    return (score + UNSEEN, (*reasons, f"not seen on the page {UNSEEN:+.1f}")) if shown else (score, tuple(reasons))


def _equal(one: Amount, other: Amount) -> bool:
    known = bool(one.currency and other.currency)
    return abs(one.amount - other.amount) < ROUNDING and not (known and one.currency != other.currency)


def same(one: Amount, other: Amount) -> bool:
    """Whether two amounts agree: equal, nearer than a hundredth, or one the other rounded to whole units."""
    if one.currency and other.currency and one.currency != other.currency:
        return False
    if _equal(one, other):
        return True
    whole, exact = sorted((one.amount, other.amount), key=lambda amount: amount != amount.to_integral_value())
    return exact != exact.to_integral_value() and whole == exact.quantize(Decimal(1), ROUND_HALF_UP)
