"""Send Faust's messages to the SQLite log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from faust.transport import base
from faust.types import TP, RecordMetadata

from monitor.eventlog import Record

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from monitor.eventlog.sqlite import SqliteLog

CREATE_TIME = 0
"""Kafka's number for a timestamp given at creation."""


class SqliteProducer(base.Producer):  # type: ignore[misc]
    """Append what Faust sends; what was awaited is on stable storage."""

    def __post_init__(self) -> None:
        self._sending: set[asyncio.Future[Any]] = set()

    @property
    def _log(self) -> SqliteLog:
        log: SqliteLog = self.transport.log
        return log

    async def send(  # noqa: PLR0917 - Faust's signature
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: object,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Hand a message to the log; await the result for it to be durable.

        Headers and timestamps are not kept; the log stamps its own time.
        """
        sending = asyncio.ensure_future(
            self.send_and_wait(topic, key, value, partition, timestamp, headers)
        )
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        return sending

    async def send_and_wait(  # noqa: PLR0917 - Faust's signature
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: object,
        *,
        transactional_id: str | None = None,
    ) -> RecordMetadata:
        """Append a message and return when it is on stable storage.

        Raises:
            UnknownStreamError: the stream was not created.
            RecordTooLargeError: the value is too large.
            LogUnavailableError: it was not appended.
        """
        record = Record(value or b"", key)
        [(number, offset)] = await self._log.store(topic, [record], partition)
        return RecordMetadata(
            topic=topic,
            partition=number,
            topic_partition=TP(topic, number),
            offset=offset,
            timestamp=timestamp,
            timestamp_type=CREATE_TIME,
        )

    async def flush(self) -> None:
        """Wait until everything sent so far is on stable storage or refused."""
        await self.buffer.flush()
        if self._sending:
            await asyncio.wait(self._sending)

    async def create_topic(
        self, topic: str, partitions: int, replication: int, **settings: object
    ) -> None:
        """Create a stream, if it does not exist."""
        await self._log.create_streams({topic: partitions})

    def key_partition(self, topic: str, key: bytes) -> TP:
        """Return the partition that records of a key go to."""
        return TP(topic, self._log.partition(topic, key))

    def supports_headers(self) -> bool:
        """Say that headers are not kept."""
        return False
