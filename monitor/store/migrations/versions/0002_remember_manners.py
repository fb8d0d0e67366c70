"""Remember what publishers ask of pollers, and index the schedule for many feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
COLUMNS = ("host", "interval", "hints", "moved_to", "moves", "stopped_since")


def upgrade() -> None:
    """Add the columns, the table of hosts and the indexes."""
    for column in (
        sa.Column("host", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("interval", sa.Double()),
        sa.Column("hints", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("moved_to", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("moves", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("stopped_since", TIME),
    ):
        op.add_column("feeds", column)
    op.drop_index("ix_feeds_active_next_poll_at", "feeds")
    op.create_index(
        "ix_feeds_due",
        "feeds",
        ["next_poll_at", "id"],
        sqlite_where=sa.text("active IS 1 AND stopped_since IS NULL"),
        postgresql_where=sa.text("active IS true AND stopped_since IS NULL"),
    )
    is_leased = sa.text("leased_until IS NOT NULL")
    op.create_index(
        "ix_feeds_leased",
        "feeds",
        ["leased_until"],
        sqlite_where=is_leased,
        postgresql_where=is_leased,
    )
    op.create_table(
        "feed_hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("free_at", TIME, nullable=False),
        sa.Column("queued_until", TIME, nullable=False),
        sa.Column("held_until", TIME),
        sa.PrimaryKeyConstraint("host", name="pk_feed_hosts"),
    )


def downgrade() -> None:
    """Drop them again; a feed that had moved or stopped is asked as before."""
    op.drop_table("feed_hosts")
    op.drop_index("ix_feeds_leased", "feeds")
    op.drop_index("ix_feeds_due", "feeds")
    op.create_index("ix_feeds_active_next_poll_at", "feeds", ["active", "next_poll_at"])
    for column in reversed(COLUMNS):
        op.drop_column("feeds", column)
