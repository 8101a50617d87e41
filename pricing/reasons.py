"""One plain sentence that tells a manager why a price change is proposed."""

from __future__ import annotations

from typing import Any

from pricing.cases import Case
from pricing.guardrails import Clamped
from pricing.money import plain, written


def reason(case: Case, target: dict[str, Any], moves: list[dict[str, Any]], clamped: Clamped) -> str:
    """Who moved (newest move first in `moves`), where the reference stands, where we stand, what bound."""
    latest = moves[0]
    verb = "cut" if latest["to_minor"] < latest["from_minor"] else "raised"
    change = 100 * (latest["to_minor"] / latest["from_minor"] - 1)
    others = len({move["site"] for move in moves} - {latest["site"]})
    also = f" ({others} more moved)" if others else ""
    said = (
        f"{latest['site']} {verb} its price from {plain(latest['from_minor'], latest['currency'])} to "
        f"{written(latest['to_minor'], latest['currency'])} ({change:+.1f} %) on {latest['at'].day} "
        f"{latest['at']:%B}{also}; {_reference(case, target)}, you are at {written(case.own_minor, case.currency)}."
    )
    limits = [name for name, _, _ in clamped.trail if name != "endings"]
    return f"{said} Limited by: {', '.join(limits)}." if limits else said


def _reference(case: Case, target: dict[str, Any]) -> str:
    price, count = written(int(target["reference_minor"]), case.currency), int(target["rivals"])
    rivals = "1 rival" if count == 1 else f"{count} rivals"
    match target["reference"]:
        case "rrp":
            return f"the RRP is {price}"
        case "cost":
            return f"the cost with VAT is {price}"
        case "named":
            return f"the named rival is now at {price}" if count == 1 else f"the named rivals' lowest is now {price}"
        case word:
            return f"the {word} of {rivals} is now {price}"
