"""Digests to render in tests: one ordinary proposal, and whatever a test changes about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricevane.alerts.digest import Digest, Line, Rival
from pricevane.alerts.series import Series
from pricevane.model import Money

AS_OF = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
EFFECT = {
    "change_pct": -9.7,
    "margin_rate_before": 0.312,
    "margin_rate_after": 0.244,
    "break_even_volume_pct": 43.1,
    "index_before": 110.7,
    "index_after": 100.0,
    "rank_before": 4,
    "rank_after": 2,
    "units_28d": 1143,
}


def euros(amount: str) -> Money:
    """An amount in EUR."""
    return Money(Decimal(amount), "EUR")


def series(name: str, *prices: tuple[float, str], own: bool = False) -> Series:
    """Prices with how many days before AS_OF each was seen."""
    points = tuple((AS_OF - timedelta(days=days), Decimal(price)) for days, price in prices)
    return Series(name, points, own)


def rival(site: str = "rival-fr", price: str = "21.90", **changed: Any) -> Rival:
    """A rival in stock, seen two hours ago."""
    usual: dict[str, Any] = {
        "url": f"https://{site}.example/p?a=1&b=2",
        "at": AS_OF - timedelta(hours=2),
        "availability": "in_stock",
        "was": None,
    }
    return Rival(site=site, price=euros(price), **usual | changed)


def line(proposal_id: int = 17, **changed: Any) -> Line:
    """A cut from 24.90 to 22.49 EUR after a rival's move."""
    usual: dict[str, Any] = {
        "sku": "CF-0017",
        "name": "Qualità Oro whole beans 1 kg",
        "category": "Coffee",
        "current": euros("24.90"),
        "proposed": euros("22.49"),
        "rule": "match the median",
        "reason": "rival-fr cut its price from 24.90 to 21.90 EUR (-12.0 %) on 3 March.",
        "binding": "greatest change",
        "trail": (("greatest change", euros("21.90"), euros("22.41")), ("endings", euros("22.41"), euros("22.49"))),
        "rivals": (rival(was=euros("24.90")), rival("café-24", "22.80", availability="low_stock")),
        "effect": EFFECT,
        "series": (
            series("you", (90, "25.90"), (33, "24.90"), own=True),
            series("rival-fr", (50, "24.90"), (0.1, "21.90")),
            series("café-24", (60, "23.10"), (20, "22.80")),
        ),
    }
    return Line(proposal_id=proposal_id, **usual | changed)


def digest(*lines: Line, **changed: Any) -> Digest:
    """A digest of these proposals with a notice, blocked products and one crawl."""
    usual: dict[str, Any] = {
        "recipient": "anna@shop.example",
        "as_of": AS_OF,
        "time_zone": "Europe/Paris",
        "more": 0,
        "held": "",
        "blocked": {"cost is missing": 3},
        "quarantined": 5,
        "not_comparable": {"other currency": 12},
        "notices": ("café-24: 14 of its 210 listings are in quarantine today.",),
        "listings": 1240,
        "runs": ("café-24: the crawl is incomplete",),
    }
    return Digest(lines=lines, **usual | changed)
