"""Read the pages of entries that nearly matched, and send the entries round again.

Processes that poll do this, as they know whose turn it is at which host. An entry comes
back to stream `entries` under its own id and revision, with the text of its page; what
the feed's own words matched is known by then, so nothing is told twice. A crash between
the append and the note that it is done appends it once more, which changes nothing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from msgspec.structs import replace

from agents.roles import append_entries, make_outbound
from monitor.errors import FeedError, PageError
from monitor.feeds.page_workers import PageWorkers
from monitor.feeds.pages import Pages
from monitor.feeds.robot_rules import token_of
from monitor.model import EntriesRecord
from monitor.outbound import Outbound
from monitor.store.pages import LONGEST_WAIT, StorePages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.runtime import Runtime
    from monitor.config import Settings
    from monitor.feeds.poller import Poller
    from monitor.model import Entry
    from monitor.store.pages import WantedPage

CONCURRENCY = 8
TICK = timedelta(seconds=5)
"""How late a process notices what another one asked for."""

SHORTEST_PAUSE = timedelta(seconds=0.25)
"""Between two looks; what is due may wait for a place or for its host."""

LEASE = timedelta(minutes=5)
"""More than one page can take, with its turn, its redirects and the wait for a worker."""

PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""The waits before a page that may come later is tried again; then it is given up."""

STOP_GRACE_SECONDS = 3.0

log = structlog.get_logger(__name__)


class PageRole:
    """Read pages that are wanted, each in a task of its own.

    Args:
        owner: names this process in leases.
        poller: says whose turn it is at a host.
    """

    def __init__(self, runtime: Runtime, owner: str, poller: Poller) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._owner = owner
        self._poller = poller
        self._wanted = StorePages(runtime.store)
        self._outbound = make_outbound(settings)
        self._elsewhere = Outbound(user_agent=settings.outbound.user_agent)
        self._workers = PageWorkers(on_kill=runtime.metrics.parse_kills.inc)
        self._pages = Pages(
            outbound=self._outbound,
            elsewhere=self._elsewhere,
            workers=self._workers,
            clock=runtime.clock,
            agent=token_of(settings.outbound.user_agent),
            turn=poller.visiting,
        )
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], str] = {}
        self._urls: dict[str, str] = {}
        runtime.paged = self._wake.set

    async def run(self, stop: asyncio.Event) -> None:
        """Read pages until stopped; give those under way a moment to end."""
        self._know_feeds()
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                pause = None
                if self._urls:
                    await self._start_due()
                    pause = await self._pause()
                await self._sleep(stopping, pause)
        finally:
            stopping.cancel()
            await self._end_running()

    async def reloaded(self, settings: Settings) -> None:
        """Take on the feeds of a new configuration."""
        del settings  # the runtime has them
        self._know_feeds()
        self._wake.set()

    async def close(self) -> None:
        """End the worker and the connections."""
        await self._workers.close()
        await self._outbound.aclose()
        await self._elsewhere.aclose()

    def _know_feeds(self) -> None:
        feeds = self._runtime.settings.feeds
        self._urls = {feed.id: feed.url for feed in feeds if feed.full_text}

    async def _pause(self) -> timedelta:
        """Return how long it is until there may be something to do."""
        until_done = self._runtime.patience.until_done
        now = self._runtime.clock.now()
        due = await until_done(lambda: self._wanted.next_due(now))
        return TICK if due is None else min(max(due - now, SHORTEST_PAUSE), TICK)

    async def _sleep(
        self, stopping: asyncio.Task[bool], pause: timedelta | None
    ) -> None:
        """Sleep until woken or stopped, or for so long."""
        waking = asyncio.create_task(self._wake.wait())
        await asyncio.wait(
            {stopping, waking},
            timeout=None if pause is None else pause.total_seconds(),
            return_when=asyncio.FIRST_COMPLETED,
        )
        waking.cancel()

    async def _start_due(self) -> None:
        while (room := CONCURRENCY - len(self._running)) > 0:
            claimed = await self._claim(room)
            for page in claimed:
                self._start(page)
            if len(claimed) < room:
                return

    async def _claim(self, room: int) -> Sequence[WantedPage]:
        return await self._runtime.patience.until_done(
            lambda: self._wanted.claim(
                self._owner,
                self._runtime.clock.now(),
                LEASE,
                room,
                manners=self._poller.manners,
                under_way=self._poller.under_way,
                known_rules=self._pages.rules.hosts(),
            )
        )

    def _start(self, page: WantedPage) -> None:
        task = asyncio.create_task(self._run(page), name=f"page of {page.entry.feed}")
        self._running[task] = page.entry.feed
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        feed = self._running.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its lease runs out, and somebody begins it anew.
            log.error("page broke", feed=feed, error=f"{type(error).__name__}: {error}")
        self._wake.set()

    async def _run(self, page: WantedPage) -> None:
        entry = page.entry
        url = self._urls.get(entry.feed)
        now = self._runtime.clock.now()
        if url is None:
            await self._finish(entry, "dropped", "its feed is no longer read in full")
        elif entry.fetched_at < now - LONGEST_WAIT:
            await self._finish(entry, "late", "it waited too long")
        else:
            await self._read(page, url)

    async def _read(self, page: WantedPage, feed_url: str) -> None:
        entry = page.entry
        try:
            article = await self._pages.read(entry.url, feed_url, page.start_at)
        except PageError as error:
            await self._failed(page, error)
            return
        except FeedError as error:
            passing = PageError(str(error), outcome="failed", is_passing=True)
            await self._failed(page, passing)
            return
        found = article.page
        read = replace(entry, text=found.text, canonical=found.canonical)
        record = EntriesRecord(feed=entry.feed, entries=(read,))
        await self._runtime.patience.until_done(
            lambda: append_entries(self._runtime, record)
        )
        await self._finish(entry, "read", canonical=found.canonical)

    async def _failed(self, page: WantedPage, error: PageError) -> None:
        if not error.is_passing or page.tries >= len(PAUSES):
            log.info(
                "page not read",
                feed=page.entry.feed,
                outcome=error.outcome,
                error=str(error),
            )
            await self._finish(page.entry, error.outcome, str(error))
            return
        pause = max(PAUSES[page.tries], error.retry_after or timedelta())
        due_at = self._runtime.clock.now() + pause
        self._runtime.metrics.pages.labels("again").inc()
        await self._runtime.patience.until_done(
            lambda: self._wanted.again(
                self._owner, page.entry, due_at=due_at, error=str(error)
            )
        )

    async def _finish(
        self, entry: Entry, outcome: str, error: str = "", canonical: str = ""
    ) -> None:
        await self._runtime.patience.until_done(
            lambda: self._wanted.finish(
                self._owner, entry, outcome, error=error, canonical=canonical
            )
        )
        self._runtime.metrics.pages.labels(outcome).inc()

    async def _end_running(self) -> None:
        tasks = list(self._running)
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_GRACE_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
