"""Integer minor units: exact rounding, and how amounts are written in sentences."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

# ISO 4217 exponents that differ from two decimals.
EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
ONE = 10_000  # basis points


def exponent(currency: str) -> int:
    """How many decimals a currency has."""
    return EXPONENTS.get(currency, 2)


def exact(share: float | Decimal) -> Decimal:
    """A setting as the decimal that was written, not as its binary neighbour."""
    return Decimal(str(share))


def rounded(amount: Decimal, rounding: str = ROUND_HALF_UP) -> int:
    """To whole minor units, half up unless told otherwise."""
    return int(amount.to_integral_value(rounding))


def to_minor(amount: Decimal, currency: str) -> int:
    """Major to minor units, half up."""
    return rounded(amount.scaleb(exponent(currency)))


def major(minor: int, currency: str) -> Decimal:
    """Minor to major units."""
    return Decimal(minor).scaleb(-exponent(currency))


def plain(minor: int, currency: str) -> str:
    """Like `24.90`, without the currency."""
    return f"{major(minor, currency):.{exponent(currency)}f}"


def written(minor: int, currency: str) -> str:
    """Like `24.90 EUR`."""
    return f"{plain(minor, currency)} {currency}"


def with_vat(net_minor: int, vat_bp: int) -> Decimal:
    """A net amount plus VAT, unrounded."""
    return Decimal(net_minor) * (ONE + vat_bp) / ONE


def net(gross_minor: int, vat_bp: int) -> Decimal:
    """A shelf price without its VAT, unrounded."""
    return Decimal(gross_minor) * ONE / (ONE + vat_bp)


def whole(value: Any) -> int | None:
    """A cell of a nullable integer column."""
    return None if pd.isna(value) else int(value)
