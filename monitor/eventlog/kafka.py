"""The log on a Kafka cluster, through aiokafka.

Connections are made when first needed and dropped when they hang, so the log outlives
any outage of the cluster; every call ends within its timeout. `kafka_client` holds
what this module needs to know of aiokafka's connections and errors.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from monitor.errors import LogUnavailableError, RecordTooLargeError, UnknownStreamError
from monitor.eventlog import StoredRecord, stream_name
from monitor.eventlog.kafka_client import (
    NO_COORDINATOR_YET,
    Connection,
    seen,
    translate,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from datetime import timedelta

    from monitor.eventlog import Record

T = TypeVar("T")

MAX_RECORD_BYTES = 4 << 20
ENVELOPE_BYTES = 64 << 10
"""What a record may weigh in a request beyond its value."""

REQUEST_SECONDS = 10.0
"""After which aiokafka gives up a request, or a record it could not deliver."""

CREATE_SECONDS = 60.0
"""How long `create_streams` waits for a cluster that is starting."""

UNKNOWN_SECONDS = 1.0
"""How long a stream may be missing from the metadata before it counts as unknown."""

RETRY_SECONDS = 0.5


class KafkaLog:
    """Keep streams on Kafka, each a Kafka topic of its own.

    Args:
        bootstrap: `host:port,host:port`, any of which may be away.
        prefix: put before the name of every stream, on a cluster shared with others.
        replicas: copies of each stream created; 3 on a cluster of three or more.
        max_age: how long the streams created keep their records; the cluster's own
            setting when None.
        request_timeout: seconds after which one request is given up; a whole call,
            after twice as long.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        prefix: str = "",
        replicas: int = 1,
        max_age: timedelta | None = None,
        max_record_bytes: int = MAX_RECORD_BYTES,
        request_timeout: float = REQUEST_SECONDS,
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._replicas = replicas
        self._max_age = max_age
        self._max_record_bytes = max_record_bytes
        self._timeout = 2 * request_timeout
        common: dict[str, Any] = {
            "bootstrap_servers": bootstrap.split(","),
            "request_timeout_ms": int(request_timeout * 1000),
            "client_id": "wirewatch",
        }
        request = max_record_bytes + ENVELOPE_BYTES
        self._producer = Connection(
            lambda: AIOKafkaProducer(
                **common,
                # Not idempotent: such a producer never gives a record up, so every
                # retry during an outage would add a copy to deliver at its end.
                # Order holds without: one request at a time per partition.
                acks="all",
                max_request_size=request,
                max_batch_size=256 << 10,
            ),
            lambda producer: producer.stop(),
        )
        self._consumer = Connection(
            lambda: AIOKafkaConsumer(
                **common,
                group_id=None,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                max_partition_fetch_bytes=request,
            ),
            lambda consumer: consumer.stop(),
        )
        self._admin = Connection(
            lambda: AIOKafkaAdminClient(**common), lambda admin: admin.close()
        )
        self._reading = asyncio.Lock()
        self._place: tuple[TopicPartition, int] | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            LogUnavailableError: no broker answered; try again later.
        """
        await self._within(self._producer.get(), "connect")

    async def stop(self) -> None:
        """Wait for appends under way, at most 10 s, and disconnect."""
        for connection in (self._producer, self._consumer, self._admin):
            await connection.close()
        self._place = None

    async def create_streams(self, partitions: Mapping[str, int]) -> None:
        """Create the streams that do not exist yet, and wait until they are seen.

        Waits up to a minute for a cluster that is starting or short of brokers.
        """
        config = {"max.message.bytes": str(self._max_record_bytes + ENVELOPE_BYTES)}
        if self._max_age is not None:
            config["retention.ms"] = str(int(self._max_age.total_seconds() * 1000))
        topics = [
            NewTopic(self._name(stream), count, self._replicas, topic_configs=config)
            for stream, count in partitions.items()
        ]
        deadline = time.monotonic() + CREATE_SECONDS
        while True:
            try:
                await self._within(self._create(topics), "create streams")
                for stream in partitions:
                    await self._within(self._partitions(stream), "create streams")
            except (LogUnavailableError, UnknownStreamError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _create(self, topics: Sequence[NewTopic]) -> None:
        admin = await self._admin.get()
        try:
            answer = await admin.create_topics(topics, timeout_ms=10_000)
        except (KafkaError, OSError):
            await self._admin.drop(admin)
            raise
        for name, code, message in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                error = for_code(code)
                raise error(f"{name}: {message}")

    async def append(self, stream: str, records: Sequence[Record]) -> None:
        """Append records; return when every in-sync replica has all of them.

        Raises:
            UnknownStreamError: the stream was not created.
            RecordTooLargeError: a record exceeds the limit; none was appended.
            LogUnavailableError: some may not have been appended; append all again.
        """
        for record in records:
            size = max(len(record.value), len(record.key or b""))
            if size > self._max_record_bytes:
                msg = (
                    f'stream "{stream}": a record of {size} bytes is above the limit '
                    f"of {self._max_record_bytes}; split it"
                )
                raise RecordTooLargeError(msg)
        await self._within(self._send(stream, records), f'stream "{stream}"')

    async def _send(self, stream: str, records: Sequence[Record]) -> None:
        await self._partitions(stream)
        producer = await self._producer.get()
        name = self._name(stream)
        sent: list[asyncio.Future[Any]] = []
        for record in records:
            future = await producer.send(name, record.value, key=record.key)
            future.add_done_callback(seen)
            sent.append(future)
        if sent:
            await asyncio.wait(sent)
        for future in sent:
            future.result()

    async def read(
        self, stream: str, partition: int, offset: int, limit: int
    ) -> Sequence[StoredRecord]:
        """Return up to `limit` records from `offset` on, without waiting for more.

        Records that retention has removed are passed over.
        """
        async with self._reading:
            return await self._within(
                self._read(stream, partition, offset, limit), f'stream "{stream}"'
            )

    async def _read(
        self, stream: str, partition: int, offset: int, limit: int
    ) -> Sequence[StoredRecord]:
        if partition not in await self._partitions(stream):
            msg = f'stream "{stream}", partition {partition}: does not exist'
            raise UnknownStreamError(msg)
        tp = TopicPartition(self._name(stream), partition)
        consumer = await self._consumer.get()
        ends = await consumer.end_offsets([tp])
        if offset >= ends[tp]:
            return []
        if self._place != (tp, offset):
            consumer.assign([tp])
            consumer.seek(tp, offset)
        self._place = None
        fetched: list[Any] = []
        # The first answer may be empty; the timeout around us bounds the loop.
        while not fetched:
            batch = await consumer.getmany(tp, timeout_ms=500, max_records=limit)
            fetched = batch.get(tp, [])
        self._place = (tp, fetched[-1].offset + 1)
        return [
            StoredRecord(
                stream,
                partition,
                record.offset,
                record.key,
                record.value or b"",
                datetime.fromtimestamp(record.timestamp / 1000, UTC),
            )
            for record in fetched
        ]

    async def end_offsets(self, stream: str) -> Mapping[int, int]:
        """Return, per partition, the offset the next record will get."""
        return await self._within(self._end_offsets(stream), f'stream "{stream}"')

    async def _end_offsets(self, stream: str) -> Mapping[int, int]:
        name = self._name(stream)
        numbers = await self._partitions(stream)
        consumer = await self._consumer.get()
        ends = await consumer.end_offsets([TopicPartition(name, n) for n in numbers])
        return {tp.partition: end for tp, end in ends.items()}

    async def committed(self, group: str) -> Mapping[tuple[str, int], int]:
        """Return the offsets from which a consumer group would go on."""
        return await self._within(self._committed(group), f'group "{group}"')

    async def _committed(self, group: str) -> Mapping[tuple[str, int], int]:
        offsets = None
        while offsets is None:  # the timeout around us bounds the loop
            admin = await self._admin.get()
            try:
                offsets = await admin.list_consumer_group_offsets(group)
            except NO_COORDINATOR_YET:
                # A fresh cluster makes its offsets topic when first asked.
                await asyncio.sleep(RETRY_SECONDS / 5)
            except (KafkaError, OSError):
                await self._admin.drop(admin)
                raise
        return {
            (tp.topic.removeprefix(self._prefix), tp.partition): found.offset
            for tp, found in offsets.items()
            if tp.topic.startswith(self._prefix) and found.offset >= 0
        }

    async def _partitions(self, stream: str) -> set[int]:
        """Return a stream's partitions, asking the cluster if it is new to us."""
        name = self._name(stream)
        producer = await self._producer.get()
        client = producer.client
        deadline = time.monotonic() + UNKNOWN_SECONDS
        while (found := client.cluster.partitions_for_topic(name)) is None:
            client.add_topic(name)
            if not await client.force_metadata_update():
                msg = "no broker answers"
                raise KafkaError(msg)
            if time.monotonic() > deadline:
                msg = f'stream "{name}": does not exist; create the streams first'
                raise UnknownStreamError(msg)
            await asyncio.sleep(RETRY_SECONDS / 5)
        numbers: set[int] = found
        return numbers

    def _name(self, stream: str) -> str:
        return stream_name(self._prefix, stream)

    async def _within(self, work: Awaitable[T], what: str) -> T:
        """Await within the timeout; say what went wrong in our own errors."""
        try:
            async with asyncio.timeout(self._timeout):
                return await work
        except (KafkaError, OSError, TimeoutError) as error:
            raise translate(error, f"kafka {self._bootstrap}: {what}") from error
