"""All goods of the simulated market, ours and those that only rivals carry, made from assortment.toml."""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from pricevane.market.nouns import Good
from pricevane.market.numbers import chance, gtin13, shop_price, times

ASSORTMENT: dict[str, Any] = tomllib.loads(Path(__file__).with_name("assortment.toml").read_text(encoding="utf-8"))
LOWEST, HIGHEST = Decimal("2.49"), Decimal("1499.99")
FAMILY_EVERY = 7
EDITION_EVERY = 31
FOREIGN_SHARE = 0.1


def goods(seed: int, products: int) -> tuple[Good, ...]:
    """`products` goods with a sku of ours and a tenth as many without one."""
    foreign = max(1, round(products * FOREIGN_SHARE))
    total = products + foreign
    made = list(islice(_goods(seed), total))
    not_ours = set(chance(seed, "foreign").choice(total, foreign, replace=False).tolist())
    ours = count(1)
    return tuple(
        good if place in not_ours else replace(good, sku=f"PV-{next(ours):05d}") for place, good in enumerate(made)
    )


def _goods(seed: int) -> Iterator[Good]:
    numbers = count(1)
    for model in count():
        for variant in _model(seed, model):
            number = next(numbers)
            yield replace(variant, number=number, gtin=gtin13(_company(variant.brand), number))


def _model(seed: int, model: int) -> Iterator[Good]:
    categories = ASSORTMENT["categories"]
    category = categories[model % len(categories)]
    brand, series, kind = _design(category, model // len(categories))
    rng = chance(seed, "model", str(model))
    base = Decimal(f"{np.exp(rng.uniform(np.log(kind['low']), np.log(kind['high']))):.2f}")
    stem = f"{_initials(brand)}{rng.integers(10, 100)}{model:03d}"
    values = _values(ASSORTMENT["axes"][kind["axis"]], model, rng)
    for value in values:
        yield Good(
            number=0,
            sku="",
            gtin="",
            brand=brand,
            mpn=f"{stem}-{value['code']}",
            series=series,
            kind={language: kind[language] for language in ("en", "fr", "de")},
            variant={language: value[language] for language in ("en", "fr", "de")},
            edition=_edition(model),
            family=f"F{model:04d}" if len(values) > 1 else "",
            category=category["name"],
            elasticity=category["elasticity"],
            base=min(max(shop_price(times(base, value["factor"])), LOWEST), HIGHEST),
        )


def _design(category: dict[str, Any], turn: int) -> tuple[str, str, dict[str, Any]]:
    """The turn-th combination of brand, series and kind; when all are used, series get a number."""
    turn, kind = divmod(turn, len(category["kinds"]))
    turn, series = divmod(turn, len(category["series"]))
    generation, brand = divmod(turn, len(category["brands"]))
    mark = f" {generation + 1}" if generation else ""
    brand = (brand + kind + series) % len(category["brands"])
    return category["brands"][brand], category["series"][series] + mark, category["kinds"][kind]


def _values(axis: list[dict[str, Any]], model: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    if model % FAMILY_EVERY != FAMILY_EVERY - 1:
        return [axis[int(rng.integers(len(axis)))]]
    return axis[: int(rng.integers(2, len(axis) + 1))]


def _edition(model: int) -> str:
    place, rest = divmod(model, EDITION_EVERY)
    editions: list[str] = ASSORTMENT["editions"]
    return editions[place] if rest == 0 and place < len(editions) else ""


def _initials(brand: str) -> str:
    return re.sub(r"[^A-Z]", "", brand.upper())[:3]


def _company(brand: str) -> int:
    return 4_000_000 + zlib.crc32(brand.encode()) % 400_000
