"""Forget what is over: old sightings, stories, alerts, deliveries, entries, sketches.

Nothing is forgotten that would make an old entry look new. An entry is remembered
while its feed still lists it and for `keep` after; its sightings as long as the entry;
an alert as long as its story has sightings. So `keep` must be longer than the log
keeps its records, or a replay of the log would alert again. Sketches go much sooner:
what comes days later is a story of its own.
"""

from __future__ import annotations

from array import array
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, delete, exists, select, tuple_

from monitor.store.schema import (
    alert_changes,
    alert_subjects,
    alerts,
    entry_revisions,
    feed_entries,
    microseconds,
    outbox,
    rule_matters,
    rule_tallies,
    rule_watches,
    sightings,
    stories,
    story_keys,
    story_signatures,
    story_sketches,
)
from monitor.store.sql import batches
from monitor.stories.index import COPY_WINDOW

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Table

KEEP = timedelta(days=90)
"""How long what is over is remembered, unless told otherwise."""

_SLOWER = 4
"""A sketch takes its sixteen keys along, so fewer go at once."""

BATCH = 2000
"""Rows of each table deleted in one call, so that nobody waits long for a lock."""


def prune(
    conn: Connection, now: datetime, keep: timedelta = KEEP, *, limit: int = BATCH
) -> int:
    """Delete what has been over for `keep`; return the number of rows deleted.

    At most `limit` rows of each table go in one call; call again until it returns 0
    to be done. Dead notifications stay until somebody replays them.
    """
    before = now - keep
    # In this order each step makes room for the next.
    first = (
        (feed_entries, _gone_entries(before)),
        (sightings, _old_sightings(before)),
        (outbox, _delivered(before)),
    )
    last = (
        (entry_revisions, entry_revisions.c.seen_at < before),
        (story_signatures, _forgotten(story_signatures, before, "story")),
        (stories, _forgotten(stories, before, "id")),
        (rule_tallies, rule_tallies.c.at < before),
        (rule_matters, rule_matters.c.last_at < before),
        (rule_watches, rule_watches.c.changed_at < before),
    )
    deleted = sum(_delete(conn, table, which, limit) for table, which in first)
    deleted += _delete_alerts(conn, before, limit)
    deleted += sum(_delete(conn, table, which, limit) for table, which in last)
    return deleted + _delete_sketches(conn, now - min(keep, COPY_WINDOW), limit)


def _delete_alerts(conn: Connection, before: datetime, limit: int) -> int:
    """Delete alerts with what was told of them and what they were about."""
    chosen = select(alerts.c.id).where(_told_alerts(before)).limit(limit)
    if conn.dialect.name == "postgresql":
        chosen = chosen.with_for_update(of=alerts, skip_locked=True)
    ids = list(conn.execute(chosen).scalars())
    for some in batches(ids):
        conn.execute(delete(alert_changes).where(alert_changes.c.alert.in_(some)))
        conn.execute(delete(alert_subjects).where(alert_subjects.c.alert.in_(some)))
        conn.execute(delete(alerts).where(alerts.c.id.in_(some)))
    return len(ids)


def _delete_sketches(conn: Connection, before: datetime, limit: int) -> int:
    """Delete sketches that nothing new can be compared with any more.

    Each says which keys it is filed under, so the keys need no index of their own.
    """
    of = story_sketches.c
    old = conn.execute(
        select(of.id, of.seen_at, of["keys"])
        .where(of.seen_at < before)
        .order_by(of.seen_at)
        .limit(max(1, limit // _SLOWER))
    ).all()
    rows = [
        {"of_key": key, "of_seen": microseconds(row.seen_at), "of_sketch": row.id}
        for row in old
        for key in array("q", row[2])
    ]
    filed = story_keys.c
    if rows:
        which = (
            (filed.key == bindparam("of_key"))
            & (filed.seen_us == bindparam("of_seen"))
            & (filed.sketch == bindparam("of_sketch"))
        )
        conn.execute(delete(story_keys).where(which), rows)
    conn.execute(delete(story_sketches).where(of.id.in_([row.id for row in old])))
    return len(old)


def _gone_entries(before: datetime) -> ColumnElement[bool]:
    return feed_entries.c.gone_since < before


def _old_sightings(before: datetime) -> ColumnElement[bool]:
    seen, entry = sightings.c, feed_entries.c
    remembered = exists().where(
        entry.feed == seen.feed, entry.entry_key == seen.entry_key
    )
    return (seen.seen_at < before) & ~remembered


def _delivered(before: datetime) -> ColumnElement[bool]:
    return (outbox.c.state == "delivered") & (outbox.c.delivered_at < before)


def _told_alerts(before: datetime) -> ColumnElement[bool]:
    of = alerts.c
    sighted = exists().where(sightings.c.story == of.story)
    undelivered = exists().where(outbox.c.alert == of.id)
    change = alert_changes.c
    unpublished = exists().where(change.alert == of.id, change.published_at.is_(None))
    return (of.told_at < before) & ~unpublished & ~sighted & ~undelivered


def _forgotten(table: Table, before: datetime, story: str) -> ColumnElement[bool]:
    of = table.c
    sighted = exists().where(sightings.c.story == of[story])
    alerted = exists().where(alerts.c.story == of[story])
    return (of.last_seen_at < before) & ~sighted & ~alerted


def _delete(
    conn: Connection, table: Table, which: ColumnElement[bool], limit: int
) -> int:
    key = tuple(table.primary_key.columns)
    chosen = select(*key).where(which).limit(limit)
    if conn.dialect.name == "postgresql":
        # A row somebody works on is in use; it can go next time.
        chosen = chosen.with_for_update(of=table, skip_locked=True)
    return conn.execute(delete(table).where(tuple_(*key).in_(chosen))).rowcount
