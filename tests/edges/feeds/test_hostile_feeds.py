"""Every row of the shared corpus of hostile feeds, against all it promises."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.feeds.workers import ParseWorkers
from tests.edges.feeds.hostile import read, rows, watched
from tests.edges.feeds.hostile_promises import complaints

pytestmark = pytest.mark.shared


async def test_every_hostile_feed_keeps_the_promise_of_its_row(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = watched(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    workers = ParseWorkers(1)
    found, count = [], 0
    try:
        await workers.warm()
        started = len(log.read_text())
        async with asyncio.timeout(300):
            for row, body in rows(shared / "hostile"):
                reading = await read(workers, row, body)
                found += [f"{reading.name}: {what}" for what in complaints(reading)]
                count += 1
    finally:
        await workers.close()
    touched = log.read_text()[started:]

    assert count > 1_000
    assert found == []
    assert touched == ""
