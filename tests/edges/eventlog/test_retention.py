"""What the SQLite log keeps, what it lets go, and what it says about it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from monitor.eventlog import Record
from monitor.eventlog.retention import Removed
from monitor.eventlog.sqlite import SqliteLog
from tests.factories import NOON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PARTITION = ("entries", 0)
KIB = 1024


@dataclass
class HandClock:
    """A clock moved by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@asynccontextmanager
async def opened(
    path: Path, clock: HandClock, max_bytes: int = 1 << 30
) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(path / "log.db", max_age=DAY, max_bytes=max_bytes, clock=clock)
    await log.start()
    try:
        await log.create_streams({"entries": 1, "alerts": 1})
        yield log
    finally:
        await log.stop()


async def fill(
    log: SqliteLog, count: int, stream: str = "entries", size: int = 10
) -> None:
    for _ in range(count):
        await log.append(stream, [Record(bytes(size))])


async def held(log: SqliteLog, stream: str = "entries") -> list[int]:
    return [record.offset for record in await log.read(stream, 0, 0, 10_000)]


async def test_records_go_when_they_are_too_old(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock) as log:
        await fill(log, 3)
        clock.at += 2 * HOUR
        await fill(log, 2)
        kept_at_first = await log.retain(NOON + DAY)
        removed = await log.retain(NOON + DAY + HOUR)

        assert kept_at_first == Removed()
        assert removed == Removed(expired=3)
        assert await held(log) == [3, 4]
        assert await log.first_offsets("entries") == {0: 3}


async def test_old_records_a_group_has_not_read_stay(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock) as log:
        await fill(log, 10)
        await fill(log, 5, "alerts")
        await log.commit("quick", {PARTITION: 10})
        await log.commit("slow", {PARTITION: 4})
        removed = await log.retain(NOON + 30 * DAY)

        assert removed == Removed(expired=9)
        assert await held(log) == [4, 5, 6, 7, 8, 9]
        assert await held(log, "alerts") == []


async def test_offsets_go_on_after_everything_has_gone(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock) as log:
        await fill(log, 5)
        await log.retain(NOON + 2 * DAY)
    async with opened(tmp_path, clock) as log:
        await fill(log, 1)

        assert await held(log) == [5]
        assert await log.end_offsets("entries") == {0: 6}


async def test_reading_passes_over_what_has_gone(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock) as log:
        await fill(log, 5)
        await log.commit("assess", {PARTITION: 3})
        await log.retain(NOON + 2 * DAY)

        assert [r.offset for r in await log.read("entries", 0, 1, 1)] == [3]


async def test_the_oldest_consumed_records_go_when_it_is_too_much(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock, max_bytes=2048 * KIB) as log:
        await fill(log, 200, size=20 * KIB)
        await log.commit("assess", {PARTITION: 200})
        with capture_logs() as said:
            removed = await log.retain(NOON)
        left = await held(log)

    assert removed.oversize == 200 - len(left)
    assert left == list(range(200 - len(left), 200))
    assert 80 <= len(left) <= 102
    assert removed.unconsumed == 0
    assert said == []


async def test_the_file_shrinks_with_what_it_holds(tmp_path: Path) -> None:
    clock = HandClock()
    path = tmp_path / "log.db"
    async with opened(tmp_path, clock) as log:
        await fill(log, 400, size=20 * KIB)
    full = path.stat().st_size
    async with opened(tmp_path, clock) as log:
        await log.retain(NOON + 2 * DAY)
    empty = path.stat().st_size

    assert full > 8_000 * KIB
    assert empty < 1_500 * KIB
    assert names(tmp_path) == ["log.db", "log.db.lock"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_consumed_records_go_before_older_unconsumed_ones(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock, max_bytes=2048 * KIB) as log:
        await log.commit("slow", {PARTITION: 0})
        await fill(log, 40, size=20 * KIB)
        await fill(log, 100, "alerts", size=20 * KIB)
        removed = await log.retain(NOON)

        assert removed.unconsumed == 0
        assert await held(log) == list(range(40))
        assert len(await held(log, "alerts")) < 62


async def test_the_size_limit_beats_a_dead_consumer_and_says_so(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock, max_bytes=1024 * KIB) as log:
        await log.commit("dead", {PARTITION: 5})
        await fill(log, 100, size=20 * KIB)
        with capture_logs() as said:
            removed = await log.retain(NOON)
        left = await held(log)

    assert removed == Removed(oversize=5, unconsumed=100 - 5 - len(left))
    assert 30 <= len(left) <= 51
    [line] = said
    assert line["log_level"] == "error"
    assert line["event"] == "records removed that no consumer had read"
    assert line["records"] == removed.unconsumed


async def test_a_clock_set_back_tears_no_holes(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock) as log:
        await fill(log, 2)
        clock.at = NOON - 30 * DAY
        await fill(log, 2)
        clock.at = NOON
        await fill(log, 2)
        await log.retain(NOON + HOUR)

        assert await held(log) == [0, 1, 2, 3, 4, 5]
