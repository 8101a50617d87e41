"""The only door from SQL to DataFrames; instants are datetime64[us, UTC], money is Int64 minor units."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, and_, func, or_, select

from pricevane.storage.delisting import DELISTED
from pricevane.storage.tables import (
    Category,
    CrawlRun,
    Decision,
    Evidence,
    Listing,
    Match,
    Observation,
    OwnPrice,
    Product,
    Proposal,
    Quarantine,
    Sales,
    Site,
    State,
)

INSTANT = "datetime64[us, UTC]"


def frame(connection: Connection, query: Select[*tuple[Any, ...]], **types: str) -> pd.DataFrame:
    """The rows of a query; `types` are pandas dtypes by column (an empty result has them too)."""
    result = connection.execute(query)
    made = pd.DataFrame(result.all(), columns=list(result.keys()))
    for name, dtype in types.items():
        values = pd.to_datetime(made[name], utc=True) if dtype == INSTANT else made[name]
        made[name] = values.astype(dtype)  # type: ignore[call-overload]
    return made


def listings(connection: Connection) -> pd.DataFrame:
    """Listings of enabled sites, key listing_id, with what matching asks of them and the product they are taken for.

    site_id, site, shop (host:port, shared by the sites of its regions), key, name, brand, gtin, mpn, sku, category,
    pack, attributes (dict), url, judged, the last good price_minor (Int64) and currency, changed_at (of its last
    change of any kind), is_gone (bool), and of the confirmed match product_id (Int64) and method ("" without one).
    """
    confirmed = and_(Match.listing_id == Listing.id, Match.state == "confirmed")
    names = ("brand", "gtin", "mpn", "sku", "category", "pack", "attributes", "name", "url", "judged")
    query = (
        select(
            Listing.id.label("listing_id"),
            Listing.site_id,
            Site.name.label("site"),
            Site.key.label("shop"),
            *(getattr(Listing, name) for name in names),
            State.price_minor,
            func.coalesce(State.currency, "").label("currency"),
            (func.coalesce(State.reading, "") == DELISTED).label("is_gone"),
            Evidence.at.label("changed_at"),
            Match.product_id,
            func.coalesce(Match.method, "").label("method"),
        )
        .join(Site, Site.id == Listing.site_id)
        .outerjoin(State, State.listing_id == Listing.id)
        .outerjoin(Evidence, Evidence.id == State.evidence_id)
        .outerjoin(Match, confirmed)
        .where(Site.enabled)
        .order_by(Listing.id)
    )
    ids = {"listing_id": "int64", "site_id": "int64", "product_id": "Int64"}
    return frame(connection, query, price_minor="Int64", is_gone="bool", changed_at=INSTANT, **ids)


def decided_pairs(connection: Connection) -> pd.DataFrame:
    """Pairs that a person decided on, key (listing_id, product_id): match_id, site_id, state, made_at, evidence,
    veto."""
    query = (
        select(
            Match.id.label("match_id"), Match.listing_id, Match.product_id, Listing.site_id, Match.state, Match.made_at,
            Match.evidence, Match.veto,
        )
        .join(Listing, Listing.id == Match.listing_id)
        .where(Match.method == "manual", Match.state.in_(["confirmed", "rejected"]))
        .order_by(Match.listing_id, Match.product_id)
    )  # fmt: skip
    ids = dict.fromkeys(("match_id", "listing_id", "product_id", "site_id"), "int64")
    return frame(connection, query, made_at=INSTANT, **ids)


def products(connection: Connection) -> pd.DataFrame:
    """Enabled products, key product_id, with their category's floor and the last decision on them."""
    decided = (
        select(Proposal.product_id, func.max(Decision.at).label("decided_at"))
        .join(Decision, Decision.proposal_id == Proposal.id)
        .group_by(Proposal.product_id)
        .subquery()
    )
    query = (
        select(
            Product.id.label("product_id"),
            Product.sku,
            Product.gtin,
            Product.brand,
            Product.mpn,
            Product.name,
            func.coalesce(Category.name, "").label("category"),
            Product.family,
            Product.currency,
            Product.cost_minor,
            Product.landed_cost_minor,
            Product.rrp_minor,
            Product.legal_floor_minor,
            Product.vat_bp,
            Product.stock,
            Product.key_value_item,
            Category.floor_margin_bp,
            decided.c.decided_at,
        )
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(decided, decided.c.product_id == Product.id)
        .where(Product.enabled)
        .order_by(Product.id)
    )
    nullable = ("cost_minor", "landed_cost_minor", "rrp_minor", "legal_floor_minor", "stock", "floor_margin_bp")
    return frame(
        connection,
        query,
        product_id="int64",
        vat_bp="int64",
        key_value_item="bool",
        decided_at=INSTANT,
        **dict.fromkeys(nullable, "Int64"),
    )


def own_prices(connection: Connection, as_of: datetime) -> pd.DataFrame:
    """Our prices up to `as_of`, key (product_id, valid_from): price_minor, currency, source."""
    query = (
        select(OwnPrice.product_id, OwnPrice.valid_from, OwnPrice.price_minor, OwnPrice.currency, OwnPrice.source)
        .where(OwnPrice.valid_from <= as_of)
        .order_by(OwnPrice.product_id, OwnPrice.valid_from)
    )
    return frame(connection, query, product_id="int64", valid_from=INSTANT, price_minor="int64")


def sales(connection: Connection) -> pd.DataFrame:
    """Sales, key (product_id, sold_on): units, revenue_minor."""
    query = select(Sales.product_id, Sales.sold_on, Sales.units, Sales.revenue_minor)
    return frame(connection, query, product_id="int64", sold_on="datetime64[us]", units="int64", revenue_minor="int64")


def observations(connection: Connection, since: datetime, as_of: datetime, min_score: float) -> pd.DataFrame:
    """Good observations of published runs on confirmed matches, key (listing_id, at), oldest first.

    A match that no person made needs a score of `min_score`.

    `verdict` is what a person said of exactly this observation: "", "accepted" or "refused".
    """
    verdict = func.coalesce(Quarantine.state, "")
    query = (
        select(
            Observation.listing_id,
            Match.product_id,
            Listing.site_id,
            Site.name.label("site"),
            Observation.at,
            Observation.price_minor,
            Observation.regular_minor,
            Observation.currency,
            Observation.availability,
            Observation.kind,
            Observation.tax_included,
            Observation.condition,
            Evidence.layers,
            verdict.label("verdict"),
            Product.family,
            Site.vat_bp,
            Site.delivery_minor,
            Listing.url,
            Observation.evidence_id,
            Listing.name,
        )
        .join(CrawlRun, and_(CrawlRun.id == Observation.run_id, CrawlRun.publication == "published"))
        .join(Listing, Listing.id == Observation.listing_id)
        .join(Site, and_(Site.id == Listing.site_id, Site.enabled))
        .join(
            Match,
            and_(
                Match.listing_id == Listing.id,
                Match.state == "confirmed",
                or_(Match.method == "manual", Match.score >= min_score),
            ),
        )
        .join(Product, and_(Product.id == Match.product_id, Product.enabled))
        .join(Evidence, Evidence.id == Observation.evidence_id)
        .outerjoin(Quarantine, and_(Quarantine.listing_id == Observation.listing_id, Quarantine.at == Observation.at))
        .where(Observation.status == "good", Observation.at > since, Observation.at <= as_of)
        .order_by(Observation.at, Observation.listing_id)
    )
    ids = dict.fromkeys(("listing_id", "product_id", "site_id", "vat_bp", "delivery_minor", "evidence_id"), "int64")
    made = frame(
        connection, query, at=INSTANT, price_minor="Int64", regular_minor="Int64", tax_included="boolean", **ids
    )
    made["layers"] = made["layers"].map(len).astype("int64")
    made["verdict"] = made["verdict"].where(made["verdict"].isin(["accepted", "refused"]), "")
    return made


def history(connection: Connection, product_ids: list[int], since: datetime) -> pd.DataFrame:
    """Rivals' good published prices of some products, key (listing_id, at): product_id, site, price_minor,
    regular_minor, currency, availability, kind, promotion, promotion_ends_on, unit_price_micro, unit_base,
    quarantined (bool), url, raw, path, layers, page_hash, evidence_at."""
    held = Quarantine.state.in_(["open", "refused"])
    query = (
        select(
            Match.product_id,
            Observation.listing_id,
            Site.name.label("site"),
            Observation.at,
            Observation.price_minor,
            Observation.regular_minor,
            Observation.currency,
            Observation.availability,
            Observation.kind,
            Observation.promotion,
            Observation.promotion_ends_on,
            Observation.unit_price_micro,
            Observation.unit_base,
            func.coalesce(held, False).label("quarantined"),
            Listing.url,
            Evidence.raw,
            Evidence.path,
            Evidence.layers,
            Evidence.page_hash,
            Evidence.at.label("evidence_at"),
        )
        .join(CrawlRun, and_(CrawlRun.id == Observation.run_id, CrawlRun.publication == "published"))
        .join(Listing, Listing.id == Observation.listing_id)
        .join(Site, Site.id == Listing.site_id)
        .join(Match, and_(Match.listing_id == Listing.id, Match.state == "confirmed"))
        .join(Evidence, Evidence.id == Observation.evidence_id)
        .outerjoin(Quarantine, and_(Quarantine.listing_id == Observation.listing_id, Quarantine.at == Observation.at))
        .where(Match.product_id.in_(product_ids), Observation.status == "good", Observation.at >= since)
        .order_by(Match.product_id, Observation.at)
    )
    return frame(
        connection,
        query,
        at=INSTANT,
        evidence_at=INSTANT,
        price_minor="Int64",
        regular_minor="Int64",
        unit_price_micro="Int64",
        quarantined="bool",
    )


def current(connection: Connection) -> pd.DataFrame:
    """The last good reading of each listing of enabled sites, key listing_id: what people and benchmarks compare."""
    query = (
        select(
            State.listing_id,
            Site.name.label("site"),
            Listing.key,
            Listing.url,
            Listing.name,
            Listing.gtin,
            State.price_minor,
            State.regular_minor,
            State.currency,
            State.availability,
            State.good_at,
            State.seen_at,
        )
        .join(Listing, Listing.id == State.listing_id)
        .join(Site, and_(Site.id == Listing.site_id, Site.enabled))
        .order_by(State.listing_id)
    )
    return frame(connection, query, price_minor="Int64", regular_minor="Int64", good_at=INSTANT, seen_at=INSTANT)
