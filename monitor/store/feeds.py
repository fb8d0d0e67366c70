"""The feed book: what pollers remember of feeds, and how they share them.

A poller leases the feeds it polls. When it dies its leases run out; when it is late and
another poller has the feed, only the entries it got into the log are written down,
because they are in the log whoever put them there.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select, update

from monitor.feed_model import FeedState
from monitor.manners import NO_MANNERS, Turns
from monitor.store.columns import UtcTime
from monitor.store.feed_entries import (
    had_hashes,
    known_entries,
    record_present,
    record_seen,
)
from monitor.store.feed_health import STATE, note_body
from monitor.store.feed_sync import NO_FAILURES, sync
from monitor.store.feed_windows import note_window, read_window
from monitor.store.schema import feed_hosts, feeds
from monitor.store.sql import batches, insert_all_new

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Row

    from monitor.feed_model import PollOutcome, SeenEntry
    from monitor.feed_window import FeedWindow
    from monitor.manners import Manners
    from monitor.model import Feed
    from monitor.store import Store
    from monitor.store.feed_health import Learn

_CLAIMED = (*STATE, feeds.c.host)
_NO_LEASE = {"leased_by": None, "leased_until": None}


NOTHING_UNDER_WAY: Mapping[str, int] = MappingProxyType({})


class StoreFeedBook:
    """Remember feeds, share them between pollers by leases.

    Every method may raise StateUnavailableError; the caller tries again.

    Args:
        learn: says what is usual for a feed after one more body; for pollers.
    """

    def __init__(self, store: Store, learn: Learn | None = None) -> None:
        self._store = store
        self._learn = learn

    async def sync(self, feeds: Sequence[Feed], now: datetime) -> None:
        """Make the book hold exactly these feeds; keep what it knows of old ones.

        A new feed is due at once; of many new ones the first fifty are, and the others
        follow one after the other, as do feeds that were missed for a minute and more.
        A feed whose address changed keeps its entries and loses what was learnt of it;
        one whose interval became shorter is due that much sooner, unless it is failing.
        A feed that is gone is kept, unscheduled, so that coming back repeats nothing.
        """
        wanted = sorted(feeds, key=lambda feed: feed.id)
        await self._store.run(lambda conn: sync(conn, wanted, now))

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
        """Lease up to `limit` feeds that are due and not leased, most overdue first.

        A feed whose host is not to be asked within two seconds is put off to its place
        in the host's queue. The hosts' times are shared by all pollers.

        Args:
            manners: how hard one host may be asked.
            under_way: polls that the caller has under way, by host.
        """
        work = _Claim(owner, now, lease, limit, manners, under_way)
        return await self._store.run(work.run)

    async def renew(
        self, owner: str, names: Collection[str], now: datetime, lease: timedelta
    ) -> None:
        """Lengthen the leases an owner still holds on these feeds."""

        def work(conn: Connection) -> None:
            of = feeds.c
            for ids in batches(sorted(names)):
                conn.execute(
                    update(feeds)
                    .where(of.id.in_(ids), of.leased_by == owner)
                    .values(leased_until=now + lease)
                )

        await self._store.run(work)

    async def next_due(
        self, now: datetime, full: Collection[str] = ()
    ) -> datetime | None:
        """Return when the next feed can be claimed, or None without feeds.

        A leased one counts with the end of its lease, in case its poller died.

        Args:
            full: hosts whose feeds do not count.
        """

        def work(conn: Connection) -> datetime | None:
            of = feeds.c
            times = (
                conn.execute(
                    select(of.next_poll_at)
                    .where(*_free(now, full))
                    .order_by(of.next_poll_at)
                    .limit(1)
                ).scalar(),
                conn.execute(
                    select(of.leased_until)
                    .where(of.leased_until > now, of.active.is_(True))
                    .order_by(of.leased_until)
                    .limit(1)
                ).scalar(),
            )
            return min((at for at in times if at is not None), default=None)

        return await self._store.run(work)

    async def known(self, feed: str, ids: Collection[str]) -> Mapping[str, SeenEntry]:
        """Return the entries of a feed known under these ids."""
        return await self._store.run(lambda conn: known_entries(conn, feed, ids))

    async def alike(self, feed: str, hashes: Collection[str]) -> Collection[str]:
        """Return which of these content hashes a feed has had, under whatever id."""
        return await self._store.run(lambda conn: had_hashes(conn, feed, hashes))

    async def window(self, feed: str) -> FeedWindow | None:
        """Return what is remembered of a feed's list, or None before its first body."""
        return await self._store.run(lambda conn: read_window(conn, feed))

    async def finish(self, owner: str, outcome: PollOutcome) -> None:
        """Store a poll's outcome and give the lease back, in one transaction.

        An owner who lost the lease meanwhile stores only the entries it saw.
        """

        def work(conn: Connection) -> None:
            is_owner = _close(conn, owner, outcome)
            if outcome.hold is not None:
                _hold(conn, *outcome.hold, outcome.at)
            if outcome.error:
                return
            record_seen(conn, outcome)
            if is_owner and outcome.changed:
                record_present(conn, outcome)
                if self._learn is not None:
                    note_body(conn, outcome, self._learn)
            if is_owner and outcome.window is not None:
                note_window(conn, outcome, outcome.window)

        await self._store.run(work)

    async def list_feeds(self) -> Sequence[FeedState]:
        """List the feeds that are polled, by id."""
        statement = select(*STATE).where(feeds.c.active.is_(True)).order_by(feeds.c.id)
        found = await self._store.run(lambda conn: conn.execute(statement).all())
        return [_feed_state(row) for row in found]


class _Claim(NamedTuple):
    """One look for feeds that are due; see `StoreFeedBook.claim_due`."""

    owner: str
    now: datetime
    lease: timedelta
    limit: int
    manners: Manners
    under_way: Mapping[str, int]

    def run(self, conn: Connection) -> list[FeedState]:
        """Lease what is found, or put it off; return what was leased."""
        of, now = feeds.c, self.now
        found = conn.execute(
            select(*_CLAIMED)
            .where(of.next_poll_at <= now, *_free(now, self._full_hosts()))
            .order_by(of.next_poll_at, of.id)
            .limit(self.limit)
            .with_for_update(skip_locked=True)
        ).all()
        turns = _turns(conn, found, now, self.manners, self.under_way)
        for ids in batches(turns.starts):
            conn.execute(
                update(feeds)
                .where(of.id.in_(ids))
                .values(leased_by=self.owner, leased_until=now + self.lease)
            )
        return [
            _feed_state(row, turns.starts[row.id])
            for row in found
            if row.id in turns.starts
        ]

    def _full_hosts(self) -> list[str]:
        return [
            host
            for host, count in self.under_way.items()
            if count >= self.manners.at_once_of(host)
        ]


def _feed_state(row: Row[Any], start_at: datetime | None = None) -> FeedState:
    fields = {column.name: getattr(row, column.name) for column in STATE}
    return FeedState(**fields, start_at=start_at)


def _free(now: datetime, full: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """Yield what makes a feed free to be claimed; index `ix_feeds_due` knows it."""
    of = feeds.c
    yield of.active.is_(True)
    yield of.stopped_since.is_(None)
    yield of.paused_at.is_(None)
    yield or_(of.leased_until.is_(None), of.leased_until <= now)
    if full:
        yield of.host.not_in(full)


def _turns(
    conn: Connection,
    found: Sequence[Row[Any]],
    now: datetime,
    manners: Manners,
    under_way: Mapping[str, int],
) -> Turns:
    """Give each feed its turn at its host; remember when the hosts are free again."""
    spacings = {row.host: manners.spacing_of(row.host) for row in found}
    # In one order everywhere, so that two pollers cannot block each other.
    hosts = sorted(host for host, spacing in spacings.items() if spacing)
    turns = _host_times(conn, hosts, now)
    taken = Counter(under_way)
    for row in found:
        room = manners.at_once_of(row.host) - taken[row.host]
        taken[row.host] += turns.seat(row.id, row.host, now, spacings[row.host], room)
    if hosts:
        times = [
            {
                "its_host": host,
                "free": turns.free_at[host],
                "queued": turns.queued_until[host],
            }
            for host in hosts
        ]
        conn.execute(
            update(feed_hosts)
            .where(feed_hosts.c.host == bindparam("its_host"))
            .values(free_at=bindparam("free"), queued_until=bindparam("queued")),
            times,
        )
    if turns.put_off:
        conn.execute(
            update(feeds)
            .where(feeds.c.id == bindparam("feed"))
            .values(next_poll_at=bindparam("due")),
            [{"feed": feed, "due": due} for feed, due in turns.put_off.items()],
        )
    return turns


def _host_times(conn: Connection, hosts: Sequence[str], now: datetime) -> Turns:
    turns = Turns()
    new = [{"host": host, "free_at": now, "queued_until": now} for host in hosts]
    insert_all_new(conn, feed_hosts, new)
    of = feed_hosts.c
    for some in batches(hosts):
        rows = conn.execute(
            select(of.host, of.free_at, of.queued_until, of.held_until)
            .where(of.host.in_(some))
            .order_by(of.host)
            .with_for_update()
        )
        for host, free_at, queued_until, held_until in rows:
            turns.free_at[host] = free_at
            turns.queued_until[host] = queued_until
            if held_until is not None:
                turns.held_until[host] = held_until
    return turns


def _hold(conn: Connection, host: str, until: datetime, now: datetime) -> None:
    """Note that a host asked for a pause; a shorter one ends no longer one."""
    insert_all_new(
        conn, feed_hosts, [{"host": host, "free_at": now, "queued_until": now}]
    )
    of = feed_hosts.c
    conn.execute(
        update(feed_hosts)
        .where(of.host == host, or_(of.held_until.is_(None), of.held_until < until))
        .values(held_until=until)
    )


def _close(conn: Connection, owner: str, outcome: PollOutcome) -> bool:
    """Write down how the poll ended; False if the lease is another's by now."""
    of = feeds.c
    values: dict[str, Any] = {
        "polled_at": outcome.at,
        "next_poll_at": outcome.next_poll_at,
        "moved_to": outcome.moved_to,
        "moves": outcome.moves,
        **_NO_LEASE,
    }
    if outcome.host:
        values["host"] = outcome.host
    if outcome.stopped:
        values["stopped_since"] = outcome.at
    if outcome.error:
        values["failures"] = of.failures + 1
        values["error"] = outcome.error
        values["error_since"] = func.coalesce(
            of.error_since, literal(outcome.at, UtcTime)
        )
    else:
        values |= NO_FAILURES
        values["good_at"] = outcome.at
        values |= {
            "etag": outcome.etag,
            "last_modified": outcome.last_modified,
            "body_hash": outcome.body_hash,
        }
        if outcome.changed:
            values["changed_at"] = outcome.at
        if outcome.hints is not None:
            values["hints"] = outcome.hints
        if outcome.window is not None:
            values["watched"] = bool(outcome.window.missing)
    done = conn.execute(
        update(feeds).where(of.id == outcome.feed, of.leased_by == owner).values(values)
    )
    return done.rowcount == 1
