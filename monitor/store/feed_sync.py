"""Make the feed book hold the configured feeds: one reading, then what differs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from monitor.feed_model import NO_HINTS
from monitor.manners import host_of, start_offset
from monitor.model import Feed
from monitor.store.feed_health import forget_usual
from monitor.store.feed_windows import forget_window
from monitor.store.migrate import lock
from monitor.store.schema import feed_hosts, feeds
from monitor.store.sql import batches, insert_all_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

NO_VALIDATORS = {"etag": "", "last_modified": "", "body_hash": ""}
NO_FAILURES = {"failures": 0, "error": "", "error_since": None}
_NOTHING_LEARNT = {
    **NO_VALIDATORS,
    **NO_FAILURES,
    "hints": NO_HINTS,
    "moved_to": "",
    "moves": 0,
    "stopped_since": None,
    "watched": False,
}
_READ = tuple(
    feeds.c[name]
    for name in (
        "id",
        "url",
        "active",
        "failures",
        "polled_at",
        "next_poll_at",
        "leased_until",
        "interval",
        "host",
        "stopped_since",
    )
)

LATE = timedelta(minutes=1)
"""Feeds later than this, as after an outage, begin again one after the other."""

_HOST_KEPT = timedelta(days=1)


def sync(conn: Connection, wanted: Sequence[Feed], now: datetime) -> None:
    """Make the book hold exactly these feeds; see `StoreFeedBook.sync`."""
    lock(conn, "feeds", "")  # processes that start together would meet row by row
    rows = {row.id: row for row in conn.execute(select(*_READ))}
    new = [feed for feed in wanted if feed.id not in rows]
    insert_all_new(conn, feeds, _first_rows(new, now))
    ids = {feed.id for feed in wanted}
    gone = sorted(id_ for id_, row in rows.items() if row.active and id_ not in ids)
    for some in batches(gone):
        conn.execute(update(feeds).where(feeds.c.id.in_(some)).values(active=False))
    known = [(feed, rows[feed.id]) for feed in wanted if feed.id in rows]
    for feed, row in known:
        if feed.url != row.url:
            forget_usual(conn, feed.id)
            forget_window(conn, feed.id)
        if changes := _changes(feed, row, now):
            conn.execute(update(feeds).where(feeds.c.id == feed.id).values(changes))
    _begin_again(conn, [pair for pair in known if _is_late(*pair, now)], now)
    conn.execute(delete(feed_hosts).where(feed_hosts.c.free_at < now - _HOST_KEPT))


def _first_rows(new: Sequence[Feed], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": feed.id,
            "url": feed.url,
            "host": host_of(feed.url),
            "interval": feed.interval.total_seconds(),
            "next_poll_at": now + start_offset(place, len(new), feed.interval),
            "active": True,
            **NO_VALIDATORS,
            **NO_FAILURES,
        }
        for place, feed in enumerate(new)
    ]


def _changes(feed: Feed, row: Row[Any], now: datetime) -> dict[str, Any]:
    """Return what must be written of a feed that the book knows."""
    seconds = feed.interval.total_seconds()
    changes: dict[str, Any] = {}
    if not row.active:
        changes["active"] = True
    if not row.host:  # written before hosts were
        changes["host"] = host_of(feed.url)
    if row.interval != seconds:
        changes["interval"] = seconds
    if row.url != feed.url:
        return changes | {
            "url": feed.url,
            "host": host_of(feed.url),
            "next_poll_at": now,
            **_NOTHING_LEARNT,
        }
    is_shorter = row.interval is None or seconds < row.interval
    # Planned by a clock that was ahead, and has been set back since.
    is_from_the_future = row.polled_at is None or row.polled_at > now
    soon = now + feed.interval
    may_move = (is_shorter or is_from_the_future) and not row.failures
    if may_move and row.next_poll_at > soon:
        changes["next_poll_at"] = soon
    return changes


def _is_late(feed: Feed, row: Row[Any], now: datetime) -> bool:
    return (
        row.url == feed.url
        and row.stopped_since is None
        and row.next_poll_at < now - LATE
        and (row.leased_until is None or row.leased_until <= now)
    )


def _begin_again(
    conn: Connection, late: Sequence[tuple[Feed, Row[Any]]], now: datetime
) -> None:
    """Spread the polls that were missed while nobody polled."""
    in_order = sorted(late, key=lambda pair: (pair[1].next_poll_at, pair[0].id))
    rows = [
        {"feed": feed.id, "due": now + offset}
        for place, (feed, _) in enumerate(in_order)
        if (offset := start_offset(place, len(in_order), feed.interval))
    ]
    if rows:
        conn.execute(
            update(feeds)
            .where(feeds.c.id == bindparam("feed"))
            .values(next_poll_at=bindparam("due")),
            rows,
        )
