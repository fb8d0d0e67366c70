"""The Kafka log when the broker is away, and the agents on it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LogUnavailableError
from monitor.eventlog import Record
from monitor.eventlog.kafka import KafkaLog
from tests.contract.harness import (
    STREAMS,
    Place,
    add_agent,
    numbers,
    records,
    running,
    until,
    until_committed,
)
from tests.plugins.services import free_port

if TYPE_CHECKING:
    from tests.plugins.kafka import KafkaBroker


async def test_a_broker_that_is_not_there_is_an_outage() -> None:
    log = KafkaLog(f"127.0.0.1:{free_port()}", request_timeout=1.0)

    started = time.monotonic()
    with pytest.raises(LogUnavailableError, match="; it is tried again"):
        await log.start()
    with pytest.raises(LogUnavailableError):
        await log.append("matches", [Record(b"x")])
    with pytest.raises(LogUnavailableError):
        await log.committed("classify")
    await log.stop()
    assert time.monotonic() - started < 10


@pytest.mark.kafka
@pytest.mark.slow
async def test_an_outage_ends_for_the_log_and_its_agents(
    kafka_broker: KafkaBroker,
) -> None:
    failed_in, held, seen = await _live_through_an_outage(kafka_broker)

    assert failed_in < 5
    assert sorted(set(held)) == list(range(10))
    # What the group had not committed when it fell apart may have come twice.
    assert seen[:5] == list(range(5))
    assert sorted(set(seen)) == list(range(10))


async def _live_through_an_outage(
    broker: KafkaBroker,
) -> tuple[float, list[int], list[int]]:
    """Return how long an append took to fail, what is held, and what was seen."""
    place = Place(f"kafka://{broker.bootstrap}")
    app = place.app("classify")
    seen = add_agent(app, place, "matches")
    log = KafkaLog(broker.bootstrap, request_timeout=2.0)
    await log.start()
    await log.create_streams(STREAMS)
    async with running(app):
        await log.append("matches", records(5))
        await until(lambda: len(seen.records) == 5)
        await until_committed(log, "classify", "matches")
        await asyncio.to_thread(broker.kill)
        started = time.monotonic()
        with pytest.raises(LogUnavailableError):
            await log.append("matches", [Record(b"99")])
        failed_in = time.monotonic() - started
        await asyncio.to_thread(broker.start)
        await _append_patiently(log, records(5, start=5))
        await until(lambda: len(set(seen.values)) >= 10)
        await until_committed(log, "classify", "matches")
    held = await log.read("matches", 0, 0, 100)
    await log.stop()
    return failed_in, numbers([r.value for r in held]), numbers(seen.values)


async def _append_patiently(log: KafkaLog, wanted: list[Record]) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await log.append("matches", wanted)
            except LogUnavailableError:
                await asyncio.sleep(0.1)
            else:
                return


@pytest.mark.kafka
async def test_streams_are_created_with_room_for_large_records(
    kafka: str, kafka_prefix: str
) -> None:
    log = KafkaLog(kafka, prefix=kafka_prefix)
    await log.start()
    await log.create_streams({"entries": 3})
    await log.append("entries", [Record(bytes(4 << 20), b"k")])
    ends = await log.end_offsets("entries")
    await log.stop()

    assert sorted(ends) == [0, 1, 2]
    assert sum(ends.values()) == 1


@pytest.mark.kafka
async def test_a_prefix_keeps_logs_on_one_cluster_apart(
    kafka: str, kafka_prefix: str
) -> None:
    ours = KafkaLog(kafka, prefix=f"{kafka_prefix}ours.")
    theirs = KafkaLog(kafka, prefix=f"{kafka_prefix}theirs.")
    for log in (ours, theirs):
        await log.start()
        await log.create_streams({"alerts": 1})
    await ours.append("alerts", [Record(b"x")])
    ends = [await log.end_offsets("alerts") for log in (ours, theirs)]
    for log in (ours, theirs):
        await log.stop()

    assert ends == [{0: 1}, {0: 0}]
