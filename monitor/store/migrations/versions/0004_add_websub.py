"""Add the subscriptions to hubs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLE = "websub_subscriptions"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        TABLE,
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("active_until", TIME),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("pushed_at", TIME),
        sa.PrimaryKeyConstraint("token", name=f"pk_{TABLE}"),
    )
    op.create_index(f"ix_{TABLE}_feed", TABLE, ["feed"])
    op.create_index(f"ix_{TABLE}_due_at", TABLE, ["due_at"])


def downgrade() -> None:
    """Drop the table; hubs end what they were asked by themselves."""
    op.drop_table(TABLE)
