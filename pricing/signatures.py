"""Price errors that give themselves away by their ratio or difference to the price before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TOLERANCE = 0.01
# Changes smaller than this (as a logarithm) are ordinary.
ORDINARY = 0.12
PACKS = (2, 3, 4, 6, 12)
RATIOS: tuple[tuple[str, float], ...] = (
    *((f"ratio 10^{k}", 10.0**k) for k in (1, 2, 3, 4, -1, -2, -3, -4)),
    *((f"price of a pack of {n}", float(n)) for n in PACKS),
    *((f"price of one in a pack of {n}", 1 / n) for n in PACKS),
    ("instalment of 24", 1 / 24),
)


def signature(price: Ints, reference: Floats, vat: Floats, delivery: Ints, known: Bools) -> NDArray[np.object_]:
    """The name of the error that `price` looks like against `reference`, or "", one per row.

    `vat` is a share, `delivery` in minor units (0 unknown). Inside ordinary changes VAT and delivery are
    tested only where `known`: the reference is the listing's own last price and not the market's.
    """
    found = np.full(price.shape, "", dtype=object)
    with np.errstate(divide="ignore", invalid="ignore"):
        jump = np.log(price / reference)
    large = np.abs(jump) >= ORDINARY
    for name, ratio in RATIOS:
        found[large & (found == "") & _near(jump, np.log(ratio), np.log1p(TOLERANCE))] = name
    tested = (large | known) & (found == "") & (price != reference)
    # A small rate would otherwise swallow all ordinary changes.
    slack = np.log1p(np.minimum(TOLERANCE, vat / 20))
    taxed = tested & (vat > 0)
    found[taxed & _near(jump, -np.log1p(vat), slack)] = "price without VAT"
    found[taxed & _near(jump, np.log1p(vat), slack)] = "VAT added twice"
    found[tested & (delivery > 0) & (np.abs(price - reference) == delivery)] = "differs by the delivery fee"
    return found


def _near(jump: Floats, wanted: Floats | float, slack: Floats | float) -> Bools:
    return np.asarray(np.abs(jump - wanted) <= slack, dtype=np.bool_)
