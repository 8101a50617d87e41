"""Shop-like prices, article numbers and repeatable chance."""

from __future__ import annotations

import zlib
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import numpy as np

CENT = Decimal("0.01")
ENDINGS = tuple(map(Decimal, ("0.49", "0.90", "0.95", "0.99")))


def chance(seed: int, *subject: str) -> np.random.Generator:
    """A generator of its own for one subject, so that no draw depends on what else is drawn."""
    return np.random.default_rng([seed, *(zlib.crc32(part.encode()) for part in subject)])


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to cents."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def times(amount: Decimal, factor: float) -> Decimal:
    """An exact amount times a drawn factor, in cents."""
    return cents(amount * Decimal(f"{factor:.6f}"))


def shop_price(amount: Decimal) -> Decimal:
    """The nearest price that ends as shops end them (.49 .90 .95 .99)."""
    whole = amount.to_integral_value(ROUND_FLOOR)
    prices = [euros + ending for euros in (whole - 1, whole, whole + 1) for ending in ENDINGS]
    return min((price for price in prices if price > 0), key=lambda price: abs(price - amount))


def gtin13(company: int, article: int) -> str:
    """A GTIN-13 of a seven-digit company prefix and an article number below 100,000 (GS1 check digit)."""
    body = f"{company:07d}{article:05d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"
