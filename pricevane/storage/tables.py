"""The database: every table, its keys and its constraints.

Money is integer minor units beside a currency; instants are aware UTC; shares and rates are basis
points (1/10,000). Rows of facts (observation, evidence, own_price, sales, decision) are only added.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pricevane.storage.base import Base, BigId, Currency, one_of


class Competitor(Base):
    """A business that sells what we sell."""

    __tablename__ = "competitor"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str] = mapped_column(default="")
    enabled: Mapped[bool] = mapped_column(default=True)


class Site(Base):
    """A competitor's web shop; `key` is host:port, `name` is what people type.

    `learned` is what its published crawls learned of its pages, for the next one (see storage/memory.py).
    """

    __tablename__ = "site"
    id: Mapped[int] = mapped_column(primary_key=True)
    competitor_id: Mapped[int] = mapped_column(ForeignKey("competitor.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str]
    url: Mapped[str]
    region: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(Currency, default="")
    vat_bp: Mapped[int] = mapped_column(default=0)
    delivery_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    learned: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    enabled: Mapped[bool] = mapped_column(default=True)


class Listing(Base):
    """A site's page for one variant, with what its last good reading said of the goods.

    `pack` is a quantity like "500 g"; `attributes` are the variant's, like {"colour": "red"}. `judged` is the
    fingerprint of all that its matches were last judged by, "" if they are to be judged anew.
    """

    __tablename__ = "listing"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    region: Mapped[str] = mapped_column(default="")
    key: Mapped[str]
    url: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")
    gtin: Mapped[str] = mapped_column(default="")
    mpn: Mapped[str] = mapped_column(default="")
    sku: Mapped[str] = mapped_column(default="")
    image: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    pack: Mapped[str] = mapped_column(default="", server_default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    judged: Mapped[str] = mapped_column(default="", server_default="")
    first_seen_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("site_id", "region", "key"), Index(None, "gtin"))


class CrawlRun(Base):
    """One crawl of one site. Only published runs are priced on."""

    __tablename__ = "crawl_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="running")
    publication: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (
        one_of("state", "running", "complete", "incomplete"),
        one_of("publication", "published", "suspect"),
        Index(None, "site_id", "started_at"),
    )


class Evidence(Base):
    """The proof of a changed reading: raw string, place on the page, layers, hash of the page.

    `currency_raw` is the currency as the page wrote it.
    """

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    at: Mapped[datetime]
    url: Mapped[str]
    raw: Mapped[str]
    path: Mapped[str]
    layers: Mapped[list[Any]]
    page_hash: Mapped[str]
    currency_raw: Mapped[str] = mapped_column(default="", server_default="")
    __table_args__ = (UniqueConstraint("listing_id", "at"),)


class Reading:
    """The columns that an observation and the current state share.

    All amounts are in `currency`. `unit_price_micro` is in millionths of a major unit, since unit prices
    have more decimals than minor units hold, and is for `unit_base` ("1 kg", "100 ml").
    """

    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    regular_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency, default="")
    availability: Mapped[str] = mapped_column(default="unknown")
    kind: Mapped[str] = mapped_column(default="standard")
    tax_included: Mapped[bool | None]
    condition: Mapped[str] = mapped_column(default="unknown")
    seller: Mapped[str] = mapped_column(default="")
    confidence: Mapped[float] = mapped_column(default=1.0)
    status: Mapped[str] = mapped_column(default="good")
    unit_price_micro: Mapped[int | None] = mapped_column(BigInteger)
    unit_base: Mapped[str] = mapped_column(default="", server_default="")
    shipping_minor: Mapped[int | None] = mapped_column(BigInteger)
    promotion: Mapped[str] = mapped_column(default="", server_default="")
    promotion_ends_on: Mapped[date | None]
    seller_is_shop: Mapped[bool | None]
    stock: Mapped[int | None]


class Observation(Reading, Base):
    """An offer that was stored: what a listing said at one instant. Never rewritten."""

    __tablename__ = "observation"
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("crawl_run.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    __table_args__ = (one_of("status", "good", "doubtful"), UniqueConstraint("run_id", "listing_id"))


class State(Reading, Base):
    """A listing now: the last good reading of a published run, and the last reading of any kind.

    `reading` is the fingerprint of the latest reading and `evidence_id` its proof; the price columns
    and `good_at` belong to the last good one. How often it changes is learned from (`rate_changes`, `rate_days`),
    which fade with time (see spiders/find/rates.py).
    """

    __tablename__ = "state"
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), primary_key=True, autoincrement=False)
    good_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    run_id: Mapped[int] = mapped_column(ForeignKey("crawl_run.id"))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    reading: Mapped[str]
    rate_changes: Mapped[float] = mapped_column(default=0.0, server_default="0")
    rate_days: Mapped[float] = mapped_column(default=0.0, server_default="0")


class Page(Base):
    """An address of a site that its crawls ask for, and what its last answer was.

    `listings` are the keys of those that stood on it; `etag` and `last_modified` are what the server said of that
    version.
    """

    __tablename__ = "page"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    region: Mapped[str] = mapped_column(default="")
    url: Mapped[str]
    kind: Mapped[str]
    listings: Mapped[list[Any]]
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    run_id: Mapped[int] = mapped_column(ForeignKey("crawl_run.id"))
    seen_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("site_id", "region", "url"),)


class Category(Base):
    """Our products are managed by category: its least margin and who decides."""

    __tablename__ = "category"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    floor_margin_bp: Mapped[int | None]
    manager: Mapped[str] = mapped_column(default="")
    enabled: Mapped[bool] = mapped_column(default=True)


class Product(Base):
    """Our own article. Costs are net of VAT; RRP and legal floor are shelf prices."""

    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    gtin: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")
    mpn: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    family: Mapped[str] = mapped_column(default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    currency: Mapped[str] = mapped_column(Currency)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    landed_cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    rrp_minor: Mapped[int | None] = mapped_column(BigInteger)
    legal_floor_minor: Mapped[int | None] = mapped_column(BigInteger)
    vat_bp: Mapped[int] = mapped_column(default=0)
    stock: Mapped[int | None]
    key_value_item: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (
        CheckConstraint("cost_minor >= 0 AND landed_cost_minor >= 0", name="cost"),
        Index(None, "gtin"),
    )


class OwnPrice(Base):
    """Our shelf price from an instant on; only added to."""

    __tablename__ = "own_price"
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(primary_key=True)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    source: Mapped[str]
    __table_args__ = (CheckConstraint("price_minor > 0", name="price"),)


class Sales(Base):
    """What one product sold on one day."""

    __tablename__ = "sales"
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    sold_on: Mapped[date] = mapped_column(primary_key=True)
    units: Mapped[int]
    revenue_minor: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("units >= 0", name="units"),)


class Match(Base):
    """Which of our products a listing is, how that is known and how sure it is.

    method "manual": a person confirmed or rejected it, and it stays so. `veto` names the difference that keeps the
    two apart, `flag` says why a person should look. `factor` is how many of our packs the listing holds, where the
    pack is all that differs; `comparable` that a person allows to compare their unit prices. `evidence` is what the
    score was computed from (see matching/learn.py).
    """

    __tablename__ = "match"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    state: Mapped[str]
    method: Mapped[str]
    score: Mapped[float]
    veto: Mapped[str] = mapped_column(default="", server_default="")
    flag: Mapped[str] = mapped_column(default="", server_default="")
    factor: Mapped[float | None]
    comparable: Mapped[bool] = mapped_column(default=False, server_default=false())
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    made_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("listing_id", "product_id"),
        one_of("state", "candidate", "confirmed", "rejected", "abstained"),
        one_of("method", "gtin", "mpn", "sku", "text", "manual"),
        Index(
            "uq_match_confirmed_listing",
            "listing_id",
            unique=True,
            sqlite_where=text("state = 'confirmed'"),
            postgresql_where=text("state = 'confirmed'"),
        ),
    )


def of_observation() -> ForeignKeyConstraint:
    """A foreign key on (listing_id, at)."""
    return ForeignKeyConstraint(["listing_id", "at"], ["observation.listing_id", "observation.at"])


class Move(Base):
    """A rival's real price change: the observation that was accepted and the price before it."""

    __tablename__ = "move"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    from_minor: Mapped[int] = mapped_column(BigInteger)
    to_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    kind: Mapped[str]
    __table_args__ = (
        UniqueConstraint("listing_id", "at"),
        of_observation(),
        one_of("kind", "permanent", "promotion"),
    )


class Quarantine(Base):
    """A price that was read clearly and is not believed yet; a person may accept or refuse it."""

    __tablename__ = "quarantine"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(default="open", index=True)
    __table_args__ = (
        UniqueConstraint("listing_id", "at"),
        of_observation(),
        one_of("state", "open", "accepted", "refused", "cleared"),
    )


class PricingRun(Base):
    """One pass of the pricing stages; a held one is shown to a person and mails no proposal."""

    __tablename__ = "pricing_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    publication: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    __table_args__ = (one_of("publication", "published", "suspect"),)


class Proposal(Base):
    """A price change put before a manager, with all that led to it."""

    __tablename__ = "proposal"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    pricing_run_id: Mapped[int] = mapped_column(ForeignKey("pricing_run.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
    current_minor: Mapped[int] = mapped_column(BigInteger)
    proposed_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    state: Mapped[str] = mapped_column(default="proposed")
    rule: Mapped[str]
    reason: Mapped[str]
    binding: Mapped[str] = mapped_column(default="")
    trail: Mapped[list[Any]]
    rivals: Mapped[list[Any]]
    effect: Mapped[dict[str, Any]]
    score: Mapped[float] = mapped_column(default=0.0)
    __table_args__ = (
        one_of("state", "proposed", "approved", "rejected", "expired", "applied"),
        Index(
            "uq_proposal_open_product",
            "product_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )


class Blocked(Base):
    """A product for which the rules asked for a change that no price may grant, and by what."""

    __tablename__ = "blocked"
    pricing_run_id: Mapped[int] = mapped_column(ForeignKey("pricing_run.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    reason: Mapped[str]


class Decision(Base):
    """Who decided what, when and why, about a proposal, a quarantined price or a match.

    `before` is what a match was until then, so that the decision can be undone.
    """

    __tablename__ = "decision"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    quarantine_id: Mapped[int | None] = mapped_column(ForeignKey("quarantine.id"))
    match_id: Mapped[int | None] = mapped_column(ForeignKey("match.id"))
    verdict: Mapped[str]
    who: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN proposal_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN quarantine_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN match_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_subject",
        ),
    )


class Alert(Base):
    """The outbox: a mail is a row first and leaves afterwards, once."""

    __tablename__ = "alert"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    message: Mapped[str]
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="pending", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None]
    __table_args__ = (one_of("state", "pending", "sent", "failed"),)


class Schedule(Base):
    """When a chain of jobs is due: cron or interval in a time zone."""

    __tablename__ = "schedule"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    cron: Mapped[str | None]
    every_s: Mapped[int | None]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    sites: Mapped[list[Any]]
    then: Mapped[list[Any]]
    latest_s: Mapped[int] = mapped_column(default=3600)
    next_due_at: Mapped[datetime | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (CheckConstraint("(cron IS NULL) <> (every_s IS NULL)", name="cron_or_every"),)


class Firing(Base):
    """One due time of a schedule; its key lets any number of tickers run side by side."""

    __tablename__ = "firing"
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="due", index=True)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    __table_args__ = (one_of("state", "due", "running", "done", "failed", "missed"),)


# Complete once this module is loaded: what migrations compare a database with.
METADATA = Base.metadata
