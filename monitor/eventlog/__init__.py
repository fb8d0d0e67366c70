"""The append-only log: streams of records, on an SQLite file or on Kafka.

This package appends and reads; consuming in groups is the stream processor's business
(`agents`). `monitor.eventlog.open.open_log` picks the log by its address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """One record to append."""

    value: bytes
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record as the log holds it."""

    stream: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    at: datetime


def stream_name(prefix: str, stream: str) -> str:
    """Return the name a stream goes by on a cluster shared with others."""
    return prefix + stream


class EventLog(Protocol):
    """Append records durably, in order per key, and read them back."""

    async def start(self) -> None:
        """Connect.

        Raises:
            LogUnavailableError: the log cannot be reached; try again later.
            LogLockedError: another process owns the log file.
        """
        ...

    async def stop(self) -> None:
        """Flush and disconnect; safe to call twice."""
        ...

    async def create_streams(self, partitions: Mapping[str, int]) -> None:
        """Create the streams that do not exist yet, with their partition counts."""
        ...

    async def append(self, stream: str, records: Sequence[Record]) -> None:
        """Append records; return when every one is on stable storage.

        Raises:
            UnknownStreamError: the stream was not created.
            RecordTooLargeError: a record exceeds the log's limit; none was appended.
            LogUnavailableError: some may not have been appended; append all again.
        """
        ...

    async def read(
        self, stream: str, partition: int, offset: int, limit: int
    ) -> Sequence[StoredRecord]:
        """Return up to `limit` records from `offset` on, without waiting for more."""
        ...

    async def end_offsets(self, stream: str) -> Mapping[int, int]:
        """Return, per partition, the offset the next record will get."""
        ...

    async def committed(self, group: str) -> Mapping[tuple[str, int], int]:
        """Return the next offset to deliver to a group, per stream and partition.

        Partitions the group never committed are left out.
        """
        ...
