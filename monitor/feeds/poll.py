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

from msgspec import Struct
from msgspec.structs import replace

from monitor.errors import FeedError, FetchError
from monitor.feed_model import MOVES, PollOutcome
from monitor.feeds.diff import Fresh, fresh, readable, strangers
from monitor.feeds.fetch import address_of, fetch
from monitor.feeds.moves import moved, still_moved
from monitor.feeds.schedule import next_poll, rhythm
from monitor.feeds.withdrawal import Look, is_full, look, look_again
from monitor.manners import LONGEST_HOLD, host_of
from monitor.model import EntriesRecord
from monitor.outbound.client import at_once

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, timedelta

    from monitor.clock import Clock
    from monitor.feed_model import FeedHints, FeedState, Fetched
    from monitor.feeds.ports import FeedBook
    from monitor.feeds.workers import ParseWorkers
    from monitor.metrics import Metrics
    from monitor.model import Feed
    from monitor.outbound import Outbound
    from monitor.outbound.client import Visit
    from monitor.patience import Patience

    Append = Callable[[EntriesRecord], Awaitable[None]]
    OnFeed = Callable[[Feed, Fetched], None]


class News(Struct, frozen=True, kw_only=True):
    """What a poll brought.

    Args:
        fresh: entries; none if the body was the one before.
        hints: how often the feed is worth asking; None keeps what is known.
        look: what became of its list; None if that was not looked at.
    """

    fresh: Fresh = Fresh()
    hints: FeedHints | None = None
    look: Look | None = None


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

    async def run(
        self,
        feed: Feed,
        state: FeedState,
        *,
        answered: Callable[[], None] = lambda: None,
        visit: Visit = at_once,
    ) -> PollOutcome:
        """Return how the poll ended, with its entries in the log.

        A publisher that does not answer usefully is an outcome, not an error.

        Args:
            feed: what to ask.
            state: what is remembered of it.
            answered: called once the publisher has answered, or has not.
            visit: entered with the host around each hop of a redirect to another one.
        """
        try:
            try:
                fetched = await self._fetch(feed, state, visit)
            finally:
                answered()
            digest = hashlib.sha256(fetched.body).hexdigest()
            if fetched.status == HTTPStatus.NOT_MODIFIED:
                digest = state.body_hash
            is_new = fetched.status == HTTPStatus.OK and digest != state.body_hash
            news = (
                await self.take(feed, fetched, is_whole=True)
                if is_new
                else await self._look_again(feed, state, fetched)
            )
        except FeedError as error:
            return self.failed(feed, state, error)
        if is_new and self._on_feed is not None:
            self._on_feed(feed, fetched)
        return self._good(feed, state, fetched, digest, news, is_new=is_new)

    async def take(
        self, feed: Feed, fetched: Fetched, *, is_whole: bool = False
    ) -> News:
        """Return what a body holds that is new, once the log has acknowledged it.

        Args:
            is_whole: it is the feed's whole list, so what it lacks has left the feed.

        Raises:
            FeedError: the body is no feed, or cannot be read.
        """
        news = await self._read(feed, fetched, is_whole=is_whole)
        await self._put(feed, news, fetched.answered_at)
        return news

    async def _look_again(
        self, feed: Feed, state: FeedState, fetched: Fetched
    ) -> News | None:
        """Return what an unchanged body says of entries that are missing from it."""
        if not state.watched:
            return None
        window = await self._patience.until_done(lambda: self._book.window(feed.id))
        if window is None:
            return None
        news = News(look=look_again(window, fetched.answered_at))
        await self._put(feed, news, fetched.answered_at)
        return news

    async def _put(self, feed: Feed, news: News, at: datetime) -> None:
        """Put what a poll brought in the log, and count it."""
        withdrawn = news.look.withdrawn if news.look else ()
        returned = news.look.returned if news.look else ()
        record = EntriesRecord(
            feed=feed.id,
            entries=news.fresh.entries,
            withdrawn=tuple(one.id for one in withdrawn),
            returned=returned,
            at=at if withdrawn or returned else None,
        )
        if not record.is_empty:
            await self._patience.until_done(lambda: self._append(record))
        count = self._metrics.entries.labels
        for entry in record.entries:
            count(feed=feed.id, kind="revised" if entry.revision else "new").inc()
        if withdrawn:
            self._metrics.withdrawn.labels(feed=feed.id).inc(len(withdrawn))
        if news.fresh.is_gap:
            self._metrics.gaps.labels(feed=feed.id).inc()

    async def _fetch(self, feed: Feed, state: FeedState, visit: Visit) -> Fetched:
        begun = time.monotonic()
        try:
            return await fetch(self._outbound, feed, state, self._clock, visit=visit)
        finally:
            self._metrics.poll_seconds.observe(time.monotonic() - begun)

    async def _read(self, feed: Feed, fetched: Fetched, *, is_whole: bool) -> News:
        parsed = await self._workers.parse(
            fetched.body, fetched.url, fetched.content_type
        )
        ids = [entry.id for entry in readable(parsed)]
        known = await self._patience.until_done(lambda: self._book.known(feed.id, ids))
        marks = strangers(parsed, known)
        alike = await self._patience.until_done(
            lambda: self._book.alike(feed.id, marks)
        )
        at = fetched.answered_at
        usual = rhythm((entry.published_at for entry in parsed.entries), at)
        hints = replace(parsed.hints, rhythm=usual)
        if not is_whole:
            return News(fresh=fresh(feed, parsed, known, at, alike=alike), hints=hints)
        window = await self._patience.until_done(lambda: self._book.window(feed.id))
        was_full = is_full(window, len(ids))
        found = fresh(feed, parsed, known, at, alike=alike, is_full=was_full)
        seen = look(window, parsed, at, is_gap=found.is_gap)
        return News(fresh=found, hints=hints, look=seen)

    def _good(
        self,
        feed: Feed,
        state: FeedState,
        fetched: Fetched,
        digest: str,
        news: News | None,
        *,
        is_new: bool,
    ) -> PollOutcome:
        now = self._clock.now()
        hints = (news.hints if news else None) or grown_quiet(state, now)
        kept = state if fetched.status == HTTPStatus.NOT_MODIFIED else None
        moved_to, moves = moved(feed, state, fetched)
        outcome = PollOutcome(
            feed=feed.id,
            at=now,
            next_poll_at=next_poll(
                now,
                interval=feed.interval,
                longest=feed.max_interval,
                hints=hints,
                max_age=fetched.max_age,
                chance=self._chance(),
            ),
            changed=is_new,
            # A 304 need not repeat the validators it confirms (RFC 9110, 15.4.5).
            etag=fetched.etag or (kept.etag if kept else ""),
            last_modified=fetched.last_modified or (kept.last_modified if kept else ""),
            body_hash=digest,
            moved_to=moved_to,
            moves=moves,
            host=host_of(moved_to if moves >= MOVES else feed.url),
        )
        return outcome if news is None else _with_news(outcome, news)

    def failed(self, feed: Feed, state: FeedState, error: Exception) -> PollOutcome:
        """Return the outcome of a poll that brought nothing."""
        now = self._clock.now()
        pause: timedelta | None = None
        is_gone = False
        hold: tuple[str, datetime] | None = None
        if isinstance(error, FetchError):
            pause = error.retry_after
            is_gone = error.status == HTTPStatus.GONE
            if pause and error.status == HTTPStatus.TOO_MANY_REQUESTS:
                # It is we who ask too often, whichever feed it was that told us.
                asked = host_of(address_of(feed, state))
                hold = (asked, now + min(pause, LONGEST_HOLD))
        moved_to, moves = still_moved(state, is_gone=is_gone)
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
            moved_to=moved_to,
            moves=moves,
            # Gone at its new address alone: it is looked for at the old one again.
            stopped=is_gone and address_of(feed, state) == feed.url,
            host=host_of(moved_to if moves >= MOVES else feed.url),
            hold=hold,
        )


def _with_news(outcome: PollOutcome, news: News) -> PollOutcome:
    found, seen = news.fresh, news.look
    revised = sum(entry.revision > 0 for entry in found.entries)
    return replace(
        outcome,
        seen=found.seen,
        present=found.present,
        hints=news.hints,
        title=found.title,
        new=len(found.entries) - revised,
        revised=revised,
        window=seen.window if seen else None,
        withdrawn=seen.withdrawn if seen else (),
        returned=seen.returned if seen else (),
        is_gap=found.is_gap,
    )


def grown_quiet(state: FeedState, now: datetime) -> FeedHints:
    """Return what is known of a feed's rhythm, slower after a long silence."""
    usual = state.hints.rhythm
    if usual is None or state.changed_at is None:
        return state.hints
    return replace(state.hints, rhythm=max(usual, now - state.changed_at))
