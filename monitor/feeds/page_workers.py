"""Read pages, and robots.txt files, in a child process that can be killed.

Apart from the workers that parse feeds: a page that takes long, or takes a worker down,
holds up no feed. The worker starts when the first page is read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.errors import PageError
from monitor.feeds.frames import Request, frame
from monitor.feeds.lane import Lane, WorkerEndedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.feed_model import Page
    from monitor.feeds.frames import Reply

log = structlog.get_logger(__name__)

DEADLINE = timedelta(seconds=10)
MAX_RSS_BYTES = 1024**3
_NICENESS = 10


class PageWorkers:
    """One worker process for pages.

    Args:
        deadline: the time one page may take.
        max_rss_bytes: the memory the worker may take.
        on_kill: called when it was killed at a limit.
    """

    def __init__(
        self,
        *,
        deadline: timedelta = DEADLINE,
        max_rss_bytes: int = MAX_RSS_BYTES,
        on_kill: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_kill = on_kill
        self._lane = Lane(
            1,
            deadline=deadline,
            max_rss_bytes=max_rss_bytes,
            niceness=_NICENESS,
            job="pages",
        )

    async def read(self, body: bytes, url: str, content_type: str = "") -> Page:
        """Return what a page holds; see `monitor.feeds.page.read_page`.

        Raises:
            PageError: reading it took more than the limits.
            FeedError: no worker could be started.
        """
        reply = await self._ask(Request(body, url, content_type))
        if reply.page is None:
            raise PageError("the worker gave no page", outcome="unreadable")
        return reply.page

    async def is_allowed(self, robots: bytes, url: str, agent: str) -> bool:
        """Say whether a robots.txt lets an agent ask for an address.

        Raises:
            PageError: reading it took more than the limits.
            FeedError: no worker could be started.
        """
        reply = await self._ask(Request(robots, url, agent=agent))
        return bool(reply.is_allowed)

    async def close(self) -> None:
        """End the worker."""
        await self._lane.close()

    async def _ask(self, request: Request) -> Reply:
        try:
            return await self._lane.parse(frame(request))
        except WorkerEndedError as error:
            self._on_kill()
            log.warning("page worker ended", reason=error.reason)
            raise PageError(str(error), outcome="unreadable") from error
