"""Pause feeds by hand, and let them go on.

The feed book claims no feed that is paused; all processes see it at their next look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from monitor.store.feed_sync import NO_FAILURES
from monitor.store.schema import feeds
from monitor.store.sql import insert_new

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.model import Feed


def pause(conn: Connection, feed: Feed, now: datetime) -> bool:
    """Pause a feed, also one that no process has polled yet; False if it already was.

    A poll under way is finished.
    """
    unpolled = {
        "id": feed.id,
        "url": feed.url,
        "etag": "",
        "last_modified": "",
        "body_hash": "",
        "failures": 0,
        "error": "",
        "next_poll_at": now,
        # The process that knows it will take it into the book, still paused.
        "active": False,
        "paused_at": now,
    }
    if insert_new(conn, feeds, unpolled):
        return True
    of = feeds.c
    running = update(feeds).where(of.id == feed.id, of.paused_at.is_(None))
    return conn.execute(running.values(paused_at=now)).rowcount == 1


def resume(conn: Connection, feed: str, now: datetime) -> datetime | None:
    """Let a feed go on; return since when it was paused or stopped, None if it ran.

    A feed stopped by its publisher (410) is asked again at once.
    """
    of = feeds.c
    row = conn.execute(
        select(of.paused_at, of.stopped_since).where(of.id == feed)
    ).first()
    if row is None or (row.paused_at is None and row.stopped_since is None):
        return None
    values: dict[str, Any] = {"paused_at": None}
    if row.stopped_since is not None:
        values |= {"stopped_since": None, "next_poll_at": now, **NO_FAILURES}
    conn.execute(update(feeds).where(of.id == feed).values(values))
    since: datetime = row.paused_at or row.stopped_since
    return since


def paused_feeds(conn: Connection) -> dict[str, datetime]:
    """Return since when feeds are paused, also those that no process has polled."""
    of = feeds.c
    found = conn.execute(select(of.id, of.paused_at).where(of.paused_at.is_not(None)))
    return {row.id: row.paused_at for row in found}
