"""Keep what each feed's last body listed, and which entries left it oddly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, or_, select, update

from monitor.feed_window import NO_MARKS, FeedMarks, FeedWindow, Withdrawn
from monitor.store.schema import entry_key, feed_entries, feed_windows, feeds
from monitor.store.sql import insert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.feed_model import PollOutcome

_windows = msgspec.json.Decoder(FeedWindow)
_withdrawn = msgspec.json.Decoder(tuple[Withdrawn, ...])


def read_window(conn: Connection, feed: str) -> FeedWindow | None:
    """Return what is remembered of a feed's list."""
    of = feed_windows.c
    row = conn.execute(
        select(of.window, of.gaps, of.gap_at, of.withdrawn).where(of.feed == feed)
    ).first()
    if row is None:
        return None
    window = _windows.decode(row.window)
    return msgspec.structs.replace(
        window, marks=_marks(row.gaps, row.gap_at, row.withdrawn)
    )


def note_window(conn: Connection, outcome: PollOutcome, window: FeedWindow) -> None:
    """Remember a feed's list; the caller holds the feed's lease."""
    marks = window.marks
    bare = msgspec.structs.replace(window, marks=NO_MARKS)
    values = {
        "window": msgspec.json.encode(bare).decode(),
        "gaps": marks.gaps,
        "gap_at": marks.gap_at,
        "withdrawn": msgspec.json.encode(marks.withdrawn).decode()
        if marks.withdrawn
        else "",
    }
    statement = insert(conn.dialect.name, feed_windows)
    statement = statement.on_conflict_do_update(
        index_elements=[feed_windows.c.feed], set_=values
    )
    conn.execute(statement, {"feed": outcome.feed, **values})
    for ids, at in (
        ([one.id for one in outcome.withdrawn], outcome.at),
        (outcome.returned, None),
    ):
        if ids:
            _mark(conn, outcome.feed, ids, {"withdrawn_at": at})


def feed_marks(conn: Connection) -> dict[str, FeedMarks]:
    """Return the marks of the feeds that have any, by the feed's id."""
    of = feed_windows.c
    found = conn.execute(
        select(of.feed, of.gaps, of.gap_at, of.withdrawn)
        .join(feeds, feeds.c.id == of.feed)
        .where(feeds.c.active.is_(True), or_(of.gaps > 0, of.withdrawn != ""))
    )
    return {row.feed: _marks(row.gaps, row.gap_at, row.withdrawn) for row in found}


def forget_window(conn: Connection, feed: str) -> None:
    """Forget a feed's list: what it lists now is another's."""
    conn.execute(delete(feed_windows).where(feed_windows.c.feed == feed))


def _marks(gaps: int, gap_at: datetime | None, withdrawn: str) -> FeedMarks:
    return FeedMarks(
        gaps=gaps,
        gap_at=gap_at,
        withdrawn=_withdrawn.decode(withdrawn) if withdrawn else (),
    )


def _mark(
    conn: Connection, feed: str, ids: Sequence[str], values: Mapping[str, Any]
) -> None:
    of = feed_entries.c
    keys = sorted(entry_key(entry_id) for entry_id in ids)
    conn.execute(
        update(feed_entries)
        .where(of.feed == feed, of.entry_key.in_(keys))
        .values(values)
    )
