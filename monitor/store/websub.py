"""The subscriptions to hubs: what was asked, what was verified, what is to be done next.

A request is written down before it is sent, with the time at which to try again: that
time is the lease by which several processes share the work, and what a process that
died had begun is begun anew when it has passed.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import delete, func, insert, or_, select, update

from monitor.feed_model import FeedState
from monitor.store.feed_health import STATE
from monitor.store.migrate import lock
from monitor.store.schema import feeds
from monitor.store.schema import websub_subscriptions as table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from monitor.store import Store

UNSUBSCRIBE_TRIES = 5
"""After these a hub is left to notice by itself, at the latest when the lease ends."""


class Subscription(Struct, frozen=True, kw_only=True):
    """What is remembered of one subscription of one feed.

    Args:
        token: the secret end of the callback's address.
        url: the address the feed was polled at when it named the hub.
        callback: the address before the token.
        asked: "subscribe" or "unsubscribe" while the hub has still to verify it.
        active_until: the end of the lease the hub verified, while there is one.
        due_at: when the hub is to be asked next.
        failures: requests in a row that the hub has not verified.
    """

    token: str
    feed: str
    url: str
    hub: str
    topic: str
    callback: str
    secret: str
    wanted: bool
    asked: str
    active_until: datetime | None
    due_at: datetime
    failures: int
    error: str
    created_at: datetime
    pushed_at: datetime | None

    def __repr__(self) -> str:
        """Name the feed, and neither token nor secret."""
        return f"Subscription(feed={self.feed!r}, token={self.token[:4]!r}...)"


_ALL = tuple(table.c[name] for name in Subscription.__struct_fields__)
_of = table.c


class StoreSubscriptions:
    """Remember subscriptions and share them between processes.

    Every method may raise StateUnavailableError; each is safe to repeat.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    # What we want

    async def offered(
        self,
        feed: str,
        url: str,
        hubs: Sequence[str],
        topic: str,
        *,
        callback: str,
        now: datetime,
        rest: timedelta,
    ) -> bool:
        """Want a subscription of a feed to one of these hubs; say whether it is new.

        One to another hub or topic takes the place of the present one, unless that is
        younger than `rest`: a feed that names another hub each time costs little.
        """

        def work(conn: Connection) -> bool:
            lock(conn, "websub", feed)
            present = conn.execute(
                select(*_ALL).where(_of.feed == feed, _of.wanted.is_(True))
            ).first()
            if present is not None:
                if present.topic == topic and present.hub in hubs:
                    return False
                if present.created_at > now - rest:
                    return False
                _retire(conn, present.token, now)
            _add(
                conn,
                feed=feed,
                url=url,
                hub=hubs[0],
                topic=topic,
                callback=callback,
                now=now,
            )
            return True

        return await self._store.run(work)

    async def sync(
        self, wanted: Mapping[str, str], callback: str, now: datetime
    ) -> None:
        """End the subscriptions of other feeds; move the rest to this callback.

        Args:
            wanted: the addresses of the feeds that may be subscribed, by name; none to
                end everything.
        """

        def work(conn: Connection) -> None:
            lock(conn, "websub", "")
            found = conn.execute(select(*_ALL).where(_of.wanted.is_(True))).all()
            for row in found:
                is_same = wanted.get(row.feed) == row.url
                if is_same and row.callback == callback:
                    continue
                _retire(conn, row.token, now)
                if is_same:
                    _add(
                        conn,
                        feed=row.feed,
                        url=row.url,
                        hub=row.hub,
                        topic=row.topic,
                        callback=callback,
                        now=now,
                    )

        await self._store.run(work)

    # What we ask of hubs

    async def claim(
        self, now: datetime, limit: int, pause: Callable[[int], timedelta]
    ) -> Sequence[Subscription]:
        """Take up to `limit` subscriptions whose hub is to be asked, and note the asking.

        Args:
            pause: returns how long to wait after so many failures.
        """

        def work(conn: Connection) -> list[Subscription]:
            found = conn.execute(
                select(*_ALL)
                .where(_of.due_at <= now)
                .order_by(_of.due_at, _of.token)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            claimed = []
            for row in found:
                one = Subscription(**row._mapping)
                if not one.wanted and _is_over(one, now):
                    conn.execute(delete(table).where(_of.token == one.token))
                    continue
                asked = "subscribe" if one.wanted else "unsubscribe"
                conn.execute(
                    update(table)
                    .where(_of.token == one.token)
                    .values(
                        asked=asked,
                        # Taken back when the hub verifies.
                        failures=one.failures + 1,
                        due_at=now + pause(one.failures),
                    )
                )
                claimed.append(one)
            return claimed

        return await self._store.run(work)

    async def next_due(self) -> datetime | None:
        """Return when a hub is to be asked next, or None without subscriptions."""
        statement = select(func.min(_of.due_at))
        found: datetime | None = await self._store.run(
            lambda conn: conn.execute(statement).scalar()
        )
        return found

    async def failed(
        self, token: str, error: str, *, was_answered: bool, not_before: datetime | None
    ) -> None:
        """Note why a request came to nothing.

        Args:
            was_answered: the hub said no, so that it will verify nothing.
            not_before: when the hub wants to be asked again, if it said so.
        """

        def work(conn: Connection) -> None:
            asked = conn.execute(
                select(_of.asked, _of.due_at).where(_of.token == token)
            ).first()
            if asked is None or not asked.asked:
                return  # verified meanwhile, whatever became of the answer
            values: dict[str, Any] = {"error": error}
            if was_answered:
                values["asked"] = ""
            if not_before is not None:
                values["due_at"] = max(asked.due_at, not_before)
            conn.execute(update(table).where(_of.token == token).values(values))

        await self._store.run(work)

    async def forget(self, token: str) -> None:
        """Drop a subscription that its hub does not know either."""
        await self._store.run(
            lambda conn: conn.execute(delete(table).where(_of.token == token))
        )

    # What hubs say

    async def find(self, token: str) -> Subscription | None:
        """Return the subscription whose callback this is."""
        statement = select(*_ALL).where(_of.token == token)
        row = await self._store.run(lambda conn: conn.execute(statement).first())
        return None if row is None else Subscription(**row._mapping)

    async def subscribed(
        self, token: str, topic: str, *, until: datetime, renew_at: datetime
    ) -> bool:
        """Begin or prolong a lease, if it is one we want; say whether it is.

        A hub that asks twice, because our answer was lost or of its own accord, is
        told the same twice.
        """

        def work(conn: Connection) -> bool:
            done = conn.execute(
                update(table)
                .where(
                    _of.token == token,
                    _of.topic == topic,
                    _of.wanted.is_(True),
                    or_(_of.asked == "subscribe", _of.active_until.is_not(None)),
                )
                .values(
                    asked="", failures=0, error="", active_until=until, due_at=renew_at
                )
            )
            return done.rowcount == 1

        return await self._store.run(work)

    async def unsubscribed(self, token: str, topic: str) -> bool:
        """Forget a subscription, if we asked to end it; say whether we did."""

        def work(conn: Connection) -> bool:
            done = conn.execute(
                delete(table).where(
                    _of.token == token,
                    _of.topic == topic,
                    _of.wanted.is_(False),
                    _of.asked == "unsubscribe",
                )
            )
            return done.rowcount == 1

        return await self._store.run(work)

    async def denied(
        self,
        token: str,
        topic: str,
        *,
        reason: str,
        due_at: datetime,
        poll_at: datetime,
    ) -> bool:
        """Note that a hub will not push, or no longer; say whether it concerned us.

        Args:
            poll_at: the feed is polled no later than this.
        """

        def work(conn: Connection) -> bool:
            feed = conn.execute(
                update(table)
                .where(_of.token == token, _of.topic == topic)
                .values(asked="", active_until=None, error=reason, due_at=due_at)
                .returning(_of.feed)
            ).scalar()
            if feed is not None:
                _hasten(conn, feed, poll_at)
            return feed is not None

        return await self._store.run(work)

    # What this means for polls

    async def end_leases(
        self, now: datetime, intervals: Mapping[str, timedelta]
    ) -> Sequence[str]:
        """End the leases that ran out and put their feeds back to their own interval."""

        def work(conn: Connection) -> list[str]:
            found = conn.execute(
                update(table)
                .where(_of.active_until <= now)
                .values(active_until=None)
                .returning(_of.feed)
            ).scalars()
            ended = sorted(found)
            for feed in ended:
                if feed in intervals:
                    _hasten(conn, feed, now + intervals[feed])
            return ended

        return await self._store.run(work)

    async def put_off_polls(
        self, now: datetime, soon: timedelta, pace: Callable[[str], timedelta | None]
    ) -> int:
        """Put off polls that come soon of feeds whose hub pushes; return how many.

        Args:
            pace: returns the time from one poll to the next of a pushed feed.
        """
        of = feeds.c

        def work(conn: Connection) -> int:
            found = conn.execute(
                select(of.id, of.polled_at, of.next_poll_at)
                .join(table, _of.feed == of.id)
                .where(
                    of.active.is_(True),
                    of.next_poll_at > now,
                    of.next_poll_at <= now + soon,
                    of.polled_at.is_not(None),
                    of.failures == 0,
                    of.leased_by.is_(None),
                    _of.wanted.is_(True),
                    _of.active_until > now,
                )
            ).all()
            number = 0
            for row in found:
                wait = pace(row.id)
                if wait is None or row.polled_at + wait <= row.next_poll_at:
                    continue
                number += conn.execute(
                    update(feeds)
                    .where(of.id == row.id, of.next_poll_at == row.next_poll_at)
                    .values(next_poll_at=row.polled_at + wait)
                ).rowcount
            return number

        return await self._store.run(work)

    # What a push needs

    async def is_off(self, feed: str) -> bool:
        """Say whether a feed is paused, or stopped by its publisher."""
        of = feeds.c
        off = or_(of.paused_at.is_not(None), of.stopped_since.is_not(None))
        statement = select(of.id).where(of.id == feed, off)
        found = await self._store.run(lambda conn: conn.execute(statement).scalar())
        return found is not None

    async def claim_feed(
        self, owner: str, feed: str, now: datetime, lease: timedelta
    ) -> FeedState | None:
        """Lease one feed, due or not, unless somebody has it; so no poll runs beside."""
        of = feeds.c

        def work(conn: Connection) -> FeedState | None:
            row = conn.execute(
                update(feeds)
                .where(
                    of.id == feed,
                    of.active.is_(True),
                    or_(of.leased_until.is_(None), of.leased_until <= now),
                )
                .values(leased_by=owner, leased_until=now + lease)
                .returning(*STATE)
            ).first()
            return None if row is None else FeedState(**row._mapping)

        return await self._store.run(work)

    async def release_feed(
        self, owner: str, feed: str, *, poll_at: datetime | None = None
    ) -> None:
        """Give the lease of a feed back, and perhaps have it polled by then."""
        of = feeds.c

        def work(conn: Connection) -> None:
            conn.execute(
                update(feeds)
                .where(of.id == feed, of.leased_by == owner)
                .values(leased_by=None, leased_until=None)
            )
            if poll_at is not None:
                _hasten(conn, feed, poll_at)

        await self._store.run(work)

    async def pushed(self, token: str, now: datetime) -> None:
        """Note that a push was taken."""
        await self._store.run(
            lambda conn: conn.execute(
                update(table).where(_of.token == token).values(pushed_at=now)
            )
        )

    async def list_all(self) -> Sequence[Subscription]:
        """List every subscription, by feed."""
        statement = select(*_ALL).order_by(_of.feed, _of.created_at)
        rows = await self._store.run(lambda conn: conn.execute(statement).all())
        return [Subscription(**row._mapping) for row in rows]


def _add(conn: Connection, *, now: datetime, **values: str) -> None:
    conn.execute(
        insert(table).values(
            token=secrets.token_urlsafe(32),
            secret=secrets.token_urlsafe(32),
            wanted=True,
            asked="",
            due_at=now,
            failures=0,
            error="",
            created_at=now,
            **values,
        )
    )


def _retire(conn: Connection, token: str, now: datetime) -> None:
    """End a subscription: ask the hub to if it pushes, else forget it at once."""
    conn.execute(delete(table).where(_of.token == token, _of.active_until.is_(None)))
    conn.execute(
        update(table)
        .where(_of.token == token)
        .values(wanted=False, asked="", failures=0, due_at=now)
    )


def _is_over(one: Subscription, now: datetime) -> bool:
    lapsed = one.active_until is None or one.active_until <= now
    return lapsed or one.failures >= UNSUBSCRIBE_TRIES


def _hasten(conn: Connection, feed: str, poll_at: datetime) -> None:
    conn.execute(
        update(feeds)
        .where(feeds.c.id == feed, feeds.c.next_poll_at > poll_at)
        .values(next_poll_at=poll_at)
    )
