"""The layers of a page and what a shopper sees of it, weighed into one price for each variant, with a confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Any

from pricevane.model import Availability, Candidate, PriceKind
from spiders.read import dom
from spiders.read.claims import PLAIN_SIGHT, SEEN, UNSEEN, Claim, claims_of, same, score_of
from spiders.read.document import Document
from spiders.read.labels import Role
from spiders.read.money import Amount
from spiders.read.reading import Reading
from spiders.read.text import clean
from spiders.read.variants import amount_of
from spiders.read.visible import Sight, View

WORST_GUESS = 0.8
# Confidence = logistic(BASE + SCORE * score + MARGIN * lead over the next amount + AGAINST * layers against it
# + UNSUPPORTED where all that names it doubts itself or is hidden + UNSHOWN where the page shows other amounts
# that may be the price, and not this one). Fitted on real and made pages and on copies that go wrong as shops do
# (`python -m benchmarks.confidence --fit`), but for AGAINST and UNSUPPORTED, which are set to abstain.
BASE, SCORE, MARGIN, UNSUPPORTED, UNSHOWN = 1.62, 0.48, 0.4, -3.0, -3.93
# Against an amount that only the page shows, against one that data name too; a site's own selectors are believed.
AGAINST_SIGHT, AGAINST = -3.5, -2.0
WIDEST_MARGIN = 4.0
SURE = 0.88
# What an amount above, and one below the price may be for without contradicting it.
_HIGHER = frozenset([Role.SHIPPING, Role.OTHER, Role.USED])
_LOWER = frozenset([Role.EX_TAX, Role.MEMBER, Role.COUPON, Role.UNIT, Role.INSTALMENT, Role.SAVING, Role.SHIPPING])
_LOWER |= {Role.OTHER, Role.USED}
_SHARED_FIELDS = ("name", "brand", "image", "category", "currency")
_OWN_FIELDS: tuple[str, ...] = ("gtin", "mpn", "sku", "condition", "regular_price", "seller", "availability")
_OWN_FIELDS += ("shipping", "stock", "promotion", "promotion_ends", "unit_price", "unit", "pack", "attributes")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One variant's reading, its amount, who agrees and who does not, and how sure that makes it (0..1)."""

    reading: Reading
    amount: Amount | None
    agreeing: tuple[Reading, ...] = ()
    against: tuple[Reading, ...] = ()
    confidence: float = 0.0
    availability: Availability | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """The verdicts, the page's own variant first, every amount that was considered, best first, and the one seen."""

    verdicts: tuple[Verdict, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    sight: Sight | None = None

    @property
    def is_sure(self) -> bool:
        """Whether every verdict is clear enough to be priced on."""
        return bool(self.verdicts) and all(one.confidence >= SURE for one in self.verdicts)


def weigh(layers: Sequence[list[Reading]], sights: Sequence[Sight], view: View, page: Document) -> Weighed:
    """`layers` lead from the most to the least trusted; `sights` are the view's, judged, best first."""
    told = [readings for readings in layers if readings]
    lead = next((readings for readings in told if any(one.price for one in readings)), told[0] if told else [])
    if len(lead) > 1:
        return _variants(lead, [readings for readings in told if readings is not lead], sights[:SEEN], view, page)
    claims = claims_of(told, sights, page)
    base = lead[0] if lead else None
    if not claims or (claims[0].score < WORST_GUESS and not claims[0].readings):
        verdict = [Verdict(_filled(base, [one for one in told if one is not lead], True), None)] if base else []
        return Weighed(tuple(verdict))
    return Weighed((_verdict(claims, base, told, view, page),), _candidates(claims), claims[0].sight)


def _verdict(
    claims: list[Claim],
    base: Reading | None,
    told: Sequence[list[Reading]],
    view: View,
    page: Document,
) -> Verdict:
    best = claims[0]
    seen = dom.reading(best.sight, view) if best.sight else None
    chosen = best.readings[0] if best.readings else seen
    assert chosen is not None  # noqa: S101
    others = [one for one in told if chosen not in one]
    if seen and seen is not chosen:
        others.append([seen])
    full = _filled(chosen, [[base], *others] if base and base is not chosen else others, True)
    agreeing = [one for one in best.readings if one.layer != chosen.layer] + ([seen] if seen and best.readings else [])
    against = [one for claim in claims[1:] for one in claim.readings if not _explained(claim, best)]
    amount = _agreed(best, claims, page)
    return Verdict(full, amount, tuple(agreeing), tuple(against), _confidence(claims, len(against)))


def _explained(claim: Claim, best: Claim) -> bool:
    """Whether the page shows an amount as something else than the price: its old or net price, one for members."""
    sight = claim.sight
    if sight is None or best.sight is None:
        return False
    if claim.amount.amount > best.amount.amount:
        return sight.is_old or bool(_HIGHER & sight.roles)
    return bool(_LOWER & sight.roles) and not _LOWER & best.sight.roles


def _is_pair(reading: Reading, low: Claim, claims: Sequence[Claim], page: Document) -> bool:
    """Whether a range is the page's price and its old price, which a layer took for two offers."""
    high = amount_of(reading, page, reading.regular_price)
    return bool(high) and any(same(one.amount, high) and _explained(one, low) for one in claims if high)


def _agreed(claim: Claim, claims: Sequence[Claim], page: Document) -> Amount:
    """The amount with what the visible text knows better: its currency, and that it is one price and no range."""
    amount, sight = claim.amount, claim.sight
    if sight and not amount.currency:
        amount = replace(amount, currency=sight.amount.currency)
    if sight and amount.kind is PriceKind.FROM and sight.amount.kind is PriceKind.STANDARD:
        ranges = [one for one in claim.readings if one.kind is PriceKind.FROM]
        if Role.FROM not in sight.roles and all(_is_pair(one, claim, claims, page) for one in ranges):
            amount = replace(amount, kind=PriceKind.STANDARD)
    return amount


def _confidence(claims: list[Claim], against: int) -> float:
    best = claims[0]
    rival = next((claim.score for claim in claims[1:] if not _explained(claim, best)), -WIDEST_MARGIN)
    margin = min(best.score - rival, WIDEST_MARGIN)
    seen = best.sight is not None and best.sight.score > PLAIN_SIGHT
    doubted = not seen and bool(best.readings) and all(one.doubts for one in best.readings)
    unsupported = doubted or (not best.readings and best.sight is not None and best.sight.is_hidden)
    unshown = best.sight is None and any(_might_be(claim) for claim in claims[1:])
    told = {one.layer for one in best.readings}
    weight = 0 if "selectors" in told else AGAINST if told else AGAINST_SIGHT
    odds = BASE + SCORE * best.score + MARGIN * margin + weight * min(against, 2)
    odds += UNSUPPORTED * unsupported + UNSHOWN * unshown
    return _logistic(odds)


def _logistic(odds: float) -> float:
    """Log-odds as a share, to three digits."""
    return round(1 / (1 + exp(-odds)), 3)


def _might_be(claim: Claim) -> bool:
    """Whether a shopper may take an amount for the price, whatever its score."""
    sight = claim.sight
    return bool(sight and sight.has_currency and not sight.is_tile and not (_LOWER | _HIGHER) & sight.roles)


def _candidates(claims: list[Claim]) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            claim.amount.amount,
            claim.amount.currency,
            clean(claim.amount.raw),
            clean(claim.readings[0].path) if claim.readings else "",
            tuple(dict.fromkeys([*(one.layer for one in claim.readings), *(["dom"] if claim.sight else [])])),
            round(claim.score, 2),
            claim.reasons,
            claim is claims[0],
        )
        for claim in claims
    )


def _variants(
    lead: list[Reading],
    others: Sequence[list[Reading]],
    sights: Sequence[Sight],
    view: View,
    page: Document,
) -> Weighed:
    """Each variant's own price; the page shows one of them, which vouches for the layer."""
    full = [_filled(one, others, alone=False) for one in lead]
    amounts = [amount_of(one, page) for one in full]
    top = next((sight for sight in sights if sight.score > PLAIN_SIGHT), None)
    shown = [dom.reading(top, view)] if top else []
    known = [amount for amount in amounts if amount]
    vouched = bool(top and any(same(top.amount, amount) for amount in known))
    found = []
    for one, amount in zip(full, amounts, strict=True):
        agreeing, against = _beside(one, amount, known, others, page)
        seen, denied = (shown, []) if vouched else ([], shown)
        claim = Claim(amount, [one, *agreeing]) if amount else None
        score = score_of(claim, shown=False)[0] + (2.0 if vouched else UNSEEN if denied else 0) if claim else 0.0
        odds = BASE + SCORE * score + MARGIN * WIDEST_MARGIN + AGAINST * 2 * len([*against, *denied])
        confidence = _logistic(odds) if amount else 0.0
        found.append(Verdict(one, amount, (*agreeing, *seen), (*against, *denied), confidence))
    own = [one for one in found if page.is_here(one.reading.url)]
    like = [one for one in found if top and one.amount and same(one.amount, top.amount)]
    first = next(iter([one for one in own if one in like] or (own if len(own) == 1 else []) or like or own), found[0])
    return Weighed((first, *(one for one in found if one is not first)), (), top if vouched else None)


def _filled(reading: Reading, others: Sequence[list[Reading]], alone: bool) -> Reading:
    """The reading with what it lacks taken from layers that speak of one thing."""
    singles = [readings[0] for readings in others if len(readings) == 1]
    fields = (*_SHARED_FIELDS, *(_OWN_FIELDS if alone else ()))
    found: dict[str, Any] = {}
    for field in fields:
        if not getattr(reading, field) and (values := [value for one in singles if (value := getattr(one, field))]):
            found[field] = values[0]
    return replace(reading, **found)


def _beside(
    reading: Reading,
    amount: Amount | None,
    siblings: Sequence[Amount],
    others: Sequence[list[Reading]],
    page: Document,
) -> tuple[list[Reading], list[Reading]]:
    """Of the other layers, the readings at a variant's price, and those at a price that no variant has."""
    agreeing, against = [], []
    for priced in _priced(reading, others, page) if amount else ():
        match = next((one for one, found in priced if amount and same(found, amount)), None)
        if match:
            agreeing.append(match)
        elif not any(same(found, sibling) for _, found in priced for sibling in siblings):
            against.append(priced[0][0])
    return agreeing, against


def _priced(
    reading: Reading, others: Sequence[list[Reading]], page: Document
) -> Iterator[list[tuple[Reading, Amount]]]:
    """The readings with an amount of each other layer that has any; the variant's own where its sku is named."""
    for readings in others:
        own = [one for one in readings if one.sku and one.sku == reading.sku] or readings
        known = [one if one.currency else replace(one, currency=reading.currency) for one in own]
        if priced := [(one, amount) for one in known if (amount := amount_of(one, page))]:
            yield priced
