"""The tables of alerts: what they are, how they changed, who is told.

Change a table together with a new migration; a test holds the two equal.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.store.columns import UtcTime, Words, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    # When it was told of last: at its opening, or at its latest change.
    Column("told_at", UtcTime, nullable=False),
    Column("alert", Text, nullable=False),
    UniqueConstraint("rule", "subject"),
    Index(None, "rule", "opened_at"),
    Index(None, "topic", "opened_at"),
    Index(None, "rule", "topic", "told_at"),
    Index(None, "told_at"),
    Index(None, "story"),
)

# What an alert is about: its own subject, its stories, and those folded into it.
alert_subjects = Table(
    "alert_subjects",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("alert", Text, nullable=False),
    Index(None, "subject"),
    Index(None, "alert"),
)

alert_changes = Table(
    "alert_changes",
    metadata,
    Column("alert", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("published_at", UtcTime),
    Index(
        "ix_alert_changes_unpublished",
        "at",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
)

# Edits after which an entry is no longer about some topic, and entries that a feed
# took away: both leave no match behind.
entry_revisions = Table(
    "entry_revisions",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry_key", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    # JSON: the topics that this wording is still about.
    Column("topics", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Index(None, "seen_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("receiver", Text, nullable=False),
    Column("alert", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_by", Text),
    Column("leased_until", UtcTime),
    Column("last_error", Words, nullable=False),
    Column("tried_at", UtcTime),
    Column("delivered_at", UtcTime),
    Index(None, "receiver", "state", "due_at", "created_at"),
    Index(None, "alert"),
    Index(None, "state", "delivered_at"),
)
