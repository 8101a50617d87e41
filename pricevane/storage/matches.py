"""Matches: what was found, what a person decides of it, and how that is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from pricevane.storage.history import AnyRow, chunks, update_rows, upsert
from pricevane.storage.tables import (
    Category,
    Decision,
    Listing,
    Match,
    OwnPrice,
    Product,
    Sales,
    Site,
    State,
)

Rows = Sequence[Mapping[str, Any]]
FOUND = ("state", "method", "score", "veto", "flag", "factor", "evidence", "made_at")
NOT_FOUND = "was confirmed, and is not found any more"
VERDICTS: Mapping[str, Mapping[str, Any]] = {
    "confirmed": {"state": "confirmed", "comparable": False},
    "rejected": {"state": "rejected", "comparable": False},
    "comparable": {"state": "rejected", "comparable": True},
}
UNDONE = "undone"


def save_matches(connection: Connection, judged: Mapping[int, str], found: Rows, at: datetime) -> int:
    """Make the automatic matches of `judged` listings (id -> fingerprint) say what was found; persons' ones stay.

    `found` are rows of Match without its keys. A confirmed match that is not found any more becomes a candidate,
    other pairs are forgotten. Returns how many confirmed ones are new.
    """
    wanted = {(row["listing_id"], row["product_id"]): row for row in found}
    standing = [row for chunk in chunks(judged) for row in connection.execute(_standing(chunk))]
    decided = [row for row in standing if row.method == "manual" and row.state in ("confirmed", "rejected")]
    ours = {(row.listing_id, row.product_id) for row in decided}
    settled = {row.listing_id for row in decided if row.state == "confirmed"}
    before = {(row.listing_id, row.product_id) for row in standing if row.state == "confirmed"}
    kept, changed = ours | wanted.keys(), before & wanted.keys() - ours
    lost = [row for row in standing if (row.listing_id, row.product_id) not in kept]
    _forget(connection, [row.id for row in lost if row.state != "confirmed"])
    _demote(connection, [row.id for row in lost if row.state == "confirmed"], NOT_FOUND)
    doubted = {pair for pair in changed if wanted[pair]["state"] != "confirmed"}
    _demote(connection, [row.id for row in standing if (row.listing_id, row.product_id) in doubted], "")
    new = [{"made_at": at, **row} for pair, row in wanted.items() if pair not in ours and pair[0] not in settled]
    if new:
        statement = upsert(connection, Match)
        told = {name: getattr(statement.excluded, name) for name in FOUND}
        same = and_(Match.state == statement.excluded.state, Match.method == statement.excluded.method)
        told["made_at"] = case((same, Match.made_at), else_=statement.excluded.made_at)
        connection.execute(statement.on_conflict_do_update(index_elements=["listing_id", "product_id"], set_=told), new)
    update_rows(connection, Listing, [{"id": key, "judged": value} for key, value in judged.items()])
    return sum(row["state"] == "confirmed" and (row["listing_id"], row["product_id"]) not in before for row in new)


def _standing(listing_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    columns = (Match.id, Match.listing_id, Match.product_id, Match.state, Match.method)
    return select(*columns).where(Match.listing_id.in_(listing_ids))


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    """Delete pairs; those that a person once decided on are kept, as abstained."""
    decided = select(Decision.match_id).where(Decision.match_id.is_not(None))
    for chunk in chunks(ids):
        connection.execute(delete(Match).where(Match.id.in_(chunk), Match.id.not_in(decided)))
        connection.execute(update(Match).where(Match.id.in_(chunk)).values(state="abstained", flag=""))


def _demote(connection: Connection, ids: Sequence[int], flag: str) -> None:
    for chunk in chunks(ids):
        connection.execute(update(Match).where(Match.id.in_(chunk)).values(state="candidate", flag=flag))


def set_flags(connection: Connection, flags: Mapping[int, str], at: datetime) -> None:
    """Set why a person should look at matches (id -> flag); automatic ones that get a flag are candidates again."""
    standing = {row.id: row for chunk in chunks(flags) for row in connection.execute(_flagged(chunk))}
    news = {key: flag for key, flag in flags.items() if key in standing and standing[key].flag != flag}
    update_rows(connection, Match, [{"id": key, "flag": flag} for key, flag in news.items()])
    automatic = [key for key, flag in news.items() if flag and standing[key].method != "manual"]
    for chunk in chunks(automatic):
        confirmed = (Match.id.in_(chunk), Match.state == "confirmed")
        connection.execute(update(Match).where(*confirmed).values(state="candidate", made_at=at))


def _flagged(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return select(Match.id, Match.method, Match.flag).where(Match.id.in_(ids))


def decide_match(connection: Connection, match_id: int, verdict: str, who: str, why: str, at: datetime) -> bool:
    """Keep what a person says of a pair: "confirmed", "rejected" or "comparable"; False if there is no such pair.

    Another product that the listing was confirmed as is rejected, since it is one product. Raises ValueError for
    "comparable" where no factor is known. The listing's other pairs are judged anew by the next match.
    """
    row = connection.execute(select(Match).where(Match.id == match_id).with_only_columns(*Match.__table__.c)).first()
    if row is None:
        return False
    if verdict == "comparable" and row.factor is None:
        raise ValueError(f"pair {match_id} has no factor: not its pack alone differs; it can be confirmed or rejected")
    displaced = _displaced(connection, row) if verdict == "confirmed" else []
    before = {**_kept(row), "displaced": [{"id": one.id, **_kept(one)} for one in displaced]}
    for one in displaced:
        connection.execute(update(Match).where(Match.id == one.id).values(state="rejected", method="manual"))
    told = {**VERDICTS[verdict], "method": "manual", "flag": "", "made_at": at}
    connection.execute(update(Match).where(Match.id == match_id).values(told))
    _note(connection, row, verdict, who, why, at, before)
    return True


def _displaced(connection: Connection, row: AnyRow) -> Sequence[AnyRow]:
    others = (Match.listing_id == row.listing_id, Match.state == "confirmed", Match.id != row.id)
    return connection.execute(select(*Match.__table__.c).where(*others)).all()


def _kept(row: AnyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("state", "method", "flag", "comparable")}


def _note(
    connection: Connection, row: AnyRow, verdict: str, who: str, why: str, at: datetime, before: Mapping[str, Any]
) -> None:
    told = {"match_id": row.id, "verdict": verdict, "who": who, "why": why, "at": at, "before": before}
    connection.execute(insert(Decision).values(told))
    connection.execute(update(Listing).where(Listing.id == row.listing_id).values(judged=""))


def undo_match(connection: Connection, match_id: int, who: str, why: str, at: datetime) -> bool:
    """Take the last decision on a pair back, which is noted as a decision; False where there is none to take back."""
    row = connection.execute(select(*Match.__table__.c).where(Match.id == match_id)).first()
    query = select(Decision.verdict, Decision.before).where(Decision.match_id == match_id)
    last = connection.execute(query.order_by(Decision.id.desc()).limit(1)).first()
    if row is None or last is None or last.verdict == UNDONE or not last.before:
        return False
    before = dict(last.before)
    displaced = before.pop("displaced", [])
    connection.execute(update(Match).where(Match.id == match_id).values(before))
    for one in displaced:
        connection.execute(
            update(Match).where(Match.id == one["id"]).values({k: v for k, v in one.items() if k != "id"})
        )
    _note(connection, row, UNDONE, who, why, at, {})
    return True


def pair_id(connection: Connection, listing_id: int, product_id: int, at: datetime) -> int:
    """The id of a pair, which is made a candidate if nobody thought of it before."""
    wanted = {"listing_id": listing_id, "product_id": product_id}
    fresh = {"state": "candidate", "method": "manual", "score": 0.0, "made_at": at}
    statement = upsert(connection, Match).values(wanted | fresh).on_conflict_do_nothing()
    connection.execute(statement)
    pair = (Match.listing_id == listing_id, Match.product_id == product_id)
    return int(connection.execute(select(Match.id).where(*pair)).scalar_one())


def pairs_query(since: date) -> Select[*tuple[Any, ...]]:
    """Every pair with both sides, key match_id, for people: best score first for each listing.

    The listing's columns begin with listing_, our product's with product_; both have a price (minor units) and its
    currency, ours the revenue (minor units) of its sales from `since` on.
    """
    sold = (
        select(Sales.product_id, cast(func.sum(Sales.revenue_minor), BigInteger).label("revenue_minor"))
        .where(Sales.sold_on >= since)
        .group_by(Sales.product_id)
        .subquery()
    )
    return (
        select(
            Match.id.label("match_id"),
            *(getattr(Match, name) for name in ("listing_id", "product_id", "state", "method", "score", "veto")),
            *(getattr(Match, name) for name in ("flag", "factor", "comparable", "evidence", "made_at")),
            Site.name.label("site"),
            *(getattr(Listing, name).label(f"listing_{name}") for name in _LISTING),
            State.price_minor.label("listing_price_minor"),
            State.currency.label("listing_currency"),
            *(getattr(Product, name).label(f"product_{name}") for name in ("sku", "name", "brand", "gtin", "mpn")),
            func.coalesce(Category.name, "").label("product_category"),
            OwnPrice.price_minor.label("product_price_minor"),
            func.coalesce(OwnPrice.currency, Product.currency).label("product_currency"),
            func.coalesce(sold.c.revenue_minor, 0).label("product_revenue_minor"),
        )
        .join(Listing, Listing.id == Match.listing_id)
        .join(Site, and_(Site.id == Listing.site_id, Site.enabled))
        .join(Product, and_(Product.id == Match.product_id, Product.enabled))
        .outerjoin(State, State.listing_id == Listing.id)
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(OwnPrice, and_(OwnPrice.product_id == Product.id, OwnPrice.valid_from == _newest_price()))
        .outerjoin(sold, sold.c.product_id == Product.id)
        .order_by(Match.listing_id, Match.score.desc(), Match.id)
    )


_LISTING = ("name", "brand", "gtin", "mpn", "sku", "category", "pack", "attributes", "url", "image")


def _newest_price() -> Any:
    """When a product's last own price began: looked up by its key, where a join of two subqueries would scan."""
    prices = aliased(OwnPrice)
    return select(func.max(prices.valid_from)).where(prices.product_id == Product.id).scalar_subquery()


def match_counts(connection: Connection) -> dict[str, int]:
    """How many listings of enabled sites are matched, and about how many a person is asked."""
    shown = select(func.count(Match.listing_id.distinct())).join(Listing, Listing.id == Match.listing_id)
    shown = shown.join(Site, and_(Site.id == Listing.site_id, Site.enabled))
    asked = {"matched": Match.state == "confirmed", "waiting": waiting()}
    return {name: int(connection.execute(shown.where(where)).scalar_one()) for name, where in asked.items()}


def waiting() -> Any:
    """The condition for pairs that a person is asked about: candidates, and whatever has a flag.

    A listing that is confirmed as a product, without a flag, waits no longer, whatever else it may be like.
    """
    other = aliased(Match)
    settled = exists().where(other.listing_id == Match.listing_id, other.state == "confirmed", other.flag == "")
    return and_(or_(Match.state == "candidate", Match.flag != ""), ~settled)


def decisions_query() -> Select[*tuple[Any, ...]]:
    """Every decision on a pair, oldest first: at, who, verdict, why, match_id."""
    columns = (Decision.at, Decision.who, Decision.verdict, Decision.why, Decision.match_id)
    return select(*columns).where(Decision.match_id.is_not(None)).order_by(Decision.id)
