"""Read the entries that the log still holds, in the order they were appended."""

from __future__ import annotations

import asyncio
import heapq
from typing import TYPE_CHECKING

from monitor.codec import decode
from monitor.errors import CodecError
from monitor.eventlog.open import open_log, sqlite_path
from monitor.eventlog.reader import SqliteReader
from monitor.model import EntriesRecord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from monitor.config import Settings
    from monitor.eventlog import EventLog, StoredRecord
    from monitor.model import Entry

ENTRIES = "entries"
_AT_ONCE = 200


def logged_entries(settings: Settings, since: datetime) -> Iterator[Entry]:
    """Yield the entries that were appended since a time, a record after the other.

    The log may be in use: nothing is taken off it, and what is appended meanwhile is
    left out. A record that is none is passed over, as it was when it came.

    Raises:
        LogUnavailableError: the log cannot be read.
    """
    with asyncio.Runner() as runner:
        records = _records(settings, since)
        while (record := runner.run(anext(records, None))) is not None:
            try:
                yield from decode(record.value, EntriesRecord).entries
            except CodecError:
                continue


async def _records(settings: Settings, since: datetime) -> AsyncIterator[StoredRecord]:
    """Yield the records of all partitions, the oldest first."""
    log = _open(settings)
    await log.start()
    try:
        ends = await log.end_offsets(ENTRIES)
        partitions = [_partition(log, of, ends[of], since) for of in sorted(ends)]
        waiting = []
        for number, partition in enumerate(partitions):
            first = await anext(partition, None)
            if first is not None:
                waiting.append((first.at, number, first))
        heapq.heapify(waiting)
        while waiting:
            _, number, record = heapq.heappop(waiting)
            yield record
            following = await anext(partitions[number], None)
            if following is not None:
                heapq.heappush(waiting, (following.at, number, following))
    finally:
        await log.stop()


def _open(settings: Settings) -> SqliteReader | EventLog:
    if settings.log_url.startswith("sqlite:"):
        return SqliteReader(sqlite_path(settings.log_url))
    return open_log(
        settings.log_url,
        prefix=settings.kafka.prefix,
        replicas=settings.kafka.replicas,
    )


async def _partition(
    log: SqliteReader | EventLog, number: int, end: int, since: datetime
) -> AsyncIterator[StoredRecord]:
    at = 0
    while at < end:
        found = await log.read(ENTRIES, number, at, _AT_ONCE)
        if not found:
            return
        at = found[-1].offset + 1
        for record in found:
            if record.at >= since and record.offset < end:
                yield record
