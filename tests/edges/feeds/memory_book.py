"""A feed book in memory: the contract of `monitor.feeds.ports`, nothing kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from monitor.errors import StateUnavailableError
from monitor.feed_model import FeedState, PollOutcome, SeenEntry
from monitor.feed_window import FeedWindow
from monitor.feeds.ports import NOTHING_UNDER_WAY
from monitor.manners import NO_MANNERS, Manners
from monitor.model import Feed


class MemoryBook:
    """Remember feeds; be away for as many calls as a test asks."""

    def __init__(self) -> None:
        self.states: dict[str, FeedState] = {}
        self.outcomes: list[PollOutcome] = []
        self.away_for = 0
        self.windows: dict[str, FeedWindow] = {}
        self._seen: dict[str, dict[str, SeenEntry]] = {}
        self._leases: dict[str, datetime] = {}

    async def sync(self, feeds: Sequence[Feed], now: datetime) -> None:
        self._may_be_away()
        wanted = {feed.id: feed for feed in feeds}
        for gone in self.states.keys() - wanted.keys():
            del self.states[gone]
        for feed in feeds:
            if feed.id not in self.states:
                self.states[feed.id] = FeedState(
                    id=feed.id, url=feed.url, next_poll_at=now
                )

    async def claim_due(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        manners: Manners = NO_MANNERS,
        under_way: Mapping[str, int] = NOTHING_UNDER_WAY,
    ) -> Sequence[FeedState]:
        self._may_be_away()
        due = [
            state
            for state in self.states.values()
            if state.next_poll_at <= now
            and state.stopped_since is None
            and self._is_free(state.id, now)
        ]
        due = sorted(due, key=lambda state: state.next_poll_at)[:limit]
        self._leases |= {state.id: now + lease for state in due}
        return due

    async def renew(
        self, owner: str, names: Collection[str], now: datetime, lease: timedelta
    ) -> None:
        self._may_be_away()
        for name in names & self._leases.keys():
            self._leases[name] = now + lease

    async def next_due(
        self, now: datetime, full: Collection[str] = ()
    ) -> datetime | None:
        self._may_be_away()
        times = [
            state.next_poll_at
            for state in self.states.values()
            if state.stopped_since is None and self._is_free(state.id, now)
        ]
        return min(times, default=None)

    async def known(self, feed: str, ids: Collection[str]) -> Mapping[str, SeenEntry]:
        self._may_be_away()
        seen = self._seen.get(feed, {})
        return {one: seen[one] for one in ids if one in seen}

    async def alike(self, feed: str, hashes: Collection[str]) -> Collection[str]:
        self._may_be_away()
        seen = self._seen.get(feed, {}).values()
        return {one.content_hash for one in seen} & set(hashes)

    async def window(self, feed: str) -> FeedWindow | None:
        self._may_be_away()
        return self.windows.get(feed)

    async def finish(self, owner: str, outcome: PollOutcome) -> None:
        self._may_be_away()
        self.outcomes.append(outcome)
        self._leases.pop(outcome.feed, None)
        state = self.states.get(outcome.feed)
        if state is None:
            return
        if outcome.error:
            self.states[outcome.feed] = replace(
                state,
                failures=state.failures + 1,
                error=outcome.error,
                next_poll_at=outcome.next_poll_at,
                moved_to=outcome.moved_to,
                moves=outcome.moves,
                stopped_since=outcome.at if outcome.stopped else None,
            )
            return
        self._seen.setdefault(outcome.feed, {}).update(
            {one.id: one for one in outcome.seen}
        )
        watched = state.watched
        if outcome.window is not None:
            self.windows[outcome.feed] = outcome.window
            watched = bool(outcome.window.missing)
        self.states[outcome.feed] = replace(
            state,
            watched=watched,
            failures=0,
            error="",
            etag=outcome.etag,
            last_modified=outcome.last_modified,
            body_hash=outcome.body_hash,
            hints=outcome.hints or state.hints,
            moved_to=outcome.moved_to,
            moves=outcome.moves,
            next_poll_at=outcome.next_poll_at,
        )

    def of(self, feed: str) -> list[PollOutcome]:
        return [outcome for outcome in self.outcomes if outcome.feed == feed]

    def expire_leases(self) -> None:
        self._leases.clear()

    def _is_free(self, feed: str, now: datetime) -> bool:
        return feed not in self._leases or self._leases[feed] <= now

    def _may_be_away(self) -> None:
        if self.away_for:
            self.away_for -= 1
            raise StateUnavailableError("state: away; it will be tried again")
