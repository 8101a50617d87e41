"""Answers to the review queue: what can be said of a question, keeping it, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from pricevane.review.queue import Pair, Question
from pricevane.storage.history import AnyRow
from pricevane.storage.matches import decide_match, undo_match
from pricevane.storage.tables import Decision, Match, Product

ANEW = "it was judged anew meanwhile"


class Overtaken(RuntimeError):
    """What was asked was answered or judged anew meanwhile; the message says by whom."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of a question's pairs: match id -> verdict."""

    question: Question
    verdicts: Mapping[int, str]
    who: str
    at: datetime


def choices(question: Question) -> dict[str, str]:
    """The keys that answer a question, and what each says in a few words."""
    shown, pack = question.shown, _pack(question)
    several = len(shown) > 1
    told = {"y": "same product", **{str(number): f"same as {number}" for number in range(1, len(shown) + 1) if several}}
    told["n"] = "none of these" if several else "not the same"
    if pack:
        which = f" with {shown.index(pack) + 1}" if several else ""
        told["c"] = f"comparable by unit{which}: {pack.holds}"
    return told


def verdicts(question: Question, key: str) -> dict[int, str]:
    """What a key of `choices` says of the shown pairs: match id -> verdict; nothing for any other key."""
    shown = question.shown
    if key not in choices(question):
        return {}
    if key == "n":
        return {pair.match_id: "rejected" for pair in shown}
    if key == "c":
        return {pair.match_id: "comparable" for pair in [_pack(question)] if pair}
    return {shown[0 if key == "y" else int(key) - 1].match_id: "confirmed"}


def _pack(question: Question) -> Pair | None:
    """The best shown pair whose pack alone differs."""
    return next((pair for pair in question.shown if pair.factor is not None), None)


def answer(
    connection: Connection, question: Question, verdicts: Mapping[int, str], who: str, why: str, at: datetime
) -> Answer:
    """Keep what a person says of a question's pairs (match id -> verdict); raises Overtaken if it stands otherwise now.

    Raises ValueError for "comparable" where no factor is known (see `decide_match`).
    """
    _check_as_asked(connection, question)
    for match_id, verdict in verdicts.items():
        decide_match(connection, match_id, verdict, who, why, at)
    return Answer(question, verdicts, who, at)


def _check_as_asked(connection: Connection, question: Question) -> None:
    columns = (Match.id, Match.state, Match.method, Match.flag)
    query = select(*columns).where(Match.listing_id == question.listing_id).with_for_update()
    now = {row.id: row for row in connection.execute(query)}
    other = [pair.match_id for pair in question.shown if not _is_as_asked(now.get(pair.match_id), pair)]
    other += [row.id for row in now.values() if row.state == "confirmed" and not row.flag]
    if other:
        raise Overtaken(_last_word(connection, [key for key in other if key in now and now[key].method == "manual"]))


def _is_as_asked(row: AnyRow | None, pair: Pair) -> bool:
    return row is not None and (row.state, row.method, row.flag) == (pair.state, pair.method, pair.flag)


def _last_word(connection: Connection, match_ids: Sequence[int]) -> str:
    query = (
        select(Decision.who, Decision.verdict, Product.sku)
        .join(Match, Match.id == Decision.match_id)
        .join(Product, Product.id == Match.product_id)
        .where(Match.id.in_(match_ids))
        .order_by(Decision.id.desc())
    )
    row = connection.execute(query.limit(1)).first()
    return f"{row.who} decided it meanwhile: {row.verdict} as {row.sku}" if row else ANEW


def take_back(connection: Connection, given: Answer, why: str, at: datetime) -> None:
    """Undo an answer as it was given; raises Overtaken, and undoes nothing, if somebody decided after it."""
    for match_id in given.verdicts:
        query = select(Decision.who, Decision.at).where(Decision.match_id == match_id)
        last = connection.execute(query.order_by(Decision.id.desc()).limit(1)).first()
        if last is None or (last.who, last.at) != (given.who, given.at):
            raise Overtaken(_last_word(connection, [match_id]))
    for match_id in given.verdicts:
        undo_match(connection, match_id, given.who, why, at)
