"""The SQLite log: its lock, its disk, its group commit."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import LogError, LogLockedError, LogUnavailableError
from monitor.eventlog import Record
from monitor.eventlog.reader import SqliteReader
from monitor.eventlog.schema import connect
from monitor.eventlog.sqlite import SqliteLog, running_log
from monitor.eventlog.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def opened(path: Path, **settings: Any) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(path, **settings)
    await log.start()
    try:
        await log.create_streams({"entries": 4, "matches": 1})
        yield log
    finally:
        await log.stop()


def child(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Run a script in another process; its lines come through stdout."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


HOLD = """
import asyncio, os, pathlib, sys, time
from monitor.eventlog.sqlite import SqliteLog
async def main():
    await SqliteLog(pathlib.Path(sys.argv[1])).start()
    if len(sys.argv) > 2 and os.fork() == 0:
        time.sleep(30)
        os._exit(0)
    print("held", flush=True)
    await asyncio.sleep(30)
asyncio.run(main())
"""


async def test_a_second_process_is_refused_and_told_who_holds_the_log(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.db"
    holder = child(HOLD, str(path))
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(LogLockedError) as refusal:
            await SqliteLog(path).start()
        assert f"{path}: another process (pid {holder.pid})" in str(refusal.value)
        assert "; stop it first" in str(refusal.value)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


async def test_a_killed_owner_leaves_no_lock_even_if_its_child_lives(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.db"
    holder = child(HOLD, str(path), "fork")
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        [orphan] = _children(holder.pid)
        holder.kill()
        holder.wait()

        async with opened(path) as log:
            await log.append("matches", [Record(b"mine now")])
        os.kill(orphan, signal.SIGKILL)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(number) for number in found]


async def test_one_process_opens_a_log_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as log:
        with pytest.raises(LogLockedError, match="opened the log already"):
            await SqliteLog(tmp_path / "sub" / ".." / "log.db").start()

        await log.append("matches", [Record(b"still mine")])
        assert running_log(tmp_path / "log.db") is log
    with pytest.raises(LogUnavailableError, match="not open"):
        running_log(tmp_path / "log.db")


async def test_parent_folders_are_made(tmp_path: Path) -> None:
    async with opened(tmp_path / "a b" / "ü%?#" / "log.db") as log:
        await log.append("matches", [Record(b"x")])

    assert (tmp_path / "a b" / "ü%?#" / "log.db").is_file()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(LogUnavailableError, match=r"log.db: .*; check"):
        await SqliteLog(tmp_path / "file" / "log.db").start()


async def test_a_file_that_is_no_log_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_text("Dear diary, " * 100)

    with pytest.raises(LogError, match="not a database; move it away"):
        await SqliteLog(path).start()
    assert path.read_text().startswith("Dear diary")


async def test_a_log_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LogError, match="format 99, this program knows 1"):
        await SqliteLog(path).start()


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    connection = connect(tmp_path / "log.db")

    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    connection.close()


async def test_appends_that_wait_share_a_commit(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with opened(path) as log:
        before = _commits(path)
        await asyncio.gather(
            *(log.append("matches", [Record(b"x" * 50)]) for _ in range(300))
        )
        shared = _commits(path) - before
        for _ in range(20):
            await log.append("matches", [Record(b"x" * 50)])
        alone = _commits(path) - before - shared

    assert shared <= 10
    assert alone == 20


def _commits(path: Path) -> int:
    """Count the commit frames of the write-ahead log (sqlite.org/walformat.html)."""
    wal = Path(f"{path}-wal").read_bytes()
    page = int.from_bytes(wal[8:12], "big")
    frames = range(32, len(wal) - page, 24 + page)
    return sum(wal[at + 4 : at + 8] != b"\0\0\0\0" for at in frames)


async def test_a_writer_that_waits_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    async with opened(path) as log:
        intruder = sqlite3.connect(path, isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        appending = asyncio.ensure_future(log.append("matches", [Record(b"x")]))
        gaps = [await _nap() for _ in range(50)]
        waited = not appending.done()
        intruder.execute("COMMIT")
        intruder.close()
        await appending

    assert waited
    assert max(gaps) < 0.25


async def _nap() -> float:
    started = time.monotonic()
    await asyncio.sleep(0.01)
    return time.monotonic() - started


FULL_DISK = """
import asyncio, pathlib, resource, sys
from monitor.errors import LogUnavailableError
from monitor.eventlog import Record
from monitor.eventlog.sqlite import SqliteLog

def allow(size):  # of any file this process writes, as a full disk would
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    log = SqliteLog(pathlib.Path(sys.argv[1]))
    await log.start()
    await log.create_streams({"matches": 1})
    acknowledged, refused = [], 0
    allow(2 << 20)
    for number in range(40):
        try:
            await log.append("matches", [Record(b"%d:" % number + bytes(100_000))])
            acknowledged.append(number)
        except LogUnavailableError as error:
            assert "; check the disk" in str(error), error
            refused += 1
    assert acknowledged and refused > 5, (acknowledged, refused)
    readable = len(await log.read("matches", 0, 0, 100))
    allow(resource.RLIM_INFINITY)
    await log.append("matches", [Record(b"999:")])
    acknowledged.append(999)
    held = [int(r.value.split(b":")[0]) for r in await log.read("matches", 0, 0, 100)]
    assert held == acknowledged, (held, acknowledged)
    assert readable == len(acknowledged) - 1
    await log.stop()
    print("survived")
asyncio.run(main())
"""


def test_a_full_disk_is_an_outage_that_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "log.db")],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )

    assert (done.stdout, done.returncode) == ("survived\n", 0), done.stderr


async def test_an_append_whose_caller_was_cancelled_is_still_told(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    async with opened(tmp_path / "log.db") as log:
        log.watch(told.append)
        appending = asyncio.ensure_future(log.append("matches", [Record(b"x")]))
        await asyncio.sleep(0)
        appending.cancel()
        await log.append("matches", [Record(b"y")])

        assert log.end("matches", 0) == 2
        assert told == ["matches", "matches"]


async def test_a_job_that_fails_undoes_its_own_writes_alone(tmp_path: Path) -> None:
    def write(number: int) -> Callable[[sqlite3.Connection], None]:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
            connection.execute("INSERT INTO t VALUES (?)", (number,))
            if number == 2:
                raise ValueError(number)

        return work

    path = tmp_path / "jobs.db"
    writer = GroupWriter(path, lambda: connect(path))
    writer.start()
    results = await asyncio.gather(
        *(writer.run(write(number)) for number in range(1, 4)), return_exceptions=True
    )
    await writer.stop()

    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT n FROM t").fetchall() == [(1,), (3,)]
    connection.close()


async def test_a_transaction_the_database_refused_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    def refused(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.execute("INSERT INTO nonesuch VALUES (1)")

    path = tmp_path / "jobs.db"
    writer = GroupWriter(path, lambda: connect(path))
    writer.start()
    with pytest.raises(LogUnavailableError, match="no such table: nonesuch"):
        await writer.run(refused)
    tables = await writer.run(
        lambda c: c.execute("SELECT name FROM sqlite_master").fetchall()
    )
    await writer.stop()

    assert tables == []


async def test_one_partition_a_stream_unless_more_are_allowed(tmp_path: Path) -> None:
    async with opened(tmp_path / "one.db") as log:
        assert await log.end_offsets("entries") == {0: 0}
    async with opened(tmp_path / "more.db", max_partitions=3) as log:
        assert await log.end_offsets("entries") == {0: 0, 1: 0, 2: 0}


async def test_a_tool_reads_beside_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    tool = SqliteReader(path)
    with pytest.raises(LogUnavailableError):
        await tool.start()
    async with opened(path) as log:
        await log.append("matches", [Record(b"x")])
        await log.commit("assess", {("matches", 0): 1})

        assert [r.value for r in await tool.read("matches", 0, 0, 9)] == [b"x"]
        assert await tool.committed("assess") == {("matches", 0): 1}
    await tool.stop()


async def test_a_stopped_log_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as log:
        pass

    with pytest.raises(LogUnavailableError, match="not open"):
        await log.append("matches", [Record(b"x")])
    with pytest.raises(LogUnavailableError, match="not open"):
        await log.read("matches", 0, 0, 1)


async def test_a_want_of_memory_does_not_end_the_writer(tmp_path: Path) -> None:
    class Short(sqlite3.Connection):
        """Tell of want of memory as SQLite's driver does, once."""

        wants = True

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql == "COMMIT" and Short.wants:
                Short.wants = False
                raise MemoryError
            return super().execute(sql, *args)

    path = tmp_path / "log.db"
    writer = GroupWriter(
        path, lambda: sqlite3.connect(path, isolation_level=None, factory=Short)
    )
    writer.start()
    async with asyncio.timeout(5):
        with pytest.raises(LogUnavailableError):
            await writer.run(lambda _: 1)
        answer = await writer.run(lambda _: 2)
    await writer.stop()

    assert answer == 2
