"""What `assess` remembers, on the database: the twin of `monitor.stories.memory`.

One instance lives within one transaction. Two processes that assess the same topic,
as happens while partitions move, take turns: the first question about a topic takes a
lock on it that the end of the transaction gives back. A rule over several topics is
locked when its history is asked for, so of two sightings that together make a burst
the later one sees the earlier.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import (
    ColumnElement,
    bindparam,
    case,
    func,
    select,
    update,
)

from monitor.codec import decode, encode
from monitor.model import Alert, Entry
from monitor.store.history import SqlHistory
from monitor.store.schema import (
    AT_ONCE,
    alerts,
    entry_key,
    outbox,
    sightings,
    stories,
    story_signatures,
)
from monitor.store.sql import insert, insert_all_new, insert_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Executable

    from monitor.model import Notification, Sighting


class SqlAssessState(SqlHistory):
    """Hold what `assess` must remember between two matches.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def story_of_entry(self, topic: str, feed: str, entry_id: str) -> str | None:
        """Return the story that an earlier revision of this entry joined, if any."""
        self._lock("topic", topic)
        seen = sightings.c
        found = self._conn.execute(
            select(seen.story)
            .where(
                seen.topic == topic,
                seen.feed == feed,
                seen.entry_key == entry_key(entry_id),
            )
            .order_by(seen.revision)
            .limit(1)
        )
        return found.scalar_one_or_none()

    def story_of_copy(
        self, topic: str, signature: str, since: datetime
    ) -> tuple[str | None, int]:
        """Return the story with this signature last sighted at or after `since`.

        The second value counts the topic's stories that ever had the signature.
        """
        self._lock("topic", topic)
        of = story_signatures.c
        found = self._conn.execute(
            select(of.story, of.last_seen_at, of.generation)
            .where(of.topic == topic, of.signature == signature)
            .order_by(of.last_seen_at.desc(), of.story.desc())
        ).all()
        if not found:
            return None, 0
        latest = found[0]
        story = latest.story if latest.last_seen_at >= since else None
        return story, 1 + max(row.generation for row in found)

    def add(self, sighting: Sighting, signature: str) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        match = sighting.match
        self._lock("topic", match.topic)
        row = {
            "topic": match.topic,
            "feed": match.entry.feed,
            "entry_key": entry_key(match.entry.id),
            "revision": match.entry.revision,
            "signature": signature,
            "story": sighting.story,
            "seen_at": sighting.seen_at,
            "score": match.score,
            "direction": match.direction,
            "is_first": sighting.is_first,
            "entry": encode(match.entry).decode(),
            "spans": msgspec.json.encode(match.spans).decode(),
            "family": sighting.publisher.family,
            "country": sighting.publisher.country,
            "publisher": sighting.publisher.name,
            "discounted": sighting.discounted,
            "actors": json.dumps(match.actors),
            "act": match.act,
            "lang": match.entry.lang,
            "age": age_of(match.entry),
        }
        if not insert_new(self._conn, sightings, row):
            return False
        self._count_in(sighting, signature)
        self._remember_signature(sighting, signature)
        return True

    def _count_in(self, sighting: Sighting, signature: str) -> None:
        row = {
            "id": sighting.story,
            "topic": sighting.match.topic,
            "signature": signature,
            "opened_at": sighting.seen_at,
            "last_seen_at": sighting.seen_at,
            "sightings": 1,
        }
        self._conn.execute(_count_in(self._conn.dialect.name), row)

    def _remember_signature(self, sighting: Sighting, signature: str) -> None:
        topic = sighting.match.topic
        row = {
            "topic": topic,
            "signature": signature,
            "story": sighting.story,
            "last_seen_at": sighting.seen_at,
            # A column's own name is taken, in an insert, by the column's value.
            "of": topic,
            "having": signature,
        }
        self._conn.execute(_remember_signature(self._conn.dialect.name), row)

    def open_alert(self, alert: Alert, notifications: Sequence[Notification]) -> bool:
        """Store an alert and its notifications; False if the alert was there."""
        row = {
            "id": alert.id,
            "rule": alert.rule,
            "story": alert.story,
            "topic": alert.topic,
            "status": alert.status,
            "opened_at": alert.opened_at,
            "published_at": None,
            "alert": encode(alert).decode(),
        }
        if not insert_new(self._conn, alerts, row):
            return False
        rows = [_outbox_row(notification, alert) for notification in notifications]
        insert_all_new(self._conn, outbox, rows)
        return True

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert as it stands."""
        found = self._conn.execute(
            select(alerts.c.alert).where(alerts.c.id == alert_id)
        )
        stored = found.scalar_one_or_none()
        return decode(stored.encode(), Alert) if stored else None

    def update_alert(self, alert: Alert, notifications: Sequence[Notification]) -> None:
        """Store what became of an alert, and the notifications of it."""
        # What stream `alerts` said of it is out of date.
        self._conn.execute(
            update(alerts)
            .where(alerts.c.id == alert.id)
            .values(
                status=alert.status, alert=encode(alert).decode(), published_at=None
            )
        )
        rows = [_outbox_row(notification, alert) for notification in notifications]
        insert_all_new(self._conn, outbox, rows)


def age_of(entry: Entry) -> float | None:
    """Return how long before it was fetched an entry was published, in seconds."""
    if entry.published_at is None:
        return None
    return (entry.fetched_at - entry.published_at).total_seconds()


@lru_cache(maxsize=2)
def _count_in(dialect: str) -> Executable:
    statement = insert(dialect, stories)
    new, old = statement.excluded, stories.c
    return statement.on_conflict_do_update(
        index_elements=[old.id],
        set_={
            "last_seen_at": _later(old.last_seen_at, new.last_seen_at),
            "sightings": old.sightings + 1,
        },
    )


@lru_cache(maxsize=2)
def _remember_signature(dialect: str) -> Executable:
    of = story_signatures.c
    generation = (
        select(func.coalesce(func.max(of.generation) + 1, 0))
        .where(of.topic == bindparam("of"), of.signature == bindparam("having"))
        .scalar_subquery()
    )
    statement = insert(dialect, story_signatures).values(generation=generation)
    last_seen_at = _later(of.last_seen_at, statement.excluded.last_seen_at)
    return statement.on_conflict_do_update(
        index_elements=[of.topic, of.signature, of.story],
        set_={"last_seen_at": last_seen_at},
    )


def _later(
    one: ColumnElement[datetime], other: ColumnElement[datetime]
) -> ColumnElement[datetime]:
    return case((one > other, one), else_=other)


def _outbox_row(notification: Notification, alert: Alert) -> dict[str, object]:
    return {
        "id": notification.id,
        "receiver": notification.receiver,
        "alert": notification.alert,
        "reason": notification.reason,
        "content_type": notification.content_type,
        "body": notification.body,
        "created_at": notification.created_at,
        "fetched_at": alert.match.entry.fetched_at,
        "state": "pending",
        "attempts": 0,
        "due_at": AT_ONCE,
        "last_error": "",
    }
