"""Add the entries whose page is to be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLE = "pages"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        TABLE,
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("wanted_at", TIME, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", TIME),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "entry_key", "revision", name=f"pk_{TABLE}"),
    )
    op.create_index(
        "ix_pages_due",
        TABLE,
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(f"ix_{TABLE}_wanted_at", TABLE, ["wanted_at"])


def downgrade() -> None:
    """Drop the table; entries stay classified as they are."""
    op.drop_table(TABLE)
