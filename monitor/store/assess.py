"""What `assess` remembers, on the database: the twin of `monitor.stories.memory`.

One instance lives within one transaction. Two processes that assess the same topic,
as happens while partitions move, take turns: the first question about a topic takes a
lock on it that the end of the transaction gives back. A rule over several topics is
locked when its history is asked for, so of two sightings that together make a burst
the later one sees the earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    select,
    update,
)

from monitor.codec import decode, encode
from monitor.model import Alert
from monitor.store.history import SqlHistory
from monitor.store.schema import (
    AT_ONCE,
    alerts,
    outbox,
)
from monitor.store.sql import insert_all_new, insert_new
from monitor.store.stories import SqlStories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Notification


class SqlAssessState(SqlStories, SqlHistory):
    """Hold what `assess` must remember between two matches.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

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
