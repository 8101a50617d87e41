"""The four rival shops and which goods each of them lists, under which name, address and price level."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from pricevane.market.nouns import Good, Listing, Shop
from pricevane.market.numbers import chance

VAT = Decimal("0.20")
NOISE = 0.025
WIDEST = 0.12
GTIN_HIDDEN_SHARE = 0.15
MPN_HIDDEN_SHARE = 0.15
FOREIGN_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Rival:
    """A shop with its habits: price level against the base, share of our range it lists (at most `most`), wording."""

    shop: Shop
    level: float
    share: float
    most: int
    path: str
    name: str


def _shop(name: str, competitor: str, country: str, language: str, render: str = "http") -> Shop:
    return Shop(name, competitor, country, "EUR", language, render, VAT, tax_included=True)


RIVALS = (
    Rival(
        shop=_shop("north", "North Star Retail", "GB", "en"),
        level=-0.02,
        share=0.80,
        most=100_000,
        path="/products/{slug}-{number}",
        name="{brand} {series} {kind} {variant}",
    ),
    Rival(
        shop=_shop("boutique", "La Belle Boutique", "FR", "fr"),
        level=0.035,
        share=0.72,
        most=100_000,
        path="/fr/p/{number}-{slug}.html",
        name="{kind} {brand} {series} {variant}",
    ),
    Rival(
        shop=_shop("plainshop", "Schlicht Handel", "AT", "de"),
        level=0.01,
        share=0.64,
        most=100_000,
        path="/artikel/{slug}-{number}.html",
        name="{brand} {kind} {series}, {variant}",
    ),
    Rival(
        shop=_shop("scriptshop", "Script & Sons", "GB", "en", render="auto"),
        level=-0.04,
        share=0.15,
        most=24,
        path="/item/{number}",
        name="{brand} {series} {kind} ({variant})",
    ),
)


def slug(name: str) -> str:
    """An address part of lower-case ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def listings(seed: int, rival: Rival, goods: Sequence[Good]) -> tuple[Listing, ...]:
    """The rival's listings in the order of his own article numbers."""
    ours = [good for good in goods if good.sku]
    foreign = [good for good in goods if not good.sku]
    size = min(round(len(ours) * rival.share), rival.most)
    chosen = _some(seed, rival, ours, size) + _some(seed, rival, foreign, max(2, round(size * FOREIGN_SHARE)))
    numbers = count(1000, 7)
    chosen = _some(seed, rival, chosen, len(chosen))
    return tuple(_listing(seed, rival, good, number) for good, number in zip(chosen, numbers, strict=False))


def _some(seed: int, rival: Rival, goods: list[Good], size: int) -> list[Good]:
    places = chance(seed, rival.shop.name, "range").permutation(len(goods))
    return [goods[place] for place in places[:size]]


def _listing(seed: int, rival: Rival, good: Good, number: int) -> Listing:
    rng = chance(seed, rival.shop.name, good.mpn)
    hidden = rng.random()
    name = good.name(rival.name, rival.shop.language)
    return Listing(
        shop=rival.shop,
        number=number,
        path=rival.path.format(slug=slug(name), number=number),
        name=name,
        gtin="" if hidden < GTIN_HIDDEN_SHARE else good.gtin,
        mpn="" if hidden > 1 - MPN_HIDDEN_SHARE else good.mpn,
        good=good,
        level=1 + min(max(rival.level + rng.normal(0, NOISE), -WIDEST), WIDEST),
    )
