"""The Faust transport over the SQLite log, beyond what both transports promise."""

from __future__ import annotations

import asyncio
import functools
import statistics
import subprocess
import sys
import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agents.app import stop_app
from monitor.clock import SystemClock
from monitor.errors import LogUnavailableError
from monitor.eventlog import Record
from monitor.eventlog.sqlite import SqliteLog
from tests.contract.harness import Place, add_agent, numbers, records, running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path}/log.db")


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db", max_age=timedelta(days=1), max_bytes=1 << 20)
    await log.start()
    await log.create_streams({"entries": 1, "matches": 1})
    yield log
    await log.stop()


async def test_an_idle_agent_is_woken_at_once(log: SqliteLog, place: Place) -> None:
    app = place.app("classify")
    took: list[float] = []

    async def note(event: Any) -> None:
        took.append(time.perf_counter() - float(event.value))

    add_agent(app, place, "entries", note)
    async with running(app):
        for number in range(40):
            await log.append("entries", [Record(b"%f" % time.perf_counter())])
            await until(functools.partial(_is_longer, took, number))

    # One that is not woken looks again after a second; a busy machine may take a while.
    assert statistics.median(took[5:]) < 0.2


def _is_longer(took: list[float], than: int) -> bool:
    return len(took) > than


async def test_a_full_buffer_does_not_idle_the_agent(
    log: SqliteLog, place: Place
) -> None:
    app = place.app("classify", stream_buffer_maxsize=8)
    at: list[float] = []

    async def work(event: Any) -> None:
        await asyncio.sleep(0.001)
        at.append(time.monotonic())

    add_agent(app, place, "entries", work)
    await log.append("entries", records(1000))

    async with running(app):
        await until(lambda: len(at) == 1000)

    # Faust would idle for a second after every hundred records it fetched.
    idle = [later - before for before, later in pairwise(at) if later - before > 0.9]
    assert len(idle) < 3


async def test_an_app_without_a_log_says_what_to_do(place: Place) -> None:
    app = place.app("classify")
    add_agent(app, place, "entries")

    with pytest.raises(LogUnavailableError, match="start it first"):
        await app.start()
    await stop_app(app)


OUTAGE = """
import asyncio, resource, sys
from monitor.errors import LogUnavailableError
from tests.contract.harness import Place, add_agent, records, running, until

def allow(size):  # of any file this process writes
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    place = Place(sys.argv[1])
    async with place.opened() as log:
        app = place.app("classify")
        held = asyncio.Event()
        async def hold(event):
            await held.wait()
        seen = add_agent(app, place, "matches", hold)
        await log.append("matches", records(3))
        async with running(app):
            await until(lambda: len(seen.records) == 1)
            allow(1)
            held.set()
            await until(lambda: len(seen.records) == 3)
            await asyncio.sleep(1)
            assert await log.committed("classify") == {("matches", 0): 0}
            allow(resource.RLIM_INFINITY)
            async with asyncio.timeout(20):
                while await log.committed("classify") != {("matches", 0): 3}:
                    await asyncio.sleep(0.05)
    print("committed")
asyncio.run(main())
"""


def test_a_commit_outlasts_a_full_disk(place: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OUTAGE, place.url],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("committed\n")
    assert done.stdout.count("log is away") == 1


async def test_a_group_is_known_to_retention_from_its_first_start(
    log: SqliteLog, place: Place
) -> None:
    app = place.app("classify")
    release = asyncio.Event()

    async def wait(event: Any) -> None:
        await release.wait()

    seen = add_agent(app, place, "entries", wait)
    await log.append("entries", records(5))
    async with running(app):
        await until(lambda: len(seen.records) == 1)
        removed = await log.retain(_far_future())
        release.set()
        await until(lambda: len(seen.records) == 5)

    assert removed.expired == 0
    assert numbers(seen.values) == [0, 1, 2, 3, 4]


def _far_future() -> datetime:
    return SystemClock().now() + timedelta(days=400)


async def test_a_group_goes_on_with_what_the_size_limit_left(
    log: SqliteLog, place: Place
) -> None:
    await log.commit("classify", {("entries", 0): 0})
    for number in range(100):
        await log.append("entries", [Record(b"%d" % number + b" " * 50_000)])
    removed = await log.retain(_far_future())
    app = place.app("classify")
    seen = add_agent(app, place, "entries")

    async with running(app):
        await until(lambda: numbers(seen.values)[-1:] == [99])
        await log.append("entries", [Record(b"100")])
        async with asyncio.timeout(20):
            while await log.committed("classify") != {("entries", 0): 101}:
                await asyncio.sleep(0.05)

    assert removed.unconsumed > 50
    assert numbers(seen.values) == list(range(removed.unconsumed, 101))


async def test_a_group_goes_on_when_retention_left_nothing(
    log: SqliteLog, place: Place
) -> None:
    app = place.app("classify")
    seen = add_agent(app, place, "entries")
    async with running(app):
        await log.append("entries", records(3))
        await until(lambda: len(seen.records) == 3)
        [where] = app.consumer.assignment()
        await log.commit("classify", {("entries", 0): 3})
        await log.retain(_far_future())
        await app.consumer.seek(where, 0)
        await asyncio.sleep(0.1)
        position = await app.consumer.position(where)
        await log.append("entries", records(1, start=3))
        await until(lambda: len(seen.records) == 4)

    assert position == 3
    assert numbers(seen.values) == [0, 1, 2, 3]
