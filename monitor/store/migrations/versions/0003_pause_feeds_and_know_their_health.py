"""Let feeds be paused, and remember how each of them usually is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the times of the last good poll and of a pause, and what is usual."""
    op.add_column("feeds", sa.Column("good_at", TIME))
    op.add_column("feeds", sa.Column("paused_at", TIME))
    op.create_table(
        "feed_health",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("known_since", TIME, nullable=False),
        sa.Column("bodies", sa.Integer(), nullable=False),
        sa.Column("usual_entries", sa.Double(), nullable=False),
        sa.Column("news_at", TIME),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("usual_gap", sa.Double(), nullable=False),
        sa.Column("longest_gap", sa.Double(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", TIME),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_health"),
    )


def downgrade() -> None:
    """Forget pauses and health."""
    op.drop_table("feed_health")
    op.drop_column("feeds", "paused_at")
    op.drop_column("feeds", "good_at")
