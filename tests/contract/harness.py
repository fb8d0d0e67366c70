"""What the contract suite knows of both logs: where one lies, and apps on it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from agents.app import App, handle_each, make_app, stop_app
from monitor.eventlog import EventLog, Record, stream_name
from monitor.eventlog.kafka import KafkaLog
from monitor.eventlog.open import bootstrap, sqlite_path
from monitor.eventlog.sqlite import SqliteLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

STREAMS = {"entries": 4, "matches": 1, "dead-letters": 1}
PATIENCE = 30.0


@dataclass(frozen=True)
class Place:
    """Where a log lies, so that another process can be told."""

    url: str
    prefix: str = ""

    def log(self) -> EventLog:
        """Return the log there, with four partitions possible on either kind."""
        if self.url.startswith("sqlite:"):
            return SqliteLog(
                sqlite_path(self.url),
                max_age=timedelta(days=1),
                max_bytes=1 << 30,
                max_partitions=4,
            )
        return KafkaLog(bootstrap(self.url), prefix=self.prefix)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[EventLog]:
        log = self.log()
        await log.start()
        try:
            await log.create_streams(STREAMS)
            yield log
        finally:
            await log.stop()

    def group(self, name: str) -> str:
        """Return a consumer group no other test uses."""
        return f"{self.prefix}{name}"

    def app(self, group: str, **settings: object) -> App:
        defaults: dict[str, object] = {
            "broker_session_timeout": 2.0,
            "broker_heartbeat_interval": 0.3,
            "broker_commit_interval": 0.2,
        }
        return make_app(self.group(group), self.url, **(defaults | settings))


@dataclass
class Seen:
    """What an agent was given, in order."""

    records: list[tuple[int, int, bytes | None, bytes]] = field(default_factory=list)

    @property
    def values(self) -> list[bytes]:
        return [value for *_, value in self.records]

    @property
    def places(self) -> list[tuple[int, int]]:
        return [(partition, offset) for partition, offset, *_ in self.records]

    def of_key(self, key: bytes) -> list[bytes]:
        return [value for _, _, of, value in self.records if of == key]


class Step(Protocol):
    def __call__(self, event: Any) -> Awaitable[None]: ...


async def _nothing(event: Any) -> None:
    """Do nothing with a record."""


def add_agent(
    app: App, place: Place, stream: str, step: Step = _nothing, name: str = "agent"
) -> Seen:
    """Give an app an agent that notes each record before its step."""
    seen = Seen()
    topic = app.topic(
        stream_name(place.prefix, stream),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )

    async def note(event: Any) -> None:
        message = event.message
        seen.records.append((message.partition, message.offset, event.key, event.value))
        await step(event)

    async def consume(events: Any) -> None:
        await handle_each(events, note)

    app.agent(topic, name=f"{app.conf.id}.{name}", concurrency=1)(consume)
    return seen


@asynccontextmanager
async def running(*apps: App) -> AsyncIterator[None]:
    """Run apps side by side in this loop."""
    await asyncio.gather(*(app.start() for app in apps))
    try:
        yield
    finally:
        stopped = await asyncio.gather(*(stop_app(app, 15.0) for app in apps))
        assert all(stopped)


async def until(claim: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until a claim holds."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.01)


async def until_committed(log: EventLog, group: str, stream: str) -> None:
    """Wait until a group has committed everything a stream holds."""
    ends = await log.end_offsets(stream)
    deadline = time.monotonic() + PATIENCE
    while True:
        committed = await log.committed(group)
        if all(committed.get((stream, n), 0) == end for n, end in ends.items()):
            return
        assert time.monotonic() < deadline, f"{committed} of {ends}"
        await asyncio.sleep(0.05)


def records(count: int, keys: int = 3, start: int = 0) -> list[Record]:
    """Return numbered records, spread over some keys."""
    return [
        Record(f"{number}".encode(), f"feed-{number % keys}".encode())
        for number in range(start, start + count)
    ]


def numbers(values: list[bytes]) -> list[int]:
    return [int(value) for value in values]
