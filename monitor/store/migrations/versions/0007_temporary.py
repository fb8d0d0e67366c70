"""Stand in for the columns of stories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("family", "country", "discounted", "act", "lang"):
        op.add_column(
            "sightings",
            sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")),
        )
    op.add_column(
        "sightings",
        sa.Column("actors", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
    )
    op.create_index(
        "ix_sightings_topic_family_seen_at", "sightings", ["topic", "family", "seen_at"]
    )


def downgrade() -> None:
    """Drop the columns."""
