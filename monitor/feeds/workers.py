"""Parse bodies in child processes that can be killed.

The parser may take minutes, or gigabytes, over a body made for it. A worker that passes
its deadline or memory limit is killed and replaced, and the body counts as no feed.

So that such bodies hold nobody up, there are two lanes: what is not read within a second
goes to the slow lane, and its address starts there from then on, until it is quick again.
Workers start when first needed and stay warm.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.errors import FeedError, NotAFeedError
from monitor.feeds.frames import Request, frame
from monitor.feeds.lane import Lane, WorkerEndedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.feed_model import ParsedFeed
    from monitor.feeds.frames import Reply

log = structlog.get_logger(__name__)

DEADLINE = timedelta(seconds=20)
QUICK = timedelta(seconds=1)
"""What a body may take of the lane that everybody shares."""

MAX_RSS_BYTES = 1024**3
MAX_BODY_BYTES = 64 * 1024**2
"""What a worker is given; far beyond what is fetched, for feeds read from files."""

_SLOW_NICENESS = 10
_MOST_WAITING = 8
"""Slow bodies that wait; each holds one of the poller's places."""

_MOST_REMEMBERED = 1_000


class ParseWorkers:
    """Share `count` worker processes, and one for slow bodies, among all.

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
        self._on_kill = on_kill
        self._quick = Lane(
            count, deadline=min(QUICK, deadline), max_rss_bytes=max_rss_bytes
        )
        self._slow = Lane(
            1,
            deadline=deadline,
            max_rss_bytes=max_rss_bytes,
            niceness=_SLOW_NICENESS,
        )
        self._waiting = 0
        self._slow_addresses: dict[str, None] = {}

    async def parse(
        self, body: bytes, url: str = "", content_type: str = ""
    ) -> ParsedFeed:
        """Return the feed that a body holds; see `monitor.feeds.parse.parse_feed`.

        Raises:
            NotAFeedError: there is none, or looking for it took more than the limits.
            FeedError: no worker could be started, or too many slow bodies wait.
        """
        if len(body) > MAX_BODY_BYTES:
            raise NotAFeedError(
                f"a body of more than {MAX_BODY_BYTES // 1024**2} MiB; "
                "find an address that sends less"
            )
        request = frame(Request(body, url, content_type))
        try:
            reply = await self._parse(request, url)
        except WorkerEndedError as error:
            self._on_kill()
            log.warning("parse worker ended", reason=error.reason)
            raise NotAFeedError(str(error)) from error
        if reply.feed is None:
            raise NotAFeedError(reply.refused)
        return reply.feed

    async def warm(self) -> None:
        """Start one worker, so that the first body need not wait for it."""
        await self._quick.warm()

    async def close(self) -> None:
        """End every worker."""
        await self._quick.close()
        await self._slow.close()

    async def _parse(self, request: bytes, url: str) -> Reply:
        if url not in self._slow_addresses:
            try:
                return await self._quick.parse(request)
            except WorkerEndedError as error:
                if error.reason != "deadline":
                    raise
        return await self._parse_slowly(request, url)

    async def _parse_slowly(self, request: bytes, url: str) -> Reply:
        self._remember(url)
        if self._waiting >= _MOST_WAITING:
            raise FeedError(
                "too many feeds that take long to parse; it will be asked again"
            )
        self._waiting += 1
        try:
            begun = time.monotonic()
            reply = await self._slow.parse(request)
        finally:
            self._waiting -= 1
        if time.monotonic() - begun < QUICK.total_seconds() / 2:
            self._slow_addresses.pop(url, None)
        return reply

    def _remember(self, url: str) -> None:
        if url:
            self._slow_addresses[url] = None
        if len(self._slow_addresses) > _MOST_REMEMBERED:
            del self._slow_addresses[next(iter(self._slow_addresses))]
