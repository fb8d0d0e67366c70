"""Forget what is over: old sightings, stories, alerts, deliveries, entries.

Nothing is forgotten that would make an old entry look new. An entry is remembered
while its feed still lists it and for `keep` after; its sightings as long as the entry;
an alert as long as its story has sightings. So `keep` must be longer than the log
keeps its records, or a replay of the log would alert again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, exists, select, tuple_

from monitor.store.schema import (
    alerts,
    feed_entries,
    outbox,
    pages,
    sightings,
    stories,
    story_signatures,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Table

KEEP = timedelta(days=90)
"""How long what is over is remembered, unless told otherwise."""

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
    steps = (
        (feed_entries, _gone_entries(before)),
        (pages, pages.c.wanted_at < before),
        (sightings, _old_sightings(before)),
        (outbox, _delivered(before)),
        (alerts, _told_alerts(before)),
        (story_signatures, _forgotten(story_signatures, before, "story")),
        (stories, _forgotten(stories, before, "id")),
    )
    return sum(_delete(conn, table, which, limit) for table, which in steps)


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
    return (
        (of.opened_at < before) & of.published_at.is_not(None) & ~sighted & ~undelivered
    )


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
