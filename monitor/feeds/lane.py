"""Some parse workers with one deadline, shared by whoever has a body.

Owns the processes: starting, asking, killing and replacing them. Which body goes to
which lane is decided in `monitor.feeds.workers`.
"""

from __future__ import annotations

import asyncio
import math
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import FeedError
from monitor.feeds.frames import (
    EXIT_OUT_OF_MEMORY,
    LENGTH_BYTES,
    READY,
    Reply,
    reply_from,
)

if TYPE_CHECKING:
    from datetime import timedelta

_START_SECONDS = 60
_ALARM_MARGIN_SECONDS = 5

MAX_PARSES = 1_000
MAX_IDLE_BYTES = 256 * 1024**2
"""After so many bodies, or when it keeps so much memory, a worker is replaced."""

_KEPT_ENVIRONMENT = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LANG",
    "LC_ALL",
)


class WorkerEndedError(FeedError):
    """Say that a worker ended over a body.

    Args:
        message: what became of the body.
        reason: "deadline", "memory" or "crash".
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Lane:
    """Worker processes that parse bodies one at a time each.

    Args:
        count: worker processes, and so bodies parsed at the same time.
        deadline: the time one body may take.
        max_rss_bytes: the memory one worker may take.
        niceness: how far its workers stand back for the rest of the machine.
        max_parses: bodies after which a worker is replaced.
        max_idle_bytes: the memory that a worker may keep when its body is done.
    """

    def __init__(
        self,
        count: int,
        *,
        deadline: timedelta,
        max_rss_bytes: int,
        niceness: int = 0,
        max_parses: int = MAX_PARSES,
        max_idle_bytes: int = MAX_IDLE_BYTES,
    ) -> None:
        self._deadline = deadline
        self._max_parses = max_parses
        self._max_idle_bytes = max_idle_bytes
        self._memory = max_rss_bytes
        self._niceness = niceness
        self._slots = asyncio.Semaphore(count)
        self._idle: list[asyncio.subprocess.Process] = []
        self._all: dict[asyncio.subprocess.Process, int] = {}
        """Every worker, and the bodies it has parsed."""

    async def parse(self, request: bytes) -> Reply:
        """Return a worker's reply to a framed request, once a worker is free.

        Raises:
            WorkerEndedError: the body took more than the limits.
            FeedError: no worker could be started.
        """
        async with self._slots:
            worker = await self._take()
            try:
                reply = await self._ask(worker, request)
            except BaseException:
                # Also when the caller gave up: half an exchange cannot be resumed.
                await self._discard(worker)
                raise
            if self._is_worn(worker):
                await self._discard(worker)
            else:
                self._idle.append(worker)
        return reply

    def _is_worn(self, worker: asyncio.subprocess.Process) -> bool:
        """Count a body; say whether the worker is to be replaced.

        What the parser leaks, or a large body left behind, must not add up.
        """
        parses = self._all.get(worker, 0) + 1
        if worker in self._all:
            self._all[worker] = parses
        return parses >= self._max_parses or _rss(worker.pid) > self._max_idle_bytes

    async def warm(self) -> None:
        """Start one worker, so that the first body need not wait for it."""
        async with self._slots:
            self._idle.append(await self._take())

    async def close(self) -> None:
        """End every worker."""
        workers, self._idle = list(self._all), []
        for worker in workers:
            await self._discard(worker)

    async def _take(self) -> asyncio.subprocess.Process:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
            self._all.pop(worker, None)  # it died in its sleep
        return await self._start()

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {
            name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ
        }
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor.feeds.worker_main",
            str(self._memory),
            str(math.ceil(self._deadline.total_seconds()) + _ALARM_MARGIN_SECONDS),
            str(self._niceness),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,  # secrets in ours are none of a parser's business
        )
        self._all[worker] = 0
        assert worker.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            async with asyncio.timeout(_START_SECONDS):
                await worker.stdout.readexactly(len(READY))
        except BaseException as error:
            await self._discard(worker)
            if isinstance(error, TimeoutError | asyncio.IncompleteReadError):
                raise FeedError(
                    "parse worker: it did not start; see the message on stderr"
                ) from error
            raise
        return worker

    async def _ask(self, worker: asyncio.subprocess.Process, request: bytes) -> Reply:
        assert worker.stdin is not None  # noqa: S101 - pipes were asked for
        assert worker.stdout is not None  # noqa: S101
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                worker.stdin.write(request)
                await worker.stdin.drain()
                head = await worker.stdout.readexactly(LENGTH_BYTES)
                size = int.from_bytes(head, "big")
                return reply_from(await worker.stdout.readexactly(size))
        except TimeoutError as error:
            raise WorkerEndedError(
                f"parsing took more than {self._deadline.total_seconds():g} s; "
                "the body was given up",
                "deadline",
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await worker.wait()
            if code == EXIT_OUT_OF_MEMORY:
                raise WorkerEndedError(
                    f"parsing took more than {self._memory // 1024**2} MiB; "
                    "the body was given up",
                    "memory",
                ) from error
            raise WorkerEndedError(
                f"the parser crashed (exit {code}); the body was given up", "crash"
            ) from error

    async def _discard(self, worker: asyncio.subprocess.Process) -> None:
        self._all.pop(worker, None)
        with suppress(ProcessLookupError):
            worker.kill()
        if worker.stdin is not None:
            worker.stdin.close()
        # The caller may be cancelled again while the process is reaped.
        await asyncio.shield(asyncio.ensure_future(worker.wait()))


def _rss(pid: int) -> int:
    """Return the bytes of memory that a process takes; 0 where that is not told.

    Not asked of the process itself: a worker opens no file, and its own record of the
    most it took begins with what its parent took when it was started.
    """
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * resource.getpagesize()
