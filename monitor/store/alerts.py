"""Read alerts back: for the status page, and for stream `alerts`.

`monitor.store.assess` writes them. `published_at` stays empty until the log has taken
the alert, so that one committed just before a crash is published after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from monitor.codec import decode
from monitor.model import Alert
from monitor.store.schema import alerts, sightings
from monitor.store.sql import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select


def recent_alerts(conn: Connection, limit: int) -> Sequence[Alert]:
    """List the alerts that opened last, the newest first."""
    row = alerts.c
    newest = select(row.alert).order_by(row.opened_at.desc(), row.id).limit(limit)
    return _decoded(conn, newest)


def unpublished_alerts(conn: Connection, limit: int) -> Sequence[Alert]:
    """List the alerts that stream `alerts` does not carry yet, the oldest first."""
    row = alerts.c
    oldest = (
        select(row.alert)
        .where(row.published_at.is_(None))
        .order_by(row.opened_at, row.id)
        .limit(limit)
    )
    return _decoded(conn, oldest)


def mark_published(conn: Connection, ids: Iterable[str], at: datetime) -> None:
    """Note that the log has taken these alerts."""
    for some in batches(sorted(ids)):
        conn.execute(
            update(alerts)
            .where(alerts.c.id.in_(some), alerts.c.published_at.is_(None))
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


def _decoded(conn: Connection, statement: Select[str]) -> list[Alert]:
    found = conn.execute(statement).scalars()
    return [decode(text.encode(), Alert) for text in found]
