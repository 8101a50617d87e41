"""The first tables: sites, listings, observations, products, matches, proposals, alerts, schedules."""

import sqlalchemy as sa
from alembic import op

revision = "foundation"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed')", name=op.f("ck_alert_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_key")),
    )
    op.create_index(op.f("ix_alert_state"), "alert", ["state"], unique=False)
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("floor_margin_bp", sa.Integer(), nullable=True),
        sa.Column("manager", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("name", name=op.f("uq_category_name")),
    )
    op.create_table(
        "competitor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitor")),
        sa.UniqueConstraint("name", name=op.f("uq_competitor_name")),
    )
    op.create_table(
        "pricing_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publication", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.CheckConstraint("publication IN ('published', 'suspect')", name=op.f("ck_pricing_run_publication")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_run")),
    )
    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("every_s", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("sites", sa.JSON(), nullable=False),
        sa.Column("then", sa.JSON(), nullable=False),
        sa.Column("latest_s", sa.Integer(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(cron IS NULL) <> (every_s IS NULL)", name=op.f("ck_schedule_cron_or_every")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("name", name=op.f("uq_schedule_name")),
    )
    op.create_table(
        "firing",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('due', 'running', 'done', 'failed', 'missed')", name=op.f("ck_firing_state")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_firing_schedule_id")),
        sa.PrimaryKeyConstraint("schedule_id", "due_at", name=op.f("pk_firing")),
    )
    op.create_index(op.f("ix_firing_state"), "firing", ["state"], unique=False)
    op.create_table(
        "product",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("mpn", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("landed_cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("rrp_minor", sa.BigInteger(), nullable=True),
        sa.Column("legal_floor_minor", sa.BigInteger(), nullable=True),
        sa.Column("vat_bp", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("key_value_item", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("cost_minor >= 0 AND landed_cost_minor >= 0", name=op.f("ck_product_cost")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_product_category_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("sku", name=op.f("uq_product_sku")),
    )
    op.create_index(op.f("ix_product_category_id"), "product", ["category_id"], unique=False)
    op.create_index(op.f("ix_product_gtin"), "product", ["gtin"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competitor_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("vat_bp", sa.Integer(), nullable=False),
        sa.Column("delivery_minor", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["competitor_id"], ["competitor.id"], name=op.f("fk_site_competitor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.create_index(op.f("ix_site_competitor_id"), "site", ["competitor_id"], unique=False)
    op.create_table(
        "blocked",
        sa.Column("pricing_run_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["pricing_run_id"], ["pricing_run.id"], name=op.f("fk_blocked_pricing_run_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_blocked_product_id")),
        sa.PrimaryKeyConstraint("pricing_run_id", "product_id", name=op.f("pk_blocked")),
    )
    op.create_table(
        "crawl_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("publication", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.CheckConstraint("publication IN ('published', 'suspect')", name=op.f("ck_crawl_run_publication")),
        sa.CheckConstraint("state IN ('running', 'complete', 'incomplete')", name=op.f("ck_crawl_run_state")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_crawl_run_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawl_run")),
    )
    op.create_index(op.f("ix_crawl_run_site_id_started_at"), "crawl_run", ["site_id", "started_at"], unique=False)
    op.create_table(
        "listing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=False),
        sa.Column("mpn", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_listing_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("site_id", "region", "key", name=op.f("uq_listing_site_id_region_key")),
    )
    op.create_index(op.f("ix_listing_gtin"), "listing", ["gtin"], unique=False)
    op.create_table(
        "own_price",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_own_price_price")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_own_price_product_id")),
        sa.PrimaryKeyConstraint("product_id", "valid_from", name=op.f("pk_own_price")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pricing_run_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_minor", sa.BigInteger(), nullable=False),
        sa.Column("proposed_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("trail", sa.JSON(), nullable=False),
        sa.Column("rivals", sa.JSON(), nullable=False),
        sa.Column("effect", sa.JSON(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'rejected', 'expired', 'applied')", name=op.f("ck_proposal_state")
        ),
        sa.ForeignKeyConstraint(["pricing_run_id"], ["pricing_run.id"], name=op.f("fk_proposal_pricing_run_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_proposal_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_pricing_run_id"), "proposal", ["pricing_run_id"], unique=False)
    op.create_index(op.f("ix_proposal_product_id"), "proposal", ["product_id"], unique=False)
    op.create_index(
        "uq_proposal_open_product",
        "proposal",
        ["product_id"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "sales",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units >= 0", name=op.f("ck_sales_units")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sales_product_id")),
        sa.PrimaryKeyConstraint("product_id", "sold_on", name=op.f("pk_sales")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("page_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_evidence_listing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("listing_id", "at", name=op.f("uq_evidence_listing_id_at")),
    )
    op.create_table(
        "match",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("method IN ('gtin', 'mpn', 'text', 'manual')", name=op.f("ck_match_method")),
        sa.CheckConstraint("state IN ('candidate', 'confirmed', 'rejected')", name=op.f("ck_match_state")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_match_listing_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_match_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
        sa.UniqueConstraint("listing_id", "product_id", name=op.f("uq_match_listing_id_product_id")),
    )
    op.create_index(op.f("ix_match_product_id"), "match", ["product_id"], unique=False)
    op.create_index(
        "uq_match_confirmed_listing",
        "match",
        ["listing_id"],
        unique=True,
        sqlite_where=sa.text("state = 'confirmed'"),
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.create_table(
        "observation",
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("regular_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('good', 'doubtful')", name=op.f("ck_observation_status")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_observation_evidence_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_observation_listing_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], name=op.f("fk_observation_run_id")),
        sa.PrimaryKeyConstraint("listing_id", "at", name=op.f("pk_observation")),
        sa.UniqueConstraint("run_id", "listing_id", name=op.f("uq_observation_run_id_listing_id")),
    )
    op.create_table(
        "state",
        sa.Column(
            "listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("good_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("regular_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_state_evidence_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_state_listing_id")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], name=op.f("fk_state_run_id")),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_state")),
    )
    op.create_table(
        "move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('permanent', 'promotion')", name=op.f("ck_move_kind")),
        sa.ForeignKeyConstraint(
            ["listing_id", "at"], ["observation.listing_id", "observation.at"], name=op.f("fk_move_listing_id_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move")),
        sa.UniqueConstraint("listing_id", "at", name=op.f("uq_move_listing_id_at")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'accepted', 'refused', 'cleared')", name=op.f("ck_quarantine_state")),
        sa.ForeignKeyConstraint(
            ["listing_id", "at"], ["observation.listing_id", "observation.at"], name=op.f("fk_quarantine_listing_id_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("listing_id", "at", name=op.f("uq_quarantine_listing_id_at")),
    )
    op.create_index(op.f("ix_quarantine_state"), "quarantine", ["state"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proposal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quarantine_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("match_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN proposal_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN quarantine_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN match_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_decision_one_subject"),
        ),
        sa.ForeignKeyConstraint(["match_id"], ["match.id"], name=op.f("fk_decision_match_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_decision_proposal_id")),
        sa.ForeignKeyConstraint(["quarantine_id"], ["quarantine.id"], name=op.f("fk_decision_quarantine_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_proposal_id"), "decision", ["proposal_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_decision_proposal_id"), table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_quarantine_state"), table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_table("move")
    op.drop_table("state")
    op.drop_table("observation")
    op.drop_index(
        "uq_match_confirmed_listing",
        table_name="match",
        sqlite_where=sa.text("state = 'confirmed'"),
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.drop_index(op.f("ix_match_product_id"), table_name="match")
    op.drop_table("match")
    op.drop_table("evidence")
    op.drop_table("sales")
    op.drop_index(
        "uq_proposal_open_product",
        table_name="proposal",
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.drop_index(op.f("ix_proposal_product_id"), table_name="proposal")
    op.drop_index(op.f("ix_proposal_pricing_run_id"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_table("own_price")
    op.drop_index(op.f("ix_listing_gtin"), table_name="listing")
    op.drop_table("listing")
    op.drop_index(op.f("ix_crawl_run_site_id_started_at"), table_name="crawl_run")
    op.drop_table("crawl_run")
    op.drop_table("blocked")
    op.drop_index(op.f("ix_site_competitor_id"), table_name="site")
    op.drop_table("site")
    op.drop_index(op.f("ix_product_gtin"), table_name="product")
    op.drop_index(op.f("ix_product_category_id"), table_name="product")
    op.drop_table("product")
    op.drop_index(op.f("ix_firing_state"), table_name="firing")
    op.drop_table("firing")
    op.drop_table("schedule")
    op.drop_table("pricing_run")
    op.drop_table("competitor")
    op.drop_table("category")
    op.drop_index(op.f("ix_alert_state"), table_name="alert")
    op.drop_table("alert")
