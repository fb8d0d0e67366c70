"""The tables of the state: feeds, sightings and stories, subscriptions to hubs.

Those of alerts and notifications stand in `schema_alerts`. Change a table together
with a new migration; a test holds the two equal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from monitor.store.columns import (
    AT_ONCE,
    EMPTY,
    Hints,
    RowNumber,
    UtcTime,
    Words,
    entry_key,
    metadata,
    microseconds,
)
from monitor.store.schema_alerts import (
    alert_changes,
    alert_subjects,
    alerts,
    entry_revisions,
    outbox,
)

__all__ = [
    "AT_ONCE",
    "alert_changes",
    "alert_subjects",
    "alerts",
    "entry_key",
    "entry_revisions",
    "feed_entries",
    "feed_health",
    "feed_hosts",
    "feeds",
    "metadata",
    "microseconds",
    "outbox",
    "rule_matters",
    "rule_tallies",
    "rule_watches",
    "sightings",
    "stories",
    "story_keys",
    "story_signatures",
    "story_sketches",
    "websub_subscriptions",
]

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
    Column("host", Text, nullable=False, server_default=EMPTY),
    # The interval that the schedule was made with, in seconds.
    Column("interval", Double),
    Column("hints", Hints, nullable=False, server_default=EMPTY),
    Column("moved_to", Words, nullable=False, server_default=EMPTY),
    Column("moves", Integer, nullable=False, server_default="0"),
    Column("stopped_since", UtcTime),
    Column("good_at", UtcTime),
    Column("paused_at", UtcTime),
    Column("watched", Boolean, nullable=False, server_default=false()),
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

# The list of the last body, as one text: it is written whole, when a body is new.
feed_windows = Table(
    "feed_windows",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("window", Words, nullable=False),
    Column("gaps", Integer, nullable=False),
    Column("gap_at", UtcTime),
    Column("withdrawn", Words, nullable=False),
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
    # Since when it is suspected that the publisher took it back.
    Column("withdrawn_at", UtcTime),
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
    Column("id", RowNumber, primary_key=True),
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
    # Who published it, and how it came into its story; "" where nobody said.
    # JSON: the publisher whole; what is asked for stands in columns of its own.
    Column("byline", Text, nullable=False, server_default=text("'{}'")),
    Column("family", Text, nullable=False, server_default=EMPTY),
    Column("country", Text, nullable=False, server_default=EMPTY),
    Column("agency", Text, nullable=False, server_default=EMPTY),
    Column("joined", Text, nullable=False, server_default=EMPTY),
    Column("copy_feed", Text),
    Column("copy_entry", Words),
    Column("discounted", Words, nullable=False, server_default=EMPTY),
    # A JSON list of concepts.
    Column("actors", Text, nullable=False, server_default=EMPTY),
    Column("act", Text, nullable=False, server_default=EMPTY),
    Column("lang", Text, nullable=False, server_default=EMPTY),
    Column("publisher", Text, nullable=False, server_default=EMPTY),
    # How long before it was fetched it was published, in seconds.
    Column("age", Double),
    # With the signature, because a crash can give two wordings one revision: the log
    # took the first, the poller died before it could remember that, and then the
    # publisher edited.
    UniqueConstraint("topic", "feed", "entry_key", "revision", "signature"),
    Index(None, "topic", "seen_at"),
    Index(None, "topic", "family", "seen_at"),
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
    Column("families", Integer, nullable=False, server_default="1"),
    # The story that took this one in, and now has its sightings.
    Column("merged_into", Text),
    Index(None, "topic", "last_seen_at"),
    Index(None, "last_seen_at"),
    Index(
        "ix_stories_merged_into",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
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
    # Null where an older program wrote the row; so is who had the text first.
    Column("first_seen_at", UtcTime),
    Column("feed", Text),
    Column("entry", Words),
    Column("is_edit", Boolean, nullable=False, server_default=false()),
    Index(None, "story"),
    Index(None, "last_seen_at"),
)

# What near-copies and rewrites are found by, kept for days only.
story_sketches = Table(
    "story_sketches",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("feed", Text, nullable=False),
    Column("entry", Words, nullable=False),
    Column("direction", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("sketch", LargeBinary, nullable=False),
    # The keys of its rows in story_keys, 8 bytes each; so pruning needs no index there.
    Column("keys", LargeBinary, nullable=False),
    Index(None, "story"),
    Index(None, "seen_at"),
)

# Sixteen narrow rows a sketch: the time is in microseconds since 1970.
story_keys = Table(
    "story_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("seen_us", BigInteger, primary_key=True, autoincrement=False),
    Column("sketch", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# How many stories a rule first accepted in each ten minutes.
rule_tallies = Table(
    "rule_tallies",
    metadata,
    # With a hash of what it accepts: a rule that was changed counts anew.
    Column("rule", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("stories", Integer, nullable=False),
    Index(None, "at"),
)

# Where the matters stand that rules follow.
rule_matters = Table(
    "rule_matters",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("last_at", UtcTime, nullable=False),
    Column("matter", Text, nullable=False),
    Index(None, "rule", "topic", "last_at"),
    Index(None, "last_at"),
)

# What rules expect, and whether it was seen.
rule_watches = Table(
    "rule_watches",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("watch", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index(None, "changed_at"),
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
