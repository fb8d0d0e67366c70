"""Create the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table and index."""
    _feeds()
    _feed_entries()
    _sightings()
    _stories()
    _story_signatures()
    _alerts()
    _outbox()


def downgrade() -> None:
    """Drop every table, and what they hold."""
    for table in (
        "outbox",
        "alerts",
        "story_signatures",
        "stories",
        "sightings",
        "feed_entries",
        "feeds",
    ):
        op.drop_table(table)


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("error_since", TIME),
        sa.Column("polled_at", TIME),
        sa.Column("changed_at", TIME),
        sa.Column("next_poll_at", TIME, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
    )
    _index("feeds", "active", "next_poll_at")


def _feed_entries() -> None:
    op.create_table(
        "feed_entries",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("gone_since", TIME),
        sa.PrimaryKeyConstraint("feed", "entry_key", name="pk_feed_entries"),
    )
    is_gone = sa.text("gone_since IS NOT NULL")
    op.create_index(
        "ix_feed_entries_gone_since",
        "feed_entries",
        ["gone_since"],
        sqlite_where=is_gone,
        postgresql_where=is_gone,
    )


def _sightings() -> None:
    op.create_table(
        "sightings",
        # SQLite numbers rows only in a column that is exactly INTEGER.
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sightings"),
        sa.UniqueConstraint(
            "topic",
            "feed",
            "entry_key",
            "revision",
            "signature",
            name="uq_sightings_topic_feed_entry_key_revision_signature",
        ),
    )
    _index("sightings", "topic", "seen_at")
    _index("sightings", "story", "seen_at")
    _index("sightings", "seen_at")


def _stories() -> None:
    op.create_table(
        "stories",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    _index("stories", "topic", "last_seen_at")
    _index("stories", "last_seen_at")


def _story_signatures() -> None:
    op.create_table(
        "story_signatures",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint(
            "topic", "signature", "story", name="pk_story_signatures"
        ),
    )
    _index("story_signatures", "story")
    _index("story_signatures", "last_seen_at")


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("published_at", TIME),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("rule", "story", name="uq_alerts_rule_story"),
    )
    _index("alerts", "rule", "opened_at")
    _index("alerts", "topic", "opened_at")
    _index("alerts", "opened_at")
    _index("alerts", "story")
    is_unpublished = sa.text("published_at IS NULL")
    op.create_index(
        "ix_alerts_unpublished",
        "alerts",
        ["opened_at"],
        sqlite_where=is_unpublished,
        postgresql_where=is_unpublished,
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", TIME),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("tried_at", TIME),
        sa.Column("delivered_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    _index("outbox", "receiver", "state", "due_at", "created_at")
    _index("outbox", "alert")
    _index("outbox", "state", "delivered_at")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
