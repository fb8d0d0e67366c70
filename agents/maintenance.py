"""What a process does now and then: retention, gauges, leftovers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agents.assess import publish_leftovers
from agents.streams import STREAMS
from monitor.eventlog.sqlite import SqliteLog
from monitor.store.retention import prune

if TYPE_CHECKING:
    from agents.runtime import Runtime
    from monitor.store.outbox import StoreOutbox

GAUGES_EVERY = 15.0
RETAIN_EVERY = 600.0
PRUNE_ROUNDS = 50


async def maintain(
    runtime: Runtime, outbox: StoreOutbox, stop: asyncio.Event, *, publishes: bool
) -> None:
    """Run until stopped.

    Args:
        publishes: this process assesses, so it publishes what a crash left over.
    """
    loop = asyncio.get_running_loop()
    retained_at = float("-inf")
    while not stop.is_set():
        await runtime.patience.until_done(lambda: _gauges(runtime, outbox))
        if publishes:
            await publish_leftovers(runtime)
        if loop.time() - retained_at >= RETAIN_EVERY:
            await runtime.patience.until_done(lambda: _retain(runtime))
            retained_at = loop.time()
        try:
            async with asyncio.timeout(GAUGES_EVERY):
                await stop.wait()
        except TimeoutError:
            continue


async def _gauges(runtime: Runtime, outbox: StoreOutbox) -> None:
    metrics = runtime.metrics
    for stream in STREAMS:
        ends = await runtime.log.end_offsets(stream)
        metrics.log_end_offset.labels(stream).set(sum(ends.values()))
    counts = await outbox.counts()
    for receiver in runtime.settings.plan.receivers:
        for state in ("pending", "dead"):
            number = counts.get((receiver, state), 0)
            metrics.outbox.labels(receiver, state).set(number)
    for dependency in ("log", "state"):
        metrics.dependency_up.labels(dependency).set(1)


async def _retain(runtime: Runtime) -> None:
    now = runtime.clock.now()
    if isinstance(runtime.log, SqliteLog):
        await runtime.log.retain(now)
    keep = runtime.settings.retention.state
    for _ in range(PRUNE_ROUNDS):
        # In small transactions, so that nobody waits long behind one.
        if not await runtime.store.run(lambda conn: prune(conn, now, keep)):
            return
