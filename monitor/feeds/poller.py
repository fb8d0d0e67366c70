"""Keep every feed polled on time, each in a task of its own.

The book says which feeds are due and leases them, so any number of pollers may share
them; what one poll does is in `monitor.feeds.poll`. A feed that hangs takes one of
`concurrency` places until its own timeout, and nothing else.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.errors import FeedError, LogError, StateError
from monitor.feeds.fetch import address_of
from monitor.feeds.hosts import Hosts
from monitor.feeds.poll import Poll
from monitor.feeds.reports import PollReports
from monitor.manners import NO_MANNERS, host_of
from monitor.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.feed_model import FeedState
    from monitor.feeds.poll import Append, OnFeed
    from monitor.feeds.ports import FeedBook
    from monitor.feeds.workers import ParseWorkers
    from monitor.manners import Manners
    from monitor.metrics import Metrics
    from monitor.model import Feed
    from monitor.outbound import Outbound

log = structlog.get_logger(__name__)

CONCURRENCY = 32
LEASE = timedelta(seconds=40)
"""How soon the feeds of a poller that died are another's; renewed while it lives."""

RENEWALS = 4
"""How often a lease is renewed within its own time."""

LONGEST_SLEEP = timedelta(seconds=10)
"""How late a poller notices feeds that another has put on the schedule."""

SHORTEST_SLEEP_SECONDS = 0.005
STOP_GRACE_SECONDS = 3.0


class Poller:
    """Poll feeds as they fall due, until told to stop.

    Args:
        append: puts entries in the log; returns once they are acknowledged.
        feeds: the configured feeds by id; the caller keeps the book in step with them.
        owner: names this poller in leases; unique among all running ones.
        concurrency: feeds polled at the same time.
        manners: how hard one host may be asked.
        lease: how long its feeds stay its own after it has died.
        patience: the process's own, so that an outage is named once.
        on_feed: told of every body that was read as a feed.
    """

    _broken: BaseException | None = None

    def __init__(
        self,
        *,
        book: FeedBook,
        append: Append,
        outbound: Outbound,
        workers: ParseWorkers,
        feeds: Mapping[str, Feed],
        clock: Clock,
        metrics: Metrics,
        owner: str,
        concurrency: int = CONCURRENCY,
        manners: Manners = NO_MANNERS,
        lease: timedelta = LEASE,
        patience: Patience | None = None,
        on_feed: OnFeed | None = None,
    ) -> None:
        self._book = book
        self._feeds = dict(feeds)
        self._clock = clock
        self._owner = owner
        self._concurrency = concurrency
        self._patience = patience or Patience(metrics)
        self._poll = Poll(
            book=book,
            append=append,
            outbound=outbound,
            workers=workers,
            clock=clock,
            metrics=metrics,
            patience=self._patience,
            chance=random.random,
            on_feed=on_feed,
        )
        self._lease = lease
        self._hosts = Hosts(manners, clock, on_room=self._look)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._reports = PollReports(metrics)
        self._wake = asyncio.Event()
        self._must_look = True
        self._look_at = clock.now()

    def set_feeds(
        self, feeds: Mapping[str, Feed], manners: Manners | None = None
    ) -> None:
        """Swap the configured feeds, and look at once which are due."""
        if manners is not None:
            self._hosts.manners = manners
        for gone in self._feeds.keys() - feeds.keys():
            self._reports.forget(gone)
        self._feeds = dict(feeds)
        self._look()

    def _look(self) -> None:
        """Look at once which feeds are due."""
        self._must_look = True
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set; give polls under way a moment to end.

        Raises:
            LogError: the log refused for good.
            StateError: the state database refused for good.
        """
        # What ended an earlier run must not end this one.
        self._broken, self._must_look = None, True
        polling = asyncio.create_task(self._keep_polling())
        renewing = asyncio.create_task(self._keep_leases())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if polling.done():
                await polling
        finally:
            polling.cancel()
            stopping.cancel()
            await asyncio.gather(polling, stopping, return_exceptions=True)
            await self._end_running()
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _keep_polling(self) -> None:
        while True:
            self._wake.clear()
            if self._broken is not None:
                raise self._broken
            await self._start_due()
            await self._sleep()

    async def _keep_leases(self) -> None:
        """Renew the leases of polls under way, however long they take."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / RENEWALS)
            if names := list(self._running):
                # What the state refuses, the polls meet themselves when they end.
                with suppress(StateError):
                    await self._book.renew(
                        self._owner, names, self._clock.now(), self._lease
                    )

    async def _start_due(self) -> None:
        """Start a poll of every feed that is due, as far as there is room."""
        now = self._clock.now()
        if self._look_at > now + 2 * LONGEST_SLEEP:
            await self._turn_back(now)
        elif not self._must_look and now < self._look_at:
            return
        self._must_look = False
        self._look_at = now + LONGEST_SLEEP
        while (room := self._concurrency - len(self._running)) > 0:
            claimed = await self._claim(room)
            for state in claimed:
                self._start(state)
            if len(claimed) < room:
                break
        else:
            self._must_look = True  # as soon as a place is free
            return
        due = await self._patience.until_done(
            lambda: self._book.next_due(self._clock.now(), self._hosts.full())
        )
        if due is not None:
            self._look_at = min(self._look_at, due)

    async def _turn_back(self, now: datetime) -> None:
        """Put feeds back on schedule after the clock was set back.

        They were planned by a clock that ran ahead, maybe by hours.
        """
        log.warning("clock was set back, feeds are scheduled anew")
        feeds = tuple(self._feeds.values())
        await self._patience.until_done(lambda: self._book.sync(feeds, now))

    async def _claim(self, room: int) -> Sequence[FeedState]:
        # The time is asked at every try: a lease that began before an outage would
        # be over by the end of it.
        return await self._patience.until_done(
            lambda: self._book.claim_due(
                self._owner,
                self._clock.now(),
                self._lease,
                room,
                manners=self._hosts.manners,
                under_way=self._hosts.under_way,
            )
        )

    async def _sleep(self) -> None:
        """Sleep until a feed is due, a poll has ended or the feeds have changed."""
        if self._must_look:
            await self._wake.wait()
            return
        wait = min(self._look_at - self._clock.now(), LONGEST_SLEEP).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait, SHORTEST_SLEEP_SECONDS)):
                await self._wake.wait()

    def _start(self, state: FeedState) -> None:
        feed = self._feeds.get(state.id)
        if feed is None or state.id in self._running:
            # Not ours to poll (another configuration), or still at it since before
            # its lease ran out: either way the new lease keeps others off it.
            return
        host = host_of(address_of(feed, state))
        self._hosts.enter(host)
        task = asyncio.create_task(self._run(feed, state, host), name=f"poll {feed.id}")
        self._running[feed.id] = task
        task.add_done_callback(lambda done: self._ended(feed.id, host, done))

    def _ended(self, feed: str, host: str, task: asyncio.Task[None]) -> None:
        self._running.pop(feed, None)
        self._hosts.leave(host)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error
        self._wake.set()

    async def _run(self, feed: Feed, state: FeedState, host: str) -> None:
        begun = await self._hosts.turn(host, state.start_at)
        late = (begun - state.next_poll_at).total_seconds()
        self._reports.begun(late)
        try:
            outcome = await self._poll.run(
                feed,
                state,
                answered=lambda: self._hosts.answered(host, begun),
                visit=self._hosts.visit,
            )
        except (LogError, StateError):
            raise
        except Exception as error:
            # A mistake of ours over one feed must not stop the others.
            outcome = self._poll.failed(
                feed,
                state,
                FeedError(f"internal error ({type(error).__name__}); please report it"),
            )
            if self._reports.is_news(outcome):
                log.exception("poll broke", feed=feed.id)
        await self._patience.until_done(lambda: self._book.finish(self._owner, outcome))
        self._look_at = min(self._look_at, outcome.next_poll_at)
        self._reports.tell(feed, state, outcome)

    async def _end_running(self) -> None:
        """Let polls that are storing what they read finish; cut the others short."""
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_GRACE_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
