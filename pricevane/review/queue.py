"""The review queue: which listings a person is asked about, in which order, and what is shown of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import fmean
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, select

from pricevane.model import Money
from pricevane.review.differences import Piece, differences
from pricevane.storage.history import AnyRow, chunks
from pricevane.storage.matches import pairs_query, waiting
from pricevane.storage.tables import Listing, Match, Site

SOLD_WITHIN = timedelta(days=28)
SHOWN = 3
LONGEST = 400
EXACT = ("name", "brand", "gtin", "mpn", "pack", "attributes")
COMPARED = (*EXACT, "category", "price")
METHODS = {
    "gtin": "the GTIN is the same",
    "mpn": "brand and MPN are the same",
    "sku": "the article number is the same",
    "text": "their texts are alike",
    "manual": "a person decided on it before",
}
VETOES = {"accessory": "one of the two is an accessory", "bundle": "one of the two is a bundle"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two goods as a person compares them; texts as found, at most LONGEST characters but for addresses."""

    name: str
    brand: str
    gtin: str
    mpn: str
    sku: str
    category: str
    pack: str
    attributes: str
    url: str
    image: str
    price: Money | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A product of ours that the listing may be.

    `score` is the chance that it is, `factor` how many of our packs the listing holds where that is known,
    `revenue_minor` what the product sold within SOLD_WITHIN, `already` the names of the site's other listings that
    are confirmed as the product.
    """

    match_id: int
    product_id: int
    ours: Side
    state: str
    method: str
    score: float
    veto: str
    flag: str
    factor: float | None
    comparable: bool
    revenue_minor: int
    evidence: Mapping[str, Any]
    already: tuple[str, ...] = ()

    @property
    def difference(self) -> str:
        """The veto in plain words, "" where there is none."""
        return self.veto and VETOES.get(self.veto, f"differs in {self.veto}")

    @property
    def reason(self) -> str:
        """Why a person is asked, in plain words."""
        return "; ".join(filter(None, (self.flag, self.difference, METHODS.get(self.method, self.method))))

    @property
    def holds(self) -> str:
        """The factor in words, "" where none is known."""
        if self.factor is None:
            return ""
        return f"holds {self.factor:.3g} of ours" if self.factor >= 1 else f"ours holds {1 / self.factor:.3g} of it"


@dataclass(frozen=True, slots=True)
class Question:
    """One listing with its waiting pairs, best first; `value` is what an answer is worth (see `value_of_answer`)."""

    listing_id: int
    site: str
    theirs: Side
    pairs: tuple[Pair, ...]
    value: float

    @property
    def shown(self) -> tuple[Pair, ...]:
        """The pairs that are put before a person at once."""
        return self.pairs[:SHOWN]


@dataclass(frozen=True, slots=True)
class Line:
    """One property side by side, in pieces that say what differs."""

    label: str
    theirs: tuple[Piece, ...]
    ours: tuple[Piece, ...]


def value_of_answer(score: float, revenue: float, mean: float, flagged: bool = False) -> float:
    """What an answer is worth: 4p(1-p), which is 1 at p = 1/2 and 0 where we are sure, times 1 + revenue / mean.

    `revenue` is that of the best pair's product and `mean` the queue's, in one currency. A flag contradicts the score
    that the pair was confirmed by, so that a flagged one counts as wholly uncertain.
    """
    uncertainty = 1.0 if flagged else 4 * score * (1 - score)
    return uncertainty * (1 + (revenue / mean if mean > 0 else 0.0))


def queue(connection: Connection, as_of: datetime, site: str | None = None, limit: int | None = None) -> list[Question]:
    """What waits for a person, the most valuable answer first, flagged ones first among equals."""
    query = pairs_query((as_of - SOLD_WITHIN).date()).where(waiting())
    if site is not None:
        query = query.where(Site.name == site)
    rows = groupby(connection.execute(query), key=lambda row: row.listing_id)
    listings = [sorted(pairs, key=lambda pair: (not pair.flag, -pair.score)) for _, pairs in rows]
    means = _mean_revenues([pairs[0] for pairs in listings])
    ranked = sorted(listings, key=lambda pairs: _rank(pairs[0], means))[:limit]
    already = _confirmed(connection, {pair.product_id for pairs in ranked for pair in pairs[:SHOWN]})
    return [_question(pairs, -_rank(pairs[0], means)[0], already) for pairs in ranked]


def _mean_revenues(best: Sequence[AnyRow]) -> dict[str, float]:
    """The mean revenue of the best pairs by currency."""
    found: dict[str, list[int]] = {}
    for pair in best:
        found.setdefault(pair.product_currency, []).append(pair.product_revenue_minor)
    return {currency: fmean(amounts) for currency, amounts in found.items()}


def _rank(best: AnyRow, means: Mapping[str, float]) -> tuple[float, bool, int]:
    mean = means[best.product_currency]
    value = value_of_answer(best.score, best.product_revenue_minor, mean, bool(best.flag))
    return -value, not best.flag, best.listing_id


def _confirmed(connection: Connection, product_ids: Iterable[int]) -> dict[tuple[str, int], dict[int, str]]:
    """(site, product) -> id and name of the listings that are confirmed as it."""
    found: dict[tuple[str, int], dict[int, str]] = {}
    query = (
        select(Site.name.label("site"), Match.product_id, Match.listing_id, Listing.name)
        .join(Listing, Listing.id == Match.listing_id)
        .join(Site, Site.id == Listing.site_id)
        .where(Match.state == "confirmed")
        .order_by(Match.listing_id)
    )
    for part in chunks(sorted(product_ids)):
        for row in connection.execute(query.where(Match.product_id.in_(part))):
            found.setdefault((row.site, row.product_id), {})[row.listing_id] = row.name[:LONGEST]
    return found


def _question(rows: Sequence[AnyRow], value: float, already: Mapping[tuple[str, int], Mapping[int, str]]) -> Question:
    first = rows[0]
    pairs = []
    for row in rows:
        others = already.get((row.site, row.product_id), {})
        pairs.append(pair_of(row, tuple(name for key, name in others.items() if key != row.listing_id)))
    return Question(first.listing_id, first.site, theirs_of(first), tuple(pairs), value)


def pair_of(row: AnyRow, already: tuple[str, ...] = ()) -> Pair:
    """A row of `pairs_query` as a pair."""
    kept = ("match_id", "product_id", "state", "method", "score", "veto", "flag", "factor", "comparable")
    told = {name: getattr(row, name) for name in kept}
    told |= {"evidence": row.evidence, "revenue_minor": row.product_revenue_minor}
    return Pair(**told, ours=_side(row, "product"), already=already)


def theirs_of(row: AnyRow) -> Side:
    """The listing's side of a row of `pairs_query`."""
    return _side(row, "listing")


def _side(row: AnyRow, whose: str) -> Side:
    def text(name: str) -> str:
        return normalize("NFC", str(getattr(row, f"{whose}_{name}", None) or "")[:LONGEST])

    minor, currency = getattr(row, f"{whose}_price_minor"), getattr(row, f"{whose}_currency")
    attributes = getattr(row, f"{whose}_attributes", None) or {}
    return Side(
        **{name: text(name) for name in ("name", "brand", "gtin", "mpn", "sku", "category", "pack")},
        **{name: str(getattr(row, f"{whose}_{name}", "")) for name in ("url", "image")},
        attributes=", ".join(f"{name} {value}" for name, value in attributes.items())[:LONGEST],
        price=None if minor is None else Money.from_minor(minor, currency),
    )


def price_ratio(theirs: Side, ours: Side) -> float | None:
    """Their price over ours; None where one is unknown or the currencies differ."""
    if theirs.price is None or ours.price is None or theirs.price.currency != ours.price.currency:
        return None
    return float(theirs.price.amount / ours.price.amount) if ours.price.amount else None


def side_by_side(theirs: Side, ours: Side) -> list[Line]:
    """The two goods property by property, those that neither side tells left out.

    What differs is marked where both tell and shops tell alike; categories and prices differ always.
    """
    lines = []
    for label in COMPARED:
        one, other = (str(getattr(side, label) or "") for side in (theirs, ours))
        if label in EXACT and one and other:
            lines.append(Line(label, *differences(one, other)))
        elif one or other:
            lines.append(Line(label, (Piece(one, True),), (Piece(other, True),)))
    return lines
