"""Read alerts back: for the status page, and for stream `alerts`.

`monitor.store.alert_book` writes them. `published_at` stays empty until the log has
taken the change, so that one committed just before a crash is published after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_, update

from monitor.codec import decode
from monitor.model import Alert, Change
from monitor.store.schema import alert_changes, alerts, sightings
from monitor.store.sql import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def recent_alerts(conn: Connection, limit: int) -> Sequence[Alert]:
    """List the alerts that opened last, the newest first."""
    row = alerts.c
    newest = select(row.alert).order_by(row.told_at.desc(), row.id).limit(limit)
    found = conn.execute(newest).scalars()
    return [decode(text.encode(), Alert) for text in found]


def history_of(conn: Connection, alert: str) -> Sequence[Change]:
    """List what was told of an alert, the first first."""
    row = alert_changes.c
    found = conn.execute(
        select(row.change).where(row.alert == alert).order_by(row.number)
    ).scalars()
    return [decode(text.encode(), Change) for text in found]


def unpublished_changes(conn: Connection, limit: int) -> Sequence[Change]:
    """List the changes that stream `alerts` does not carry yet, the oldest first."""
    row = alert_changes.c
    oldest = (
        select(row.change)
        .where(row.published_at.is_(None))
        .order_by(row.at, row.alert, row.number)
        .limit(limit)
    )
    return [decode(text.encode(), Change) for text in conn.execute(oldest).scalars()]


def mark_published(
    conn: Connection, changes: Iterable[tuple[str, int]], at: datetime
) -> None:
    """Note that the log has taken these changes, named by alert and number."""
    row = alert_changes.c
    key = tuple_(row.alert, row.number)
    for some in batches(sorted(changes)):
        conn.execute(
            update(alert_changes)
            .where(key.in_(some), row.published_at.is_(None))
            .values(published_at=at)
        )


def sightings_per_topic(conn: Connection, since: datetime) -> Mapping[str, int]:
    """Count the matches sighted after `since`, by topic."""
    row = sightings.c
    counted = (
        select(row.topic, func.count().label("number"))
        .where(row.seen_at > since)
        .group_by(row.topic)
    )
    return {counts.topic: counts.number for counts in conn.execute(counted)}
