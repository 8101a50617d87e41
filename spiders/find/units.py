"""The pages that a crawl may ask for again, and the listings whose prices they show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spiders.find.rates import Rate

GREATEST_DAYS = 60.0
# Of listings that our products are matched to, and of those whose prices shoppers know.
MATCHED_DAYS, KEY_VALUE_DAYS = 30.0, 7.0
UNSOLD, KEY_VALUE = 0.1, 3.0


@dataclass(frozen=True, slots=True)
class Member:
    """A listing whose price a unit shows.

    `importance` is relative to the mean listing's (see `importance`); `seen_at` is when its price was last read, on
    whichever page, None for never; `chance` is that of a change by the best signal that has fired since
    (`Signal.chance`), 0 for none. It never goes without a visit for longer than `greatest_days`, its tier's.
    """

    key: str
    rate: Rate
    importance: float = 1.0
    seen_at: datetime | None = None
    chance: float = 0.0
    greatest_days: float = GREATEST_DAYS


@dataclass(frozen=True, slots=True)
class Unit:
    """A page to ask for: one listing's own, or a category page or feed that shows many; `cost` is in requests."""

    url: str
    members: tuple[Member, ...]
    cost: float = 1.0


def importance(revenue_minor: int, mean_revenue_minor: int, is_key_value_item: bool) -> float:
    """A listing's weight from the revenue of our product that it is matched to, both over the same time."""
    relative = revenue_minor / mean_revenue_minor if mean_revenue_minor > 0 else 1.0
    return max(relative, UNSOLD) * (KEY_VALUE if is_key_value_item else 1.0)


def greatest_days(is_key_value_item: bool, is_matched: bool) -> float:
    """The greatest interval of a listing's tier, in days."""
    if is_key_value_item:
        return KEY_VALUE_DAYS
    return MATCHED_DAYS if is_matched else GREATEST_DAYS
