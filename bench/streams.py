"""What Faust costs: entries a second through classify on Kafka, against bare aiokafka.

    python bench/streams.py [--records 2000] [--kafka HOST:PORT]

Both consumers read the same stream of records, 20 entries of 1.5 KB each, in one run,
turn about, each as a new group from the beginning: the classify agent (Faust, guard,
decode, an empty topic list) and a bare aiokafka consumer doing the same decode. Without
`--kafka` a broker is started for the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from aiokafka import AIOKafkaConsumer

from agents import classify
from agents.app import attach, make_app, stop_app
from agents.progress import Progress
from agents.runtime import Runtime
from monitor.clock import SystemClock
from monitor.codec import decode, encode
from monitor.eventlog import Record
from monitor.eventlog.kafka import KafkaLog
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Entry
from monitor.patience import Patience
from monitor.topics import compile_topics
from tests.plugins.kafka import KafkaBroker

ENTRIES_A_RECORD = 20
ROUNDS = 3


def record(number: int) -> EntriesRecord:
    """Return one poll's worth of entries."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return EntriesRecord(
        feed=f"feed-{number % 40}",
        entries=tuple(
            Entry(
                feed=f"feed-{number % 40}",
                id=f"tag:example.org,2026:{number}-{n}",
                title=f"Ministers meet for talks, report {number}-{n}",
                summary="They spoke for an hour about what to do next. " * 27,
                url=f"https://example.org/{number}/{n}",
                lang="en",
                source="Wire A",
                fetched_at=now,
            )
            for n in range(ENTRIES_A_RECORD)
        ),
    )


async def fill(log: KafkaLog, stream: str, records: int) -> None:
    """Append the records."""
    await log.create_streams({stream: 1})
    for start in range(0, records, 100):
        batch = [record(n) for n in range(start, min(start + 100, records))]
        await log.append(stream, [Record(encode(r), r.feed.encode()) for r in batch])


async def through_faust(kafka: str, stream: str, records: int, log: Any) -> float:
    """Return entries a second through the classify agent."""
    settings: Any = SimpleNamespace(index=compile_topics([], []).index)
    nothing: Any = None
    metrics = Metrics()
    runtime = Runtime(
        settings=settings,
        log=log,
        store=nothing,
        metrics=metrics,
        clock=SystemClock(),
        patience=Patience(metrics),
    )
    guard = classify.guard(runtime)
    done = asyncio.Event()
    times: list[float] = []

    class Marks(Progress):
        def mark(self, partition: int, offset: int) -> None:
            super().mark(partition, offset)
            times.append(time.perf_counter())
            if len(times) == records:
                done.set()

    app = make_app(f"bench-{uuid.uuid4().hex}", f"kafka://{kafka}")
    attach(app, stream, guard, Marks())
    await app.start()
    async with asyncio.timeout(120):
        await done.wait()
    await stop_app(app)
    return (records - 1) * ENTRIES_A_RECORD / (times[-1] - times[0])


async def through_aiokafka(kafka: str, stream: str, records: int) -> float:
    """Return entries a second through a bare consumer doing the same decode."""
    consumer = AIOKafkaConsumer(
        stream,
        bootstrap_servers=kafka,
        group_id=f"bench-{uuid.uuid4().hex}",
        auto_offset_reset="earliest",
    )
    await consumer.start()
    count, first = 0, 0.0
    try:
        async for message in consumer:
            decode(message.value, EntriesRecord)
            count += 1
            if count == 1:
                first = time.perf_counter()
            if count == records:
                break
        return (records - 1) * ENTRIES_A_RECORD / (time.perf_counter() - first)
    finally:
        await consumer.stop()


async def measure(kafka: str, records: int) -> dict[str, object]:
    """Run both, turn about."""
    log = KafkaLog(kafka)
    await log.start()
    stream = f"bench-{uuid.uuid4().hex[:8]}"
    await fill(log, stream, records)
    faust_rates, bare_rates = [], []
    for _ in range(ROUNDS):
        bare_rates.append(await through_aiokafka(kafka, stream, records))
        faust_rates.append(await through_faust(kafka, stream, records, log))
    await log.stop()
    faust_rate = statistics.median(faust_rates)
    bare_rate = statistics.median(bare_rates)
    return {
        "bench": "classify on Kafka, 20 entries a record, no topics",
        "records": records,
        "faust_entries_per_second": round(faust_rate),
        "aiokafka_entries_per_second": round(bare_rate),
        "ratio": round(faust_rate / bare_rate, 3),
    }


def main() -> None:
    """Run the bench and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--kafka", metavar="HOST:PORT")
    options = parser.parse_args()
    if options.kafka:
        print(json.dumps(asyncio.run(measure(options.kafka, options.records))))
        return
    with tempfile.TemporaryDirectory() as folder:
        broker = KafkaBroker(Path(folder))
        broker.start()
        try:
            print(json.dumps(asyncio.run(measure(broker.bootstrap, options.records))))
        finally:
            broker.stop()


if __name__ == "__main__":
    main()
