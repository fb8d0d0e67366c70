"""Read an SQLite log file; needs no lock, and may run beside the process that owns it."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from monitor.errors import LogUnavailableError, UnknownStreamError
from monitor.eventlog import StoredRecord
from monitor.eventlog.schema import connect
from monitor.eventlog.writer import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_READ_BYTES = 8 << 20
"""A read ends early above this size, so that large records do not fill memory."""


def unknown(stream: str, partition: int | None = None) -> UnknownStreamError:
    """Say that a stream or partition does not exist."""
    where = f'stream "{stream}"'
    if partition is not None:
        where += f", partition {partition}"
    return UnknownStreamError(f"{where}: does not exist; create the streams first")


class SqliteReader:
    """Read records, ends and commits from a log file, on a thread of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Open the file.

        Raises:
            LogUnavailableError: it is not there or cannot be read.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, f"log reader {self._path.name}")
        await self._query(lambda _: None)

    async def stop(self) -> None:
        """Close the file; safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown()

    async def read(
        self, stream: str, partition: int, offset: int, limit: int
    ) -> Sequence[StoredRecord]:
        """Return up to `limit` records from `offset` on, or fewer if they are large.

        Records that retention has removed are passed over.

        Raises:
            UnknownStreamError: no such stream or partition.
            LogUnavailableError: the file cannot be read now.
        """
        return await self._query(lambda c: _read(c, stream, partition, offset, limit))

    async def end_offsets(self, stream: str) -> Mapping[int, int]:
        """Return, per partition, the offset the next record will get."""
        ends = await self.ends()
        of_stream = {
            number: end for (name, number), end in ends.items() if name == stream
        }
        if not of_stream:
            raise unknown(stream)
        return of_stream

    async def first_offsets(self, stream: str) -> Mapping[int, int]:
        """Return, per partition, the offset of the oldest record still held.

        An empty partition gives its end offset.
        """
        return await self._query(
            lambda c: dict(
                c.execute(
                    "SELECT p.number, COALESCE((SELECT MIN(offset) FROM records"
                    " WHERE partition_id = p.id), p.next_offset)"
                    " FROM partitions p WHERE p.stream = ?",
                    (stream,),
                ).fetchall()
            )
        )

    async def ends(self) -> dict[tuple[str, int], int]:
        """Return the end offsets of every stream and partition."""
        return await self._query(
            lambda c: {
                (stream, number): end
                for stream, number, end in c.execute(
                    "SELECT stream, number, next_offset FROM partitions"
                )
            }
        )

    async def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Return the offsets from which a consumer group would go on."""
        return await self._query(
            lambda c: {
                (stream, number): offset
                for stream, number, offset in c.execute(
                    "SELECT p.stream, p.number, c.next_offset FROM commits c"
                    " JOIN partitions p ON p.id = c.partition_id"
                    " WHERE c.consumer_group = ?",
                    (group,),
                )
            }
        )

    async def _query(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        if self._thread is None:
            msg = f"{self._path}: the log is not open; start it first"
            raise LogUnavailableError(msg)
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._on_thread, ask
        )

    def _on_thread(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = connect(self._path, read_only=True)
            return ask(self._connection)
        except sqlite3.Error as error:
            self._close()
            raise unavailable(self._path, error) from error

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _read(
    connection: sqlite3.Connection,
    stream: str,
    partition: int,
    offset: int,
    limit: int,
) -> list[StoredRecord]:
    found = connection.execute(
        "SELECT id FROM partitions WHERE stream = ? AND number = ?",
        (stream, partition),
    ).fetchone()
    if found is None:
        raise unknown(stream, partition)
    rows = connection.execute(
        "SELECT offset, key, value, at FROM records"
        " WHERE partition_id = ? AND offset >= ? ORDER BY offset LIMIT ?",
        (found[0], offset, limit),
    )
    records: list[StoredRecord] = []
    size = 0
    for at_offset, key, value, at in rows:
        when = EPOCH + timedelta(microseconds=at)
        records.append(StoredRecord(stream, partition, at_offset, key, value, when))
        size += len(value)
        if size >= MAX_READ_BYTES:
            rows.close()
            break
    return records
