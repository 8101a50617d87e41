"""Structured and visible answers about availability, weighed against each other."""

from __future__ import annotations

from pricevane.model import Availability
from spiders.read.stock import Stock

# What the page says in words or by its buy button is kept up by the shop's own logic; markup goes stale, and classes
# and buttons that wait for a choice or a script may belong to a size not chosen yet.
_PLAIN = ("stock:notice", "stock:button", "stock:disabled", "stock:waiting", "stock:around")


def settle(structured: Availability, seen: Stock | None) -> Availability:
    """Plain words and the buy button first, then structured data, then what else is visible; never a default."""
    if seen and seen.path.startswith(_PLAIN):
        return seen.availability
    if structured is not Availability.UNKNOWN:
        return structured
    return seen.availability if seen else Availability.UNKNOWN
