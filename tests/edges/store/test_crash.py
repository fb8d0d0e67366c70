"""A process killed in the middle of a transaction leaves all of it or nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.store import Store
from monitor.store.schema import alerts, outbox, sightings, stories

ROOT = Path(__file__).parents[3]
KILLS = 4

# Every transaction writes one sighting, one story, one alert and two notifications,
# and says so once the commit is acknowledged.
WRITER = """
import asyncio, sys
from tests.edges.store.test_assess import assess, news, plan
from tests.factories import rule
from monitor.store import Store

async def write(url, start):
    store = Store(url)
    await store.start()
    for number in range(start, start + 100_000):
        await assess(store, [news(number)], plan(rule(topics=("money",))))
        print(number, flush=True)

asyncio.run(write(sys.argv[1], int(sys.argv[2])))
"""


async def stored(url: str) -> dict[str, int]:
    store = Store(url)
    await store.start()
    tables = (sightings, stories, alerts, outbox)
    counts = {
        table.name: await store.run(
            lambda conn, table=table: conn.execute(  # type: ignore[misc]
                select(func.count()).select_from(table)
            ).scalar_one()
        )
        for table in tables
    }
    await store.stop()
    return counts


def write_until_killed(url: str, start: int) -> int:
    """Start a writer, kill it at a random moment, return the last number it said."""
    command = [sys.executable, "-c", WRITER, url, str(start)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line.strip() == str(start):
                break
        time.sleep(random.uniform(0.05, 0.3))
        os.kill(writer.pid, signal.SIGKILL)
        said = [start, *(int(line) for line in writer.stdout if line.endswith("\n"))]
    return said[-1]


@pytest.mark.slow
async def test_kills_at_random_moments_lose_nothing_and_leave_no_halves(
    url: str,
) -> None:
    acknowledged = 0
    for kill in range(KILLS):
        start = kill * 1_000_000
        acknowledged += write_until_killed(url, start) - start + 1
        counts = await stored(url)

        # One commit per kill may have happened without being heard of.
        assert acknowledged <= counts["alerts"] <= acknowledged + kill + 1
        assert counts["sightings"] == counts["stories"] == counts["alerts"]
        assert counts["outbox"] == 2 * counts["alerts"]
