"""What the life of alerts remembers, on the database: the twin of the one in memory.

One instance lives within one transaction, whose topic is locked by whoever asks
(`monitor.store.assess`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, update

from monitor.alerting.book import MAX_TOLD
from monitor.codec import decode, encode
from monitor.model import Alert, Entry, Match, Span
from monitor.store.columns import AT_ONCE, entry_key
from monitor.store.schema import (
    alert_changes,
    alert_subjects,
    alerts,
    entry_revisions,
    outbox,
    sightings,
)
from monitor.store.sql import insert, insert_all_new, insert_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Executable

    from monitor.alerting.book import Step
    from monitor.model import Notification, Revision


class SqlAlertBook:
    """Remember alerts, their changes, and what became of entries.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def has_alert(self, rule: str, subject: str) -> bool:
        """Say whether this rule has ever fired about this subject."""
        return self._alert_id(rule, subject) is not None

    def alert_about(self, rule: str, subject: str) -> Alert | None:
        """Return the alert of a rule about a subject, if there ever was one."""
        found = self._alert_id(rule, subject)
        return None if found is None else self._alert(found)

    def told_lately(
        self, rule: str, topic: str, since: datetime, until: datetime
    ) -> Sequence[Alert]:
        """List the alerts of a rule on a topic told between two times, newest first."""
        row = alerts.c
        found = self._conn.execute(
            select(row.alert)
            .where(
                row.rule == rule,
                row.topic == topic,
                row.told_at > since,
                row.told_at < until,
            )
            .order_by(row.told_at.desc(), row.id)
            .limit(MAX_TOLD)
        ).scalars()
        return [decode(text.encode(), Alert) for text in found]

    def alerts_of_story(self, story: str) -> Sequence[Alert]:
        """List the alerts that a story is a subject of, in order of their ids."""
        about = alert_subjects.c
        found = self._conn.execute(
            select(alerts.c.alert)
            .join(alert_subjects, about.alert == alerts.c.id)
            .where(about.subject == story)
            .order_by(alerts.c.id)
        ).scalars()
        return [decode(text.encode(), Alert) for text in found]

    def latest_match(self, topic: str, feed: str, entry_id: str) -> Match | None:
        """Return what an entry's latest wording said about a topic."""
        seen = sightings.c
        row = self._conn.execute(
            select(
                seen.score,
                seen.direction,
                seen.entry,
                seen.spans,
                seen.actors,
                seen.act,
            )
            .where(
                seen.topic == topic,
                seen.feed == feed,
                seen.entry_key == entry_key(entry_id),
            )
            .order_by(seen.revision.desc(), seen.id.desc())
            .limit(1)
        ).first()
        if row is None:
            return None
        return Match(
            topic=topic,
            score=row.score,
            direction=row.direction,
            spans=msgspec.json.decode(row.spans, type=tuple[Span, ...]),
            entry=decode(row.entry.encode(), Entry),
            actors=msgspec.json.decode(row.actors or "[]", type=tuple[str, ...]),
            act=row.act,
        )

    def save(self, step: Step, notifications: Sequence[Notification]) -> None:
        """Store a step in an alert's life, and whom it is told to."""
        alert, change = step.alert, step.change
        row = {
            "id": alert.id,
            "rule": alert.rule,
            "subject": alert.subject,
            "story": alert.story,
            "topic": alert.topic,
            "status": alert.status,
            "opened_at": alert.opened_at,
            "told_at": alert.updated_at or alert.opened_at,
            "alert": encode(alert).decode(),
        }
        self._conn.execute(_save(self._conn.dialect.name), row)
        self.move_subjects(alert, (alert.subject, *step.subjects))
        if change is None:
            return
        changed = {
            "alert": alert.id,
            "number": alert.number,
            "at": change.at,
            "kind": change.kind,
            "change": encode(change).decode(),
            "published_at": None,
        }
        insert_new(self._conn, alert_changes, changed)
        rows = [_outbox_row(notification, alert) for notification in notifications]
        insert_all_new(self._conn, outbox, rows)

    def move_subjects(self, alert: Alert, subjects: Iterable[str]) -> None:
        """Let an alert be the one about these subjects, under its rule."""
        statement = _point(self._conn.dialect.name)
        for subject in dict.fromkeys(subjects):
            row = {"rule": alert.rule, "subject": subject, "alert": alert.id}
            self._conn.execute(statement, row)

    def note(self, revision: Revision) -> bool:
        """Remember what became of an entry; False if that was known.

        Of one wording, fewer topics are news: its page settled what was open.
        """
        row = {
            "feed": revision.feed,
            "entry_key": entry_key(revision.entry_id),
            "revision": revision.revision,
            "kind": revision.kind,
            "topics": msgspec.json.encode(revision.topics).decode(),
            "seen_at": revision.seen_at,
        }
        return insert_new(self._conn, entry_revisions, row) or self._narrow(row)

    def _narrow(self, row: dict[str, Any]) -> bool:
        """Keep the topics of a known wording if they are fewer; say whether they are."""
        of = entry_revisions.c
        its = [
            of[name] == row[name] for name in ("feed", "entry_key", "revision", "kind")
        ]
        known = self._conn.execute(
            select(of.topics).where(*its).with_for_update()
        ).scalar_one()
        if not set(msgspec.json.decode(row["topics"])) < set(
            msgspec.json.decode(known)
        ):
            return False
        self._conn.execute(
            update(entry_revisions).where(*its).values(topics=row["topics"])
        )
        return True

    def is_superseded(self, match: Match) -> bool:
        """Say whether a later wording of the entry is known to be off the topic."""
        of, entry = entry_revisions.c, match.entry
        found = self._conn.execute(
            select(of.topics).where(
                of.feed == entry.feed,
                of.entry_key == entry_key(entry.id),
                of.revision > entry.revision,
                of.kind == "edited",
            )
        ).scalars()
        return any(match.topic not in msgspec.json.decode(text) for text in found)

    def topics_of_entry(self, feed: str, entry_id: str) -> Sequence[str]:
        """List the topics that an entry was ever about, in order of their names."""
        seen = sightings.c
        found = self._conn.execute(
            select(seen.topic)
            .where(seen.feed == feed, seen.entry_key == entry_key(entry_id))
            .distinct()
            .order_by(seen.topic)
        ).scalars()
        return list(found)

    def _alert_id(self, rule: str, subject: str) -> str | None:
        about = alert_subjects.c
        found = self._conn.execute(
            select(about.alert).where(about.rule == rule, about.subject == subject)
        )
        return found.scalar_one_or_none()

    def _alert(self, alert: str) -> Alert | None:
        found = self._conn.execute(
            select(alerts.c.alert).where(alerts.c.id == alert)
        ).scalar_one_or_none()
        return None if found is None else decode(found.encode(), Alert)


@lru_cache(maxsize=2)
def _save(dialect: str) -> Executable:
    statement = insert(dialect, alerts)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[alerts.c.id],
        set_={"status": new.status, "told_at": new.told_at, "alert": new.alert},
    )


@lru_cache(maxsize=2)
def _point(dialect: str) -> Executable:
    statement = insert(dialect, alert_subjects)
    about = alert_subjects.c
    return statement.on_conflict_do_update(
        index_elements=[about.rule, about.subject],
        set_={"alert": statement.excluded.alert},
    )


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
