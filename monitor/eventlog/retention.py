"""Decide which records of an SQLite log go, and remove them a few at a time.

A record is consumed when every consumer group that ever committed on its partition
has committed past it; where none has, nobody is waiting. Age removes consumed records
only. Size removes the oldest consumed records first, and unconsumed ones when nothing
else is left to remove: a full disk would stop everybody. The size is that of what the
file holds; the file itself may be larger by a third, with free space to use again.
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
OVERSIZE_RECORDS = 20
"""Few at a time: each may be large, and no more should go than must."""
STEP_PAGES = 1000
SPARE_PAGES = 256
_ANY = 1 << 62

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


def remove_some(
    connection: sqlite3.Connection, limits: Limits, now: datetime
) -> tuple[Removed, bool]:
    """Take one small step; True when nothing is left to do."""
    expired = _remove_expired(connection, now - limits.max_age)
    if expired:
        return Removed(expired=expired), False
    if _bytes_in_use(connection) > limits.max_bytes:
        oversize = _remove_oldest(connection, consumed=True)
        if oversize:
            return Removed(oversize=oversize), False
        unconsumed = _remove_oldest(connection, consumed=False)
        if unconsumed:
            return Removed(unconsumed=unconsumed), False
    return Removed(), not _shrink(connection)


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
    ids: list[int] = []
    for partition_id, pending in connection.execute(_PENDING).fetchall():
        ids += [
            row[0]
            for row in connection.execute(
                "SELECT id FROM records WHERE partition_id = ? AND offset < ?"
                " ORDER BY offset LIMIT ?",
                (partition_id, pending if consumed else _ANY, OVERSIZE_RECORDS),
            )
        ]
    oldest = sorted(ids)[:OVERSIZE_RECORDS]
    _delete(connection, oldest)
    return len(oldest)


def _delete(connection: sqlite3.Connection, ids: list[int]) -> None:
    connection.executemany("DELETE FROM records WHERE id = ?", [(i,) for i in ids])


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _bytes_in_use(connection: sqlite3.Connection) -> int:
    pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return pages * _pragma(connection, "page_size")


def _shrink(connection: sqlite3.Connection) -> bool:
    """Give some space back to the disk; False when little enough is free.

    Some free space is left for the records to come, which would only have to ask the
    disk for it again.
    """
    free = _pragma(connection, "freelist_count")
    if free <= max(SPARE_PAGES, _pragma(connection, "page_count") // 4):
        return False
    for _ in range(STEP_PAGES):
        # One page a statement: the pragma answers each page with a row of no columns,
        # at which Python's driver takes the statement for finished.
        connection.execute("PRAGMA incremental_vacuum(1)")
    return _pragma(connection, "freelist_count") < free
