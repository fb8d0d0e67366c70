"""Decide which records of an SQLite log go, and remove them a few at a time.

A record is consumed when every consumer group that ever committed on its partition
has committed past it; where none has, nobody is waiting. Age removes consumed records
only. Size removes the oldest consumed records first, and unconsumed ones when nothing
else is left to remove: a full disk would stop everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.eventlog.reader import EPOCH

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

STEP_RECORDS = 500

# Of each partition, the first offset that some group has yet to read.
_PENDING = (
    "SELECT p.id, COALESCE(MIN(c.next_offset), p.next_offset) AS pending"
    " FROM partitions p LEFT JOIN commits c ON c.partition_id = p.id GROUP BY p.id"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Say how long and how much to keep."""

    max_age: timedelta
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Removed:
    """Count what retention removed."""

    expired: int = 0
    oversize: int = 0
    unconsumed: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.expired + other.expired,
            self.oversize + other.oversize,
            self.unconsumed + other.unconsumed,
        )


def size(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that hold something."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * page)


def remove_some(
    connection: sqlite3.Connection, limits: Limits, now: datetime
) -> tuple[Removed, bool]:
    """Remove up to 500 records; True when nothing is left to remove."""
    expired = _remove_expired(connection, now - limits.max_age)
    if expired:
        return Removed(expired=expired), False
    if size(connection) <= limits.max_bytes:
        connection.execute("PRAGMA incremental_vacuum").fetchall()
        return Removed(), True
    oversize = _remove_oldest(connection, consumed=True)
    if oversize:
        return Removed(oversize=oversize), False
    unconsumed = _remove_oldest(connection, consumed=False)
    return Removed(unconsumed=unconsumed), unconsumed == 0


def _remove_expired(connection: sqlite3.Connection, before: datetime) -> int:
    at = (before - EPOCH) // timedelta(microseconds=1)
    # Partition by partition from the front, stopping at the first young record:
    # a clock that was set back must not tear holes.
    for partition_id, pending in connection.execute(_PENDING).fetchall():
        rows = connection.execute(
            "SELECT id, at FROM records WHERE partition_id = ? AND offset < ?"
            " ORDER BY offset LIMIT ?",
            (partition_id, pending, STEP_RECORDS),
        ).fetchall()
        young = next((i for i, row in enumerate(rows) if row[1] >= at), len(rows))
        if young:
            _delete(connection, [row[0] for row in rows[:young]])
            return young
    return 0


def _remove_oldest(connection: sqlite3.Connection, *, consumed: bool) -> int:
    condition = "WHERE r.offset < q.pending" if consumed else ""
    rows = connection.execute(
        f"SELECT r.id FROM records r JOIN ({_PENDING}) q ON q.id = r.partition_id"  # noqa: S608
        f" {condition} ORDER BY r.id LIMIT ?",
        (STEP_RECORDS // 10,),
    ).fetchall()
    _delete(connection, [row[0] for row in rows])
    return len(rows)


def _delete(connection: sqlite3.Connection, ids: list[int]) -> None:
    connection.executemany("DELETE FROM records WHERE id = ?", [(i,) for i in ids])
