"""Waiting in place: outages are named once each, whoever meets them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from agents.health import HealthCheck
from agents.maintenance import Maintenance
from agents.runtime import Runtime
from agents.services import Supervisor
from monitor.clock import SystemClock
from monitor.errors import StateError, StateUnavailableError
from monitor.metrics import Metrics
from monitor.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping


class State:
    """A database that answers or not."""

    def __init__(self) -> None:
        self.error: StateError | None = StateUnavailableError("state: away")
        self.asked = 0

    async def ask(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    async def ping(self) -> None:
        await self.ask()


class EmptyLog:
    """A log that answers."""

    async def end_offsets(self, _: str) -> Mapping[int, int]:
        return {0: 0}


def up(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value(
        "wirewatch_dependency_up", {"dependency": "state"}
    )


async def meet_outage(patience: Patience, state: State) -> asyncio.Task[None]:
    """Return a task that waits for the database, having met its absence."""
    asked = state.asked
    task = asyncio.create_task(patience.until_done(state.ask))
    async with asyncio.timeout(5):
        while state.asked == asked:
            await asyncio.sleep(0.01)
    return task


async def test_an_outage_is_named_once_however_many_meet_it() -> None:
    patience, state = Patience(Metrics()), State()
    with capture_logs() as logs:
        tasks = [await meet_outage(patience, state) for _ in range(3)]
        state.error = None
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks)

    assert [entry["event"] for entry in logs] == [
        "dependency is away",
        "dependency is back",
    ]


@pytest.mark.parametrize("end", ["cancelled", "refused"])
async def test_an_outage_is_named_anew_after_one_that_nobody_saw_end(end: str) -> None:
    patience, state = Patience(Metrics()), State()
    with capture_logs() as logs:
        waiting = await meet_outage(patience, state)
        if end == "cancelled":
            waiting.cancel()
        else:
            state.error = StateError("state: damaged")
        await asyncio.gather(waiting, return_exceptions=True)
        state.error = StateUnavailableError("state: away again")
        (await meet_outage(patience, state)).cancel()

    named = [entry for entry in logs if entry["event"] == "dependency is away"]
    assert len(named) == 2


async def test_the_gauge_tells_of_an_outage_as_long_as_it_lasts() -> None:
    metrics, state = Metrics(), State()
    parts: Any = {"settings": None, "log": EmptyLog(), "store": state}
    runtime = Runtime(
        **parts, metrics=metrics, clock=SystemClock(), patience=Patience(metrics)
    )
    stop = asyncio.Event()
    health = HealthCheck(runtime, Supervisor(metrics, stop))
    outbox: Any = None
    house = asyncio.create_task(
        Maintenance(runtime, outbox, health, ["classify"]).run(stop)
    )
    async with asyncio.timeout(5):
        while state.asked < 3:
            await asyncio.sleep(0.01)
        during = up(metrics)
        state.error = None
        while up(metrics) != 1:
            await asyncio.sleep(0.01)
    stop.set()
    await house

    assert during == 0
