"""The log on an SQLite file, for one process.

Appends are group-committed by `writer`, reads go through `reader`; this module joins
them, keeps the lock, wakes waiting readers and remembers where consumer groups are.
"""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.clock import SystemClock
from monitor.errors import (
    LogError,
    LogLockedError,
    LogUnavailableError,
    RecordTooLargeError,
)
from monitor.eventlog.lock import FileLock
from monitor.eventlog.reader import EPOCH, SqliteReader, unknown
from monitor.eventlog.retention import Limits, Removed, remove_some
from monitor.eventlog.schema import connect, prepare
from monitor.eventlog.writer import GroupWriter, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.eventlog import Record, StoredRecord

MAX_RECORD_BYTES = 4 << 20

log = structlog.get_logger(__name__)

_running: dict[Path, SqliteLog] = {}


def running_log(path: Path) -> SqliteLog:
    """Return the log this process has started on a path.

    Raises:
        LogUnavailableError: none was started.
    """
    try:
        return _running[path.resolve()]
    except KeyError:
        msg = f"{path}: the log is not open in this process; start it first"
        raise LogUnavailableError(msg) from None


class SqliteLog:
    """Keep streams in one SQLite file that one process owns.

    Args:
        max_age: records older than this go at the next `retain`, once every consumer
            group of their stream has committed past them.
        max_bytes: the size above which the oldest records go; unconsumed ones too,
            when there is no other way, and the log says so.
        max_record_bytes: the largest value or key accepted.
        max_partitions: streams are created with at most so many. Partitions share
            work between processes, and this log has one.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_age: timedelta = timedelta(days=30),
        max_bytes: int = 4 << 30,
        max_record_bytes: int = MAX_RECORD_BYTES,
        max_partitions: int = 1,
        clock: Clock | None = None,
    ) -> None:
        self.path = path.resolve()
        self._limits = Limits(max_age, max_bytes)
        self._max_record_bytes = max_record_bytes
        self._max_partitions = max_partitions
        self._clock = clock or SystemClock()
        self._lock = FileLock(
            self.path.with_name(self.path.name + ".lock"), owned=self.path
        )
        self._reader = SqliteReader(self.path)
        self._writer = GroupWriter(self.path, lambda: connect(self.path))
        self._ends: dict[tuple[str, int], int] = {}
        self._round = 0
        self._watchers: set[Callable[[str], None]] = set()

    async def start(self) -> None:
        """Take the lock, open the file and create what is missing.

        Raises:
            LogLockedError: another process, or another part of this one, owns it.
            LogUnavailableError: the file cannot be opened now.
            LogError: the file is no log, or one of a newer version.
        """
        if self.path in _running:
            msg = f"{self.path}: this process has opened the log already; open it once"
            raise LogLockedError(msg)
        _running[self.path] = self
        try:
            await asyncio.to_thread(self._open)
            self._writer.start()
            await self._reader.start()
            self._ends = await self._reader.ends()
        except BaseException:
            await self.stop()
            raise

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            connection = connect(self.path)
            try:
                prepare(connection, self.path)
            finally:
                connection.close()
        except (OSError, sqlite3.OperationalError) as error:
            raise unavailable(self.path, error) from error
        except sqlite3.DatabaseError as error:
            msg = f"{self.path}: {error}; move it away, or name another file"
            raise LogError(msg) from error

    async def stop(self) -> None:
        """Commit what was handed in, close the file, give the lock back."""
        await self._reader.stop()
        # Last, so that closing it folds the write-ahead log into the file.
        await self._writer.stop()
        if _running.get(self.path) is self:
            self._lock.release()
            del _running[self.path]

    async def create_streams(self, partitions: Mapping[str, int]) -> None:
        """Create the streams that do not exist yet."""
        wanted = [
            (stream, number)
            for stream, count in partitions.items()
            if (stream, 0) not in self._ends
            for number in range(min(count, self._max_partitions))
        ]

        def create(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR IGNORE INTO partitions (stream, number) VALUES (?, ?)",
                wanted,
            )

        if wanted:
            await self._writer.run(create)
            for partition in wanted:
                self._ends.setdefault(partition, 0)

    async def append(self, stream: str, records: Sequence[Record]) -> None:
        """Append records in one transaction; return when it is on stable storage."""
        await self.store(stream, records)

    async def store(
        self, stream: str, records: Sequence[Record], partition: int | None = None
    ) -> list[tuple[int, int]]:
        """Append records and return the partition and offset of each.

        Args:
            partition: where all of them go, instead of where their keys say.

        Raises:
            UnknownStreamError: no such stream or partition; none was appended.
            RecordTooLargeError: one is too large; none was appended.
            LogUnavailableError: none may have been appended; append all again.
        """
        placed = [
            (partition if partition is not None else self.partition(stream, r.key), r)
            for r in records
        ]
        for number, record in placed:
            self._check(stream, number, record)
        if not placed:
            return []
        at = (self._clock.now() - EPOCH) // timedelta(microseconds=1)
        size = sum(len(record.value) for record in records)
        return await self._writer.run(
            lambda connection: _insert(connection, stream, placed, at),
            size,
            after=lambda offsets: self._appended(stream, offsets),
        )

    def _appended(self, stream: str, offsets: Sequence[tuple[int, int]]) -> None:
        for number, offset in offsets:
            self._ends[stream, number] = max(self._ends[stream, number], offset + 1)
        for told in tuple(self._watchers):
            told(stream)

    def _check(self, stream: str, number: int, record: Record) -> None:
        if (stream, number) not in self._ends:
            raise unknown(stream, number)
        size = max(len(record.value), len(record.key or b""))
        if size > self._max_record_bytes:
            msg = (
                f'stream "{stream}": a record of {size} bytes is above the limit of '
                f"{self._max_record_bytes}; split it"
            )
            raise RecordTooLargeError(msg)

    def partition(self, stream: str, key: bytes | None) -> int:
        """Return the partition that records of a key go to.

        Raises:
            UnknownStreamError: no such stream.
        """
        count = self.partitions(stream)
        if count == 0:
            raise unknown(stream)
        if key is None:
            self._round += 1
            return self._round % count
        return zlib.crc32(key) % count

    def partitions(self, stream: str) -> int:
        """Return how many partitions a stream has; 0 if it does not exist."""
        count = 0
        while (stream, count) in self._ends:
            count += 1
        return count

    async def read(
        self, stream: str, partition: int, offset: int, limit: int
    ) -> Sequence[StoredRecord]:
        """Return up to `limit` records from `offset` on, without waiting for more."""
        return await self._reader.read(stream, partition, offset, limit)

    async def end_offsets(self, stream: str) -> Mapping[int, int]:
        """Return, per partition, the offset the next record will get."""
        return await self._reader.end_offsets(stream)

    def end(self, stream: str, partition: int) -> int:
        """Return the offset the next record will get, as known to this process."""
        return self._ends.get((stream, partition), 0)

    async def first_offsets(self, stream: str) -> Mapping[int, int]:
        """Return, per partition, the offset of the oldest record still held."""
        return await self._reader.first_offsets(stream)

    def watch(self, told: Callable[[str], None]) -> None:
        """Have a function called with the stream's name after each append to it."""
        self._watchers.add(told)

    def unwatch(self, told: Callable[[str], None]) -> None:
        """Undo `watch`; safe to call twice."""
        self._watchers.discard(told)

    async def commit(self, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Remember, durably, from where a consumer group goes on.

        Raises:
            UnknownStreamError: no such stream or partition.
            LogUnavailableError: nothing was remembered.
        """
        for stream, number in offsets:
            if (stream, number) not in self._ends:
                raise unknown(stream, number)

        def remember(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO commits (consumer_group, partition_id, next_offset)"
                " SELECT ?, id, ? FROM partitions WHERE stream = ? AND number = ?"
                " ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset",
                [(group, offset, *where) for where, offset in offsets.items()],
            )

        await self._writer.run(remember)

    async def committed(self, group: str) -> Mapping[tuple[str, int], int]:
        """Return the offsets from which a consumer group would go on."""
        return await self._reader.committed(group)

    async def retain(self, now: datetime) -> Removed:
        """Remove what is too old or too much; return what went.

        Works in small steps, between which appends get their turn.
        """
        removed = Removed()
        finished = False
        while not finished:
            step, finished = await self._writer.run(
                lambda connection: remove_some(connection, self._limits, now)
            )
            removed = removed + step
        if removed.unconsumed:
            log.error(
                "records removed that no consumer had read",
                log=str(self.path),
                records=removed.unconsumed,
                max_bytes=self._limits.max_bytes,
                hint="a consumer is down or too slow, or the log's size limit too low",
            )
        return removed


def _insert(
    connection: sqlite3.Connection,
    stream: str,
    placed: Sequence[tuple[int, Record]],
    at: int,
) -> list[tuple[int, int]]:
    """Append within a transaction; return partition and offset of each record."""
    counts: dict[int, int] = {}
    for number, _ in placed:
        counts[number] = counts.get(number, 0) + 1
    ids: dict[int, int] = {}
    following: dict[int, int] = {}
    for number, count in counts.items():
        row = connection.execute(
            "UPDATE partitions SET next_offset = next_offset + ?"
            " WHERE stream = ? AND number = ? RETURNING id, next_offset",
            (count, stream, number),
        ).fetchone()
        ids[number], following[number] = row[0], row[1] - count
    offsets: list[tuple[int, int]] = []
    for number, _ in placed:
        offsets.append((number, following[number]))
        following[number] += 1
    connection.executemany(
        "INSERT INTO records (partition_id, offset, key, value, at)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (ids[number], offset, record.key, record.value, at)
            for (_, record), (number, offset) in zip(placed, offsets, strict=True)
        ],
    )
    return offsets
