"""Pause feeds by hand, and let them go on.

The feed book claims no feed that is paused; all processes see it at their next look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

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


def resume(conn: Connection, feed: str) -> datetime | None:
    """Let a feed go on; return since when it was paused, None if it was not."""
    of = feeds.c
    since: datetime | None = conn.execute(
        select(of.paused_at).where(of.id == feed)
    ).scalar()
    if since is not None:
        conn.execute(update(feeds).where(of.id == feed).values(paused_at=None))
    return since


def paused_feeds(conn: Connection) -> dict[str, datetime]:
    """Return since when feeds are paused, also those that no process has polled."""
    of = feeds.c
    found = conn.execute(select(of.id, of.paused_at).where(of.paused_at.is_not(None)))
    return {row.id: row.paused_at for row in found}
