"""Make Faust apps as measurement has shown they must be made.

Each role is an app and a consumer group of its own, embedded in the program's loop.
The settings and their reasons stand in `docs/design.md` ("What Faust taught us").
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import faust
from faust.app.base import BootStrategy

from agents.dead_letters import Delivered
from agents.transport import transport_of
from monitor.eventlog import stream_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agents.dead_letters import Guard
    from agents.progress import Progress

STOP_SECONDS = 5.0
NEVER = 1e9


class _Boot(BootStrategy):  # type: ignore[misc]
    # The setting `web_enabled=False` alone does not keep Faust's web server off.
    enable_web = False


class App(faust.App):  # type: ignore[misc]
    """A Faust app without a web server and without folders of its own."""

    BootStrategy = _Boot

    def _create_directories(self) -> None:
        # They would hold tables, which we do not use, in the working directory.
        return

    def _new_transport(self) -> Any:
        return transport_of(self)


def make_app(group: str, broker: str, **settings: object) -> App:
    """Return an app that consumes as the group `group`.

    Args:
        broker: `sqlite:///path` or `kafka://host:port,host:port`.
    """
    defaults: dict[str, object] = {
        "autodiscover": False,
        "store": "memory://",
        "web_enabled": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "consumer_auto_offset_reset": "earliest",
        "producer_acks": -1,
        # With the defaults a killed process is missed for 65 s.
        "broker_session_timeout": 10.0,
        "broker_heartbeat_interval": 1.0,
        "broker_commit_interval": 1.0,
        # Faust counts these from its start, and so takes every later rebalance, and
        # every wait for the state, for a stall; `agents.progress` looks for those.
        "stream_processing_timeout": NEVER,
        "broker_commit_livelock_soft_timeout": NEVER,
        # Records read ahead: the default of 4096 may hold a gigabyte of ours.
        "stream_buffer_maxsize": 64,
        "consumer_max_fetch_size": 5 << 20,
    }
    return App(group, broker=broker, **(defaults | settings))


def attach(
    app: App,
    stream: str,
    guard: Guard[Any],
    progress: Progress,
    prefix: str = "",
) -> None:
    """Make the app's one agent: feed a stream's records to a guarded step.

    Args:
        prefix: what stands before the stream's name on the broker.
    """
    topic = app.topic(
        stream_name(prefix, stream),
        key_type=bytes,
        value_type=bytes,
        value_serializer="raw",
        key_serializer="raw",
    )

    async def process(event: faust.EventT) -> None:
        message = event.message
        await guard.process(
            Delivered(
                stream=stream,
                partition=message.tp.partition,
                offset=message.offset,
                key=event.key,
                value=event.value,
            )
        )
        progress.mark(message.tp.partition, message.offset)

    async def consume(events: faust.StreamT) -> None:
        await handle_each(events, process)

    app.agent(topic, name=f"{app.conf.id}.{guard.agent}", concurrency=1)(consume)


async def handle_each(
    events: faust.StreamT, work: Callable[[faust.EventT], Awaitable[None]]
) -> None:
    """Do `work` on each record of a stream; acknowledge it when that has returned.

    Left to itself Faust acknowledges also a record whose work was cancelled, as
    happens to one that waits for the database while the process ends.
    """
    stream = events.noack()
    async for event in stream.events():
        try:
            await work(event)
        except Exception:
            # Guards let none out. One that came would hold up its partition for ever.
            await stream.ack(event)
            raise
        await stream.ack(event)


async def stop_app(app: App, seconds: float = STOP_SECONDS) -> bool:
    """Stop an app; return False if it has not stopped in time.

    `wait_for` has no effect on an app whose agent is stuck, hence the plain wait.
    """
    task = asyncio.ensure_future(app.stop())
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return bool(done)
