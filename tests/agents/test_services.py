"""The supervisor of a process's services."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from agents.services import Supervisor
from monitor.metrics import Metrics


async def test_a_service_that_ends_by_error_is_started_again() -> None:
    metrics, stop = Metrics(), asyncio.Event()
    supervisor = Supervisor(metrics, stop)
    starts = 0
    neighbour_ran = asyncio.Event()

    async def shaky() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ValueError("first time")
        await stop.wait()

    async def steady() -> None:
        neighbour_ran.set()
        await stop.wait()

    supervisor.start("shaky", shaky)
    supervisor.start("steady", steady)
    async with asyncio.timeout(5):
        while not supervisor.failing:
            await asyncio.sleep(0.01)
        failing = dict(supervisor.failing)
        while starts < 2:
            await asyncio.sleep(0.01)
    stop.set()
    late = await supervisor.join(timeout=5)

    assert failing == {"shaky": "ValueError: first time"}
    assert supervisor.failing == {}
    assert neighbour_ran.is_set()
    assert late == []
    restarts = metrics.registry.get_sample_value(
        "wirewatch_service_restarts_total", {"service": "shaky"}
    )
    assert restarts == 1


async def test_a_service_that_will_not_end_is_named_and_cancelled() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(Metrics(), stop)

    async def stuck() -> None:
        await asyncio.Event().wait()

    supervisor.start("stuck", stuck)
    await asyncio.sleep(0)
    stop.set()
    late = await supervisor.join(timeout=0.05)

    assert late == ["stuck"]


async def test_a_failure_that_repeats_unchanged_is_logged_once() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(Metrics(), stop, first_pause=0.001)
    starts = 0

    async def shaky() -> None:
        nonlocal starts
        starts += 1
        raise ValueError("at first" if starts < 3 else "then")

    with capture_logs() as logs:
        supervisor.start("shaky", shaky)
        async with asyncio.timeout(5):
            while starts < 5:
                await asyncio.sleep(0.01)
        stop.set()
        await supervisor.join(timeout=5)

    told = [entry["error"] for entry in logs]
    assert told == ["ValueError: at first", "ValueError: then"]


async def test_the_pause_between_restarts_doubles() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    supervisor = Supervisor(Metrics(), stop, first_pause=0.02)
    starts: list[float] = []

    async def shaky() -> None:
        starts.append(loop.time())
        raise ValueError("again")

    with capture_logs():
        supervisor.start("shaky", shaky)
        async with asyncio.timeout(10):
            while len(starts) < 5:
                await asyncio.sleep(0.005)
        stop.set()
        await supervisor.join(timeout=5)

    assert starts[4] - starts[3] >= 0.16


async def test_a_service_cancelled_from_within_is_started_again() -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(Metrics(), stop)
    starts = 0

    async def shaky() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            lost = asyncio.ensure_future(asyncio.sleep(5))
            lost.cancel()
            await lost
        await stop.wait()

    supervisor.start("shaky", shaky)
    async with asyncio.timeout(5):
        while starts < 2:
            await asyncio.sleep(0.01)
    stop.set()
    late = await supervisor.join(timeout=5)

    assert late == []
