"""Parse bodies in child processes that can be killed.

The parser may take minutes, or gigabytes, over a body made for it. A worker that passes
its deadline or memory limit is killed and replaced; the body counts as no feed, and
nobody else waits. Workers start when first needed and stay warm.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.errors import FeedError, NotAFeedError
from monitor.feeds.frames import (
    EXIT_OUT_OF_MEMORY,
    LENGTH_BYTES,
    READY,
    Reply,
    Request,
    frame,
    reply_from,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import ParsedFeed

log = structlog.get_logger(__name__)

DEADLINE = timedelta(seconds=20)
MAX_RSS_BYTES = 1024**3
MAX_BODY_BYTES = 64 * 1024**2
"""What a worker is given; far beyond what is fetched, for feeds read from files."""

_START_SECONDS = 60
_ALARM_MARGIN_SECONDS = 5
_KEPT_ENVIRONMENT = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "LANG",
    "LC_ALL",
)


class ParseWorkers:
    """Share `count` worker processes among all who have a body to parse.

    Args:
        count: worker processes, and so bodies parsed at the same time.
        deadline: the time one body may take.
        max_rss_bytes: the memory one worker may take.
        on_kill: called for each worker killed at a limit.
    """

    def __init__(
        self,
        count: int,
        *,
        deadline: timedelta = DEADLINE,
        max_rss_bytes: int = MAX_RSS_BYTES,
        on_kill: Callable[[], None] = lambda: None,
    ) -> None:
        self._deadline = deadline
        self._memory = max_rss_bytes
        self._on_kill = on_kill
        self._slots = asyncio.Semaphore(count)
        self._idle: list[asyncio.subprocess.Process] = []
        self._all: set[asyncio.subprocess.Process] = set()

    async def parse(
        self, body: bytes, url: str = "", content_type: str = ""
    ) -> ParsedFeed:
        """Return the feed that a body holds; see `monitor.feeds.parse.parse_feed`.

        Raises:
            NotAFeedError: there is none, or looking for it took more than the limits.
            FeedError: no worker could be started.
        """
        if len(body) > MAX_BODY_BYTES:
            raise NotAFeedError(
                f"a body of more than {MAX_BODY_BYTES // 1024**2} MiB; "
                "find an address that sends less"
            )
        request = frame(Request(body, url, content_type))
        async with self._slots:
            worker = await self._take()
            try:
                reply = await self._ask(worker, request)
            except BaseException:
                # Also when the caller gave up: half an exchange cannot be resumed.
                await self._discard(worker)
                raise
            self._idle.append(worker)
        if reply.feed is None:
            raise NotAFeedError(reply.refused)
        return reply.feed

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
            self._all.discard(worker)  # it died in its sleep
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
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,  # secrets in ours are none of a parser's business
        )
        self._all.add(worker)
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
            self._killed("deadline")
            raise NotAFeedError(
                f"parsing took more than {self._deadline.total_seconds():g} s; "
                "the body was given up"
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await worker.wait()
            if code == EXIT_OUT_OF_MEMORY:
                self._killed("memory")
                raise NotAFeedError(
                    f"parsing took more than {self._memory // 1024**2} MiB; "
                    "the body was given up"
                ) from error
            self._killed("crash")
            raise NotAFeedError(
                f"the parser crashed (exit {code}); the body was given up"
            ) from error

    def _killed(self, reason: str) -> None:
        self._on_kill()
        log.warning("parse worker ended", reason=reason)

    async def _discard(self, worker: asyncio.subprocess.Process) -> None:
        self._all.discard(worker)
        with suppress(ProcessLookupError):
            worker.kill()
        if worker.stdin is not None:
            worker.stdin.close()
        # The caller may be cancelled again while the process is reaped.
        await asyncio.shield(asyncio.ensure_future(worker.wait()))
