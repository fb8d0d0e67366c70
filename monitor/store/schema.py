"""The tables of the state, and how values are written into them.

Times are compared inside the database, so one type fits both: aware UTC in Python,
`timestamptz` on PostgreSQL, text of fixed width on SQLite. An entry's id may be longer
than an index allows; tables key on `entry_key`, its hash. Change a table here together
with a new migration; a test holds the two equal.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from monitor.feed_model import NO_HINTS, FeedHints

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""A due time that has always passed, whatever the clocks of two machines say."""


class UtcTime(TypeDecorator[datetime]):
    """Store an aware time; give it back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Turn an aware time into UTC, without its zone where that is not stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Return the stored time in UTC; PostgreSQL answers in the session's zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Store text from outside, which may hold what a database refuses.

    PostgreSQL has no NUL character and neither database takes half a surrogate pair;
    both become U+FFFD. Never key on such a column.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace the characters that cannot be stored."""
        if value is None:
            return None
        clean = value.replace("\0", "\ufffd")
        return clean.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


class Hints(TypeDecorator[FeedHints]):
    """Store a feed's hints as JSON, "" where there are none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: FeedHints | None, dialect: Dialect) -> str:
        """Return the hints as JSON."""
        if value is None or value == NO_HINTS:
            return ""
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> FeedHints:
        """Return the stored hints."""
        return _hints(value) if value else NO_HINTS


@lru_cache(maxsize=10_000)
def _hints(text_: str) -> FeedHints:
    return msgspec.json.decode(text_, type=FeedHints)


def entry_key(entry_id: str) -> str:
    """Return what stands for an entry's id in keys: 40 hex digits of its SHA-256."""
    return hashlib.sha256(entry_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


# SQLite numbers rows only in a column that is exactly INTEGER.
_RowNumber = BigInteger().with_variant(Integer, "sqlite")

# Alembic takes a plain "" for a default other than the one it finds on SQLite.
_EMPTY = text("''")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("etag", Words, nullable=False),
    Column("last_modified", Words, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Words, nullable=False),
    Column("error_since", UtcTime),
    Column("polled_at", UtcTime),
    Column("changed_at", UtcTime),
    Column("next_poll_at", UtcTime, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("leased_by", Text),
    Column("leased_until", UtcTime),
    Column("host", Text, nullable=False, server_default=_EMPTY),
    # The interval that the schedule was made with, in seconds.
    Column("interval", Double),
    Column("hints", Hints, nullable=False, server_default=_EMPTY),
    Column("moved_to", Words, nullable=False, server_default=_EMPTY),
    Column("moves", Integer, nullable=False, server_default="0"),
    Column("stopped_since", UtcTime),
    Column("good_at", UtcTime),
    Column("paused_at", UtcTime),
    Index(
        "ix_feeds_due",
        "next_poll_at",
        "id",
        sqlite_where=text("active IS 1 AND stopped_since IS NULL"),
        postgresql_where=text("active IS true AND stopped_since IS NULL"),
    ),
    Index(
        "ix_feeds_leased",
        "leased_until",
        sqlite_where=text("leased_until IS NOT NULL"),
        postgresql_where=text("leased_until IS NOT NULL"),
    ),
)

# Only hosts that are spaced have a row here.
feed_hosts = Table(
    "feed_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("free_at", UtcTime, nullable=False),
    Column("queued_until", UtcTime, nullable=False),
    Column("held_until", UtcTime),
)

# Written when a body is new, which is seldom; what needs the present time, such as
# whether a feed is quiet, is judged by whoever reads.
feed_health = Table(
    "feed_health",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("title", Words, nullable=False),
    Column("known_since", UtcTime, nullable=False),
    Column("bodies", Integer, nullable=False),
    Column("usual_entries", Double, nullable=False),
    Column("news_at", UtcTime),
    Column("gaps", Integer, nullable=False),
    Column("usual_gap", Double, nullable=False),
    Column("longest_gap", Double, nullable=False),
    Column("problem", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("since", UtcTime),
)

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry_key", Text, primary_key=True),
    Column("entry_id", Words, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    # Null while the entry is in the feed; rewriting a "last seen" of every entry at
    # every poll would cost more than all other writes together.
    Column("gone_since", UtcTime),
    Index(
        "ix_feed_entries_gone_since",
        "gone_since",
        sqlite_where=text("gone_since IS NOT NULL"),
        postgresql_where=text("gone_since IS NOT NULL"),
    ),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", _RowNumber, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("entry_key", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("signature", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("score", Double, nullable=False),
    Column("direction", Text, nullable=False),
    Column("is_first", Boolean, nullable=False),
    Column("entry", Text, nullable=False),
    Column("spans", Text, nullable=False),
    # With the signature, because a crash can give two wordings one revision: the log
    # took the first, the poller died before it could remember that, and then the
    # publisher edited.
    UniqueConstraint("topic", "feed", "entry_key", "revision", "signature"),
    Index(None, "topic", "seen_at"),
    Index(None, "story", "seen_at"),
    Index(None, "seen_at"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("sightings", Integer, nullable=False),
    Index(None, "topic", "last_seen_at"),
    Index(None, "last_seen_at"),
)

story_signatures = Table(
    "story_signatures",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("signature", Text, primary_key=True),
    Column("story", Text, primary_key=True),
    # Stories that had the signature before this one. Kept, not counted anew: pruning
    # an old story must not give its number to a new one.
    Column("generation", Integer, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Index(None, "story"),
    Index(None, "last_seen_at"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("published_at", UtcTime),
    Column("alert", Text, nullable=False),
    UniqueConstraint("rule", "story"),
    Index(None, "rule", "opened_at"),
    Index(None, "topic", "opened_at"),
    Index(None, "opened_at"),
    Index(None, "story"),
    Index(
        "ix_alerts_unpublished",
        "opened_at",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
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

# Entries whose page is to be read. A row stays when that is done, so that an entry which
# the log delivers again is not read again.
pages = Table(
    "pages",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry_key", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("url", Words, nullable=False),
    Column("host", Text, nullable=False),
    # The entry as the feed gave it; "" when its page was read, or given up.
    Column("entry", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("wanted_at", UtcTime, nullable=False),
    # Null when there is nothing left to do.
    Column("due_at", UtcTime),
    Column("leased_by", Text),
    Column("leased_until", UtcTime),
    Column("outcome", Text, nullable=False),
    Column("error", Words, nullable=False),
    Column("canonical", Words, nullable=False),
    Index(
        "ix_pages_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(None, "wanted_at"),
)

websub_subscriptions = Table(
    "websub_subscriptions",
    metadata,
    # The secret part of the callback's address: who knows it may speak for the hub.
    Column("token", Text, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("wanted", Boolean, nullable=False),
    # "subscribe" or "unsubscribe" while the hub has still to verify it, else "".
    Column("asked", Text, nullable=False),
    Column("active_until", UtcTime),
    Column("due_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("pushed_at", UtcTime),
    Index(None, "feed"),
    Index(None, "due_at"),
)
