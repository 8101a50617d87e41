"""What a page says beside the price: unit price, shipping, promotion, stock, pack; and what a site's crawls learned."""

import sqlalchemy as sa
from alembic import op

revision = "terms_and_memory"
down_revision = "foundation"
branch_labels = None
depends_on = None


def text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def mapping(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(), nullable=False, server_default="{}")


def reading() -> list[sa.Column]:
    return [
        sa.Column("unit_price_micro", sa.BigInteger(), nullable=True),
        text("unit_base"),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=True),
        text("promotion"),
        sa.Column("promotion_ends_on", sa.Date(), nullable=True),
        sa.Column("seller_is_shop", sa.Boolean(), nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
    ]


def added() -> dict[str, list[sa.Column]]:
    return {
        "site": [mapping("learned")],
        "listing": [text("pack"), mapping("attributes")],
        "evidence": [text("currency_raw")],
        "observation": reading(),
        "state": reading(),
    }


def upgrade() -> None:
    for table, columns in added().items():
        for column in columns:
            op.add_column(table, column)


def downgrade() -> None:
    for table, columns in added().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
