"""From observations to proposals: the pricing stages in their order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from pricing.cases import Case, cases, own_history
from pricing.effects import at_stake, effect, units
from pricing.guardrails import Clamped, broken, clamp
from pricing.hold import hold, sites_out
from pricing.market import eligible, market
from pricing.reasons import reason
from pricing.rules import chosen, targets
from pricing.screen import Screened, screen
from pricing.settings import Guardrails, Rule

TRIGGER_DAYS = 7
PROPOSAL = [
    "product_id",
    "sku",
    "name",
    "category",
    "current_minor",
    "proposed_minor",
    "currency",
    "rule",
    "reason",
    "binding",
    "trail",
    "rivals",
    "effect",
    "score",
    "at",
    "expires_at",
]
RIVAL = [
    "listing_id",
    "site",
    "price_minor",
    "currency",
    "at",
    "url",
    "availability",
    "evidence_id",
    "moved_from_minor",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """One product's case, the target that its rule asks for, and what the guardrails made of it."""

    case: Case
    target: dict[Any, Any]
    clamped: Clamped


@dataclass(frozen=True, slots=True)
class Proposed:
    """What one pricing run found.

    proposals, key product_id, highest score first: see PROPOSAL; amounts in gross minor units, trail a list
    of [guardrail, from_minor, to_minor], rivals a list of dicts with the keys of RIVAL, effect as
    `effects.effect` says, score the money at stake in major units. blocked, key product_id: reason.
    notices: sentences about sites whose prices do not count. not_comparable: reason -> listings.
    publication "suspect" (with its reason) means that nothing of the run should be acted on before a look.
    """

    screened: Screened
    market: pd.DataFrame
    proposals: pd.DataFrame
    blocked: pd.DataFrame
    notices: tuple[str, ...]
    not_comparable: dict[str, int]
    publication: str
    reason: str


def propose(
    observations: pd.DataFrame,
    own: pd.DataFrame,
    products: pd.DataFrame,
    sales: pd.DataFrame,
    rules: Sequence[Rule],
    guardrails: Guardrails,
    as_of: datetime,
    standing: Collection[int] = (),
) -> Proposed:
    """Screen, compare, apply the rules and the guardrails; only a rival's accepted move asks for a change.

    observations, key (listing_id, at); own, key (product_id, valid_from); products, key product_id;
    sales, key (product_id, sold_on). `standing` names the products whose open proposals a person was shown in
    a published run: they do not count when this run is judged as a whole.
    """
    screened = screen(observations, own, as_of)
    out = sites_out(screened, guardrails)
    prices = eligible(screened.accepted, out, guardrails, as_of)
    now = market(prices, own, products, guardrails, as_of)
    rivals = chosen(products, prices, rules)
    moves = due(screened.moves, rivals, products, own, as_of)
    moved = products[products["product_id"].isin(moves["product_id"])]
    wanted = called_for(targets(moved, now, rivals, rules), targets(moved, now, before_moves(rivals, moves), rules))
    answers = _answers(wanted, cases(products, own, now, as_of), guardrails, as_of)
    proposals = _proposals(answers, products, rivals, moves, units(sales, as_of), guardrails, as_of)
    publication, why = hold(proposals, products, guardrails, standing)
    notices = tuple(f"Prices of {site} do not count now: {what}." for site, what in sorted(out.items()))
    return Proposed(screened, now, proposals, _blocked(answers), notices, screened.not_comparable, publication, why)


def due(
    moves: pd.DataFrame, rivals: pd.DataFrame, products: pd.DataFrame, own: pd.DataFrame, as_of: datetime
) -> pd.DataFrame:
    """Moves of counted rivals in the last 7 days that no decision and no price change of ours has answered.

    Key (listing_id, at), newest first.
    """
    fresh = moves[moves["listing_id"].isin(rivals["listing_id"])]
    fresh = fresh[fresh["at"].gt(pd.Timestamp(as_of) - timedelta(days=TRIGGER_DAYS))]
    changed = own_history(own, as_of).set_index("product_id")["changed_at"]
    for answered in (products.set_index("product_id")["decided_at"], changed):
        since = answered.reindex(fresh["product_id"]).set_axis(fresh.index)
        fresh = fresh[since.isna() | fresh["at"].gt(since)]
    return fresh.sort_values(["at", "listing_id"], ascending=[False, True], ignore_index=True)


def before_moves(rivals: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """The rivals' prices, key listing_id, as they were before the `moves` (newest first)."""
    was = moves.drop_duplicates("listing_id", keep="last").set_index("listing_id")["from_minor"]
    earlier = was.reindex(rivals["listing_id"]).set_axis(rivals.index)
    return rivals.assign(price_minor=earlier.fillna(rivals["price_minor"]).astype("int64"))


def called_for(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """The targets that the moves call for, key product_id: the reference moved, and the target lies that way.

    A rival's rise is no reason to cut a price, nor a move that leaves the reference where it was to touch it.
    A reference that rivals have no part in (RRP, cost) calls always, as does a missing one, to be told.
    """
    was = before.set_index("product_id")["reference_minor"].reindex(now["product_id"]).set_axis(now.index)
    way = (now["reference_minor"] - was) * (now["target_minor"] - now["own_minor"])
    return now[way.gt(0).fillna(True) | now["reference"].isin(["rrp", "cost"])]


def _answers(wanted: pd.DataFrame, known: dict[int, Case], guardrails: Guardrails, as_of: datetime) -> list[Answer]:
    answers = []
    for target in wanted.astype(object).to_dict("records"):
        case = known[target["product_id"]]
        clamped = (
            Clamped(None, blocked=target["blocked"])
            if target["blocked"]
            else clamp(case, int(target["target_minor"]), target["action"], guardrails, as_of)
        )
        answers.append(Answer(case, target, clamped))
    return answers


def _blocked(answers: list[Answer]) -> pd.DataFrame:
    told = [(answer.case.product_id, answer.clamped.blocked) for answer in answers if answer.clamped.blocked]
    return pd.DataFrame(told, columns=["product_id", "reason"]).astype({"product_id": "int64"})


def _proposals(
    answers: list[Answer],
    products: pd.DataFrame,
    rivals: pd.DataFrame,
    moves: pd.DataFrame,
    sold: dict[int, int],
    guardrails: Guardrails,
    as_of: datetime,
) -> pd.DataFrame:
    """The proposals frame, highest score first."""
    granted = {answer.case.product_id: answer for answer in answers if answer.clamped.price is not None}
    lists = _rivals(rivals[rivals["product_id"].isin(list(granted))], moves)
    by_product = {
        key: part.to_dict("records")
        for key, part in moves[moves["product_id"].isin(list(granted))].groupby("product_id")
    }
    described = products.set_index("product_id")[["sku", "name", "category"]].to_dict("index")
    rows = [
        {**described[key], **_proposal(answer, lists[key], by_product[key], sold.get(key))}
        for key, answer in granted.items()
    ]
    amounts = dict.fromkeys(("product_id", "current_minor", "proposed_minor"), "int64")
    made = (
        pd.DataFrame(rows, columns=PROPOSAL)
        .astype({**amounts, "score": "float64"})
        .assign(at=pd.Timestamp(as_of), expires_at=pd.Timestamp(as_of) + timedelta(hours=guardrails.max_age_hours))
    )
    return made.sort_values(["score", "product_id"], ascending=[False, True], ignore_index=True)


def _proposal(
    answer: Answer, rivals: list[dict[str, Any]], moves: list[dict[Any, Any]], units_28d: int | None
) -> dict[str, Any]:
    case, clamped = answer.case, answer.clamped
    proposed = clamped.price or 0
    return {
        "product_id": case.product_id,
        "current_minor": case.own_minor,
        "proposed_minor": proposed,
        "currency": case.currency,
        "rule": answer.target["rule"],
        "reason": reason(case, answer.target, moves, clamped),
        "binding": clamped.binding,
        "trail": [list(step) for step in clamped.trail],
        "rivals": rivals,
        "effect": effect(case, proposed, rivals, units_28d),
        "score": at_stake(case, proposed, units_28d),
    }


def _rivals(rivals: pd.DataFrame, moves: pd.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """What the proposals' rivals charge, cheapest first, by product_id; plain values for JSON."""
    before = moves.drop_duplicates("listing_id").set_index("listing_id")["from_minor"]
    told = rivals.assign(
        at=rivals["at"].map(lambda at: at.isoformat()),
        moved_from_minor=rivals["listing_id"].map(before).astype("Int64"),
    ).sort_values(["price_minor", "site"])
    plain = told[["product_id", *RIVAL]].astype(object)
    plain = plain.where(plain.notna(), None)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in plain.to_dict("records"):
        found.setdefault(int(row.pop("product_id")), []).append({str(name): value for name, value in row.items()})
    return found


def check(
    products: pd.DataFrame,
    own: pd.DataFrame,
    proposed_minor: int,
    market_now: pd.DataFrame,
    guardrails: Guardrails,
    as_of: datetime,
) -> list[str]:
    """The guardrails that a price of one product (a one-row frame) would break now, [] if it may stand.

    `own` is the product's price history and `market_now` what `market.market` made at `as_of`: a market
    without a fresh rival price breaks one too.
    """
    found = cases(products, own, market_now, as_of)
    if not found:
        return ["own price is missing"]
    (case,) = found.values()
    return broken(case, proposed_minor, guardrails, as_of)
