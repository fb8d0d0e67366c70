"""Poll one feed once, from the request to the outcome.

    ask the publisher -> unchanged? -> parse -> tell new from known
        -> append to the log -> and only then remember

A crash between the last two steps repeats entries under the same id and revision; it
never loses one.
"""

from __future__ import annotations

import hashlib
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor.errors import FeedError, FetchError
from monitor.feeds.diff import Fresh, fresh, readable
from monitor.feeds.fetch import fetch
from monitor.feeds.schedule import next_poll
from monitor.model import PollOutcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import timedelta

    from monitor.clock import Clock
    from monitor.feeds.ports import FeedBook
    from monitor.feeds.workers import ParseWorkers
    from monitor.metrics import Metrics
    from monitor.model import Entry, Feed, FeedState, Fetched
    from monitor.outbound import Outbound
    from monitor.patience import Patience

    Append = Callable[[str, Sequence[Entry]], Awaitable[None]]
    OnFeed = Callable[[Feed, Fetched], None]


class Poll:
    """Do the steps of one poll, in order.

    Args:
        chance: returns a random number from 0 to 1, for the jitter.
        on_feed: told of every body that was read as a feed.
    """

    def __init__(
        self,
        *,
        book: FeedBook,
        append: Append,
        outbound: Outbound,
        workers: ParseWorkers,
        clock: Clock,
        metrics: Metrics,
        patience: Patience,
        chance: Callable[[], float],
        on_feed: OnFeed | None = None,
    ) -> None:
        self._book = book
        self._append = append
        self._outbound = outbound
        self._workers = workers
        self._clock = clock
        self._metrics = metrics
        self._patience = patience
        self._chance = chance
        self._on_feed = on_feed

    async def run(self, feed: Feed, state: FeedState) -> PollOutcome:
        """Return how the poll ended, with its entries in the log.

        A publisher that does not answer usefully is an outcome, not an error.
        """
        try:
            fetched = await self._fetch(feed, state)
            digest = hashlib.sha256(fetched.body).hexdigest()
            if fetched.status == HTTPStatus.NOT_MODIFIED:
                return self._good(feed, state, fetched, state.body_hash)
            if digest == state.body_hash:
                return self._good(feed, state, fetched, digest)
            news = await self.take(feed, fetched)
        except FeedError as error:
            return self.failed(feed, state, error)
        if self._on_feed is not None:
            self._on_feed(feed, fetched)
        return self._good(feed, state, fetched, digest, news)

    async def take(self, feed: Feed, fetched: Fetched) -> Fresh:
        """Return what a body holds that is new, once the log has acknowledged it.

        Raises:
            FeedError: the body is no feed, or cannot be read.
        """
        news = await self._read(feed, fetched)
        if news.entries:
            await self._patience.until_done(lambda: self._append(feed.id, news.entries))
            self._count(feed, news)
        return news

    async def _fetch(self, feed: Feed, state: FeedState) -> Fetched:
        begun = time.monotonic()
        try:
            return await fetch(self._outbound, feed, state, self._clock)
        finally:
            self._metrics.poll_seconds.observe(time.monotonic() - begun)

    async def _read(self, feed: Feed, fetched: Fetched) -> Fresh:
        parsed = await self._workers.parse(
            fetched.body, fetched.url, fetched.content_type
        )
        ids = [entry.id for entry in readable(parsed)]
        known = await self._patience.until_done(lambda: self._book.known(feed.id, ids))
        return fresh(feed, parsed, known, fetched.answered_at)

    def _count(self, feed: Feed, news: Fresh) -> None:
        for entry in news.entries:
            kind = "revised" if entry.revision else "new"
            self._metrics.entries.labels(feed=feed.id, kind=kind).inc()

    def _good(
        self,
        feed: Feed,
        state: FeedState,
        fetched: Fetched,
        digest: str,
        news: Fresh | None = None,
    ) -> PollOutcome:
        now = self._clock.now()
        kept = state if fetched.status == HTTPStatus.NOT_MODIFIED else None
        return PollOutcome(
            feed=feed.id,
            at=now,
            next_poll_at=next_poll(now, interval=feed.interval, chance=self._chance()),
            changed=news is not None,
            # A 304 need not repeat the validators it confirms (RFC 9110, 15.4.5).
            etag=fetched.etag or (kept.etag if kept else ""),
            last_modified=fetched.last_modified or (kept.last_modified if kept else ""),
            body_hash=digest,
            seen=news.seen if news else (),
            present=news.present if news else (),
        )

    def failed(self, feed: Feed, state: FeedState, error: Exception) -> PollOutcome:
        """Return the outcome of a poll that brought nothing."""
        now = self._clock.now()
        pause: timedelta | None = None
        if isinstance(error, FetchError):
            pause = error.retry_after
        return PollOutcome(
            feed=feed.id,
            at=now,
            next_poll_at=next_poll(
                now,
                interval=feed.interval,
                failures=state.failures + 1,
                retry_after=pause,
                chance=self._chance(),
            ),
            error=str(error),
        )
