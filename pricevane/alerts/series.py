"""One shop's prices over time, as a chart draws them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Series:
    """One shop's shelf prices in time order, in one currency; a price holds until the next point."""

    name: str
    points: tuple[tuple[datetime, Decimal], ...]
    own: bool
