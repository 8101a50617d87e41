"""What the rules ask for: which rivals count, the price they point at, and the target made of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from pricing.market import one_a_site, summary
from pricing.money import rounded, to_minor, whole, with_vat
from pricing.settings import Rule

UNAVAILABLE = ("out_of_stock", "discontinued", "backorder", "preorder")
REFERENCES = {
    "lowest": "lowest_minor",
    "highest": "highest_minor",
    "average": "average_minor",
    "median": "median_minor",
    "named": "lowest_minor",
}
ROUNDING = {"beat": ROUND_FLOOR, "stay_above": ROUND_CEILING}


def fitting(products: pd.DataFrame, rules: Sequence[Rule]) -> pd.Series[int]:
    """The position of the first rule that fits each product (-1 none), by the products' index."""
    found = pd.Series(-1, products.index)
    for position, rule in enumerate(rules):
        fits = found.eq(-1)
        if rule.categories:
            fits &= products["category"].isin(list(rule.categories))
        if rule.key_value_items is not None:
            fits &= products["key_value_item"].eq(rule.key_value_items)
        found = found.mask(fits, position)
    return found


def chosen(products: pd.DataFrame, accepted: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """The prices that each product's rule looks at, key listing_id: the cheapest of each (product_id, site).

    `accepted` is what `market.eligible` made. Prices that were seen only once count in the market, but no
    price of ours is set by them.
    """
    position = accepted["product_id"].map(fitting(products, rules).set_axis(products["product_id"]))
    kept = accepted["left_out"].eq("") & ~accepted["single"] & position.ge(0)
    for number, rule in enumerate(rules):
        ruled = position.eq(number)
        if rule.rivals:
            kept &= ~ruled | accepted["site"].isin(list(rule.rivals))
        if rule.in_stock_only:
            kept &= ~ruled | ~accepted["availability"].isin(UNAVAILABLE)
    return one_a_site(accepted[kept])


def targets(products: pd.DataFrame, market: pd.DataFrame, rivals: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """What the first fitting rule asks for, key product_id (products that a rule other than hold fits).

    rule, action, reference (words), rivals (how many count), lowest_minor … median_minor of those,
    own_minor, reference_minor and target_minor (gross minor units, Int64), and blocked: why there is no
    target ("" if there is one). A target against the rule's direction is our own price. `rivals` is what
    `chosen` made.
    """
    wanted = products.assign(position=fitting(products, rules))
    wanted = wanted[wanted["position"].map(lambda at: at >= 0 and rules[at].action != "hold").astype(bool)]
    wanted = wanted.merge(market[["product_id", "own_minor"]], on="product_id", how="left", validate="one_to_one")
    wanted = wanted.merge(summary(rivals), on="product_id", how="left", validate="one_to_one")
    wanted["rivals"] = wanted["rivals"].fillna(0).astype("int64")
    made = pd.DataFrame(
        [_target(row, rules[row["position"]]) for row in wanted.astype(object).to_dict("records")],
        columns=["rule", "action", "reference", "reference_minor", "target_minor", "blocked"],
        index=wanted.index,
    )
    figures = ["lowest_minor", "highest_minor", "average_minor", "median_minor"]
    made = pd.concat([wanted[["product_id", "own_minor", "rivals", *figures]], made], axis=1)
    amounts = [*figures, "reference_minor", "target_minor"]
    made[amounts] = made[amounts].astype("Int64")
    return made


def _target(row: dict[Any, Any], rule: Rule) -> tuple[object, ...]:
    reference = _reference(row, rule)
    named = (rule.name, rule.action, rule.reference)
    if isinstance(reference, str):
        return (*named, None, None, reference)
    target = rounded(_aimed(reference, rule, row["currency"]), ROUNDING.get(rule.action, ROUND_HALF_UP))
    own = whole(row["own_minor"])
    if own is not None and ((rule.direction == "up" and target < own) or (rule.direction == "down" and target > own)):
        target = own
    return (*named, rounded(reference), target, "")


def _reference(row: dict[Any, Any], rule: Rule) -> Decimal | str:
    """The reference price in minor units, or why there is none."""
    if row["rivals"] < rule.min_rivals:
        return f"fewer than {rule.min_rivals} comparable rivals" if rule.min_rivals > 1 else "no comparable rival"
    if rule.reference == "rrp":
        rrp = whole(row["rrp_minor"])
        return Decimal(rrp) if rrp else "RRP is missing"
    if rule.reference == "cost":
        cost = whole(row["landed_cost_minor"]) or whole(row["cost_minor"])
        return with_vat(cost, row["vat_bp"]) if cost else "cost is missing"
    return Decimal(int(row[REFERENCES[rule.reference]]))


def _aimed(reference: Decimal, rule: Rule, currency: str) -> Decimal:
    """The target in minor units, unrounded."""
    share, amount = rule.by_pct / 100, to_minor(rule.by_amount, currency)
    match rule.action:
        case "beat":
            return reference * (1 - share) - amount
        case "stay_above":
            return reference * (1 + share) + amount
        case "index":
            return reference * rule.index / 100
    return reference
