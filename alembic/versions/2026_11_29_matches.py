"""Matches with what speaks against them, what they were judged by, and decisions that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "matches"
down_revision = "pages"
branch_labels = None
depends_on = None

CHECKS = {
    "method": ("method IN ('gtin', 'mpn', 'text', 'manual')", "method IN ('gtin', 'mpn', 'sku', 'text', 'manual')"),
    "state": (
        "state IN ('candidate', 'confirmed', 'rejected')",
        "state IN ('candidate', 'confirmed', 'rejected', 'abstained')",
    ),
}


def text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def mapping(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(), nullable=False, server_default="{}")


def added() -> dict[str, list[sa.Column]]:
    return {
        "listing": [text("judged")],
        "match": [
            text("veto"),
            text("flag"),
            sa.Column("factor", sa.Double(), nullable=True),
            sa.Column("comparable", sa.Boolean(), nullable=False, server_default=sa.false()),
            mapping("evidence"),
        ],
        "decision": [mapping("before")],
    }


def exchange(of: int) -> None:
    with op.batch_alter_table("match") as batch:
        for name, rules in CHECKS.items():
            batch.drop_constraint(op.f(f"ck_match_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_match_{name}"), rules[of])


def upgrade() -> None:
    for table, columns in added().items():
        for column in columns:
            op.add_column(table, column)
    exchange(1)


def downgrade() -> None:
    # What the first tables cannot say is found anew by the next match.
    op.execute(
        "DELETE FROM match WHERE (state = 'abstained' OR method = 'sku')"
        " AND id NOT IN (SELECT match_id FROM decision WHERE match_id IS NOT NULL)"
    )
    op.execute("UPDATE match SET state = 'rejected' WHERE state = 'abstained'")
    op.execute("UPDATE match SET method = 'text' WHERE method = 'sku'")
    exchange(0)
    for table, columns in added().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
