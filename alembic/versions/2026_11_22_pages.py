"""The pages of each site, with their validators and listings; how often each listing changes."""

import sqlalchemy as sa
from alembic import op

from pricevane.storage.base import UtcDateTime

revision = "pages"
down_revision = "terms_and_memory"
branch_labels = None
depends_on = None


RATE = ("rate_changes", "rate_days")


def upgrade() -> None:
    for name in RATE:
        op.add_column("state", sa.Column(name, sa.Double(), nullable=False, server_default="0"))
    op.create_table(
        "page",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("listings", sa.JSON(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_page_site_id"),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], name="fk_page_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
        sa.UniqueConstraint("site_id", "region", "url", name="uq_page_site_id_region_url"),
    )


def downgrade() -> None:
    op.drop_table("page")
    for name in RATE:
        op.drop_column("state", name)
