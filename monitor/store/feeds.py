"""The feed book: what pollers remember of feeds, and how they share them.

A poller leases the feeds it polls. When it dies its leases run out; when it is late and
another poller has the feed, only the entries it got into the log are written down,
because they are in the log whoever put them there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update

from monitor.model import FeedState, SeenEntry
from monitor.store.feed_health import forget_usual, note_body
from monitor.store.migrate import lock
from monitor.store.schema import UtcTime, entry_key, feed_entries, feeds
from monitor.store.sql import batches, insert, insert_new

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Row

    from monitor.model import Feed, PollOutcome
    from monitor.store import Store
    from monitor.store.feed_health import Learn

_STATE = tuple(feeds.c[name] for name in FeedState.__struct_fields__)
_NO_LEASE = {"leased_by": None, "leased_until": None}
_NO_VALIDATORS = {"etag": "", "last_modified": "", "body_hash": ""}
_NO_FAILURES = {"failures": 0, "error": "", "error_since": None}


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

        A new feed is due at once. A feed whose address changed keeps its entries and
        loses its validators and what was usual for it; one whose interval became shorter is due that much
        sooner, unless it is failing. A feed that is gone is kept, unscheduled, so that
        coming back repeats nothing.
        """
        wanted = sorted(feeds, key=lambda feed: feed.id)
        await self._store.run(lambda conn: _sync(conn, wanted, now))

    async def claim_due(
        self, owner: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[FeedState]:
        """Lease up to `limit` feeds that are due and not leased, most overdue first."""

        def work(conn: Connection) -> list[FeedState]:
            of = feeds.c
            found = conn.execute(
                select(*_STATE)
                .where(_scheduled(), of.next_poll_at <= now, _unleased(now))
                .order_by(of.next_poll_at, of.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            for ids in batches(row.id for row in found):
                conn.execute(
                    update(feeds)
                    .where(of.id.in_(ids))
                    .values(leased_by=owner, leased_until=now + lease)
                )
            return [_feed_state(row) for row in found]

        return await self._store.run(work)

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when the next feed can be claimed, or None without feeds.

        A leased one counts with the end of its lease, in case its poller died.
        """

        def work(conn: Connection) -> datetime | None:
            of = feeds.c
            times = conn.execute(
                select(
                    select(func.min(of.next_poll_at))
                    .where(_scheduled(), _unleased(now))
                    .scalar_subquery(),
                    select(func.min(of.leased_until))
                    .where(_scheduled(), of.leased_until > now)
                    .scalar_subquery(),
                )
            ).one()
            return min((at for at in times if at is not None), default=None)

        return await self._store.run(work)

    async def known(self, feed: str, ids: Collection[str]) -> Mapping[str, SeenEntry]:
        """Return the entries of a feed known under these ids."""
        id_of = {entry_key(entry_id): entry_id for entry_id in ids}

        def work(conn: Connection) -> dict[str, SeenEntry]:
            known = {}
            of = feed_entries.c
            for keys in batches(id_of):
                found = conn.execute(
                    select(of.entry_key, of.revision, of.content_hash).where(
                        of.feed == feed, of.entry_key.in_(keys)
                    )
                )
                for key, revision, content_hash in found:
                    known[id_of[key]] = SeenEntry(
                        id=id_of[key], revision=revision, content_hash=content_hash
                    )
            return known

        return await self._store.run(work)

    async def finish(self, owner: str, outcome: PollOutcome) -> None:
        """Store a poll's outcome and give the lease back, in one transaction.

        An owner who lost the lease meanwhile stores only the entries it saw.
        """

        def work(conn: Connection) -> None:
            is_owner = _close(conn, owner, outcome)
            if outcome.error:
                return
            _record_seen(conn, outcome)
            if is_owner and outcome.changed:
                _record_present(conn, outcome)
                if self._learn is not None:
                    note_body(conn, outcome, self._learn)

        await self._store.run(work)

    async def list_feeds(self) -> Sequence[FeedState]:
        """List the feeds that are polled, by id."""
        statement = select(*_STATE).where(feeds.c.active.is_(True)).order_by(feeds.c.id)
        found = await self._store.run(lambda conn: conn.execute(statement).all())
        return [_feed_state(row) for row in found]


def _feed_state(row: Row[Any]) -> FeedState:
    return FeedState(**row._mapping)


def _scheduled() -> ColumnElement[bool]:
    return and_(feeds.c.active.is_(True), feeds.c.paused_at.is_(None))


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(feeds.c.leased_until.is_(None), feeds.c.leased_until <= now)


def _sync(conn: Connection, wanted: Iterable[Feed], now: datetime) -> None:
    lock(conn, "feeds", "")  # processes that start together would meet row by row
    gone = set(
        conn.execute(select(feeds.c.id).where(feeds.c.active.is_(True))).scalars()
    )
    for feed in wanted:
        gone.discard(feed.id)
        row = {
            "id": feed.id,
            "url": feed.url,
            "next_poll_at": now,
            "active": True,
            **_NO_VALIDATORS,
            **_NO_FAILURES,
        }
        if insert_new(conn, feeds, row):
            continue
        same = update(feeds).where(feeds.c.id == feed.id)
        moved = conn.execute(
            same.where(feeds.c.url != feed.url).values(
                url=feed.url, next_poll_at=now, **_NO_VALIDATORS, **_NO_FAILURES
            )
        )
        if moved.rowcount:
            forget_usual(conn, feed.id)
        conn.execute(same.where(feeds.c.active.is_(False)).values(active=True))
        soon = now + feed.interval
        conn.execute(
            same.where(feeds.c.failures == 0, feeds.c.next_poll_at > soon).values(
                next_poll_at=soon
            )
        )
    for ids in batches(sorted(gone)):
        conn.execute(update(feeds).where(feeds.c.id.in_(ids)).values(active=False))


def _close(conn: Connection, owner: str, outcome: PollOutcome) -> bool:
    """Write down how the poll ended; False if the lease is another's by now."""
    of = feeds.c
    values: dict[str, Any] = {
        "polled_at": outcome.at,
        "next_poll_at": outcome.next_poll_at,
        **_NO_LEASE,
    }
    if outcome.error:
        values["failures"] = of.failures + 1
        values["error"] = outcome.error
        values["error_since"] = func.coalesce(
            of.error_since, literal(outcome.at, UtcTime)
        )
    else:
        values |= _NO_FAILURES
        values["good_at"] = outcome.at
        values |= {
            "etag": outcome.etag,
            "last_modified": outcome.last_modified,
            "body_hash": outcome.body_hash,
        }
        if outcome.changed:
            values["changed_at"] = outcome.at
    done = conn.execute(
        update(feeds).where(of.id == outcome.feed, of.leased_by == owner).values(values)
    )
    return done.rowcount == 1


def _record_seen(conn: Connection, outcome: PollOutcome) -> None:
    statement = insert(conn.dialect.name, feed_entries)
    new, old = statement.excluded, feed_entries.c
    statement = statement.on_conflict_do_update(
        index_elements=[old.feed, old.entry_key],
        set_={
            "revision": new.revision,
            "content_hash": new.content_hash,
            "seen_at": new.seen_at,
            "gone_since": None,
        },
        # A poller that comes late must not take an entry back to an older wording.
        where=new.revision > old.revision,
    )
    rows = [
        {
            "feed": outcome.feed,
            "entry_key": entry_key(seen.id),
            "entry_id": seen.id,
            "revision": seen.revision,
            "content_hash": seen.content_hash,
            "seen_at": outcome.at,
            "gone_since": None,
        }
        for seen in outcome.seen
    ]
    # In one order everywhere, so that two late pollers cannot block each other.
    rows.sort(key=lambda row: str(row["entry_key"]))
    if rows:
        conn.execute(statement, rows)


def _record_present(conn: Connection, outcome: PollOutcome) -> None:
    """Note which entries left the feed with this body, and which came back."""
    of = feed_entries.c
    present = {entry_key(entry_id) for entry_id in outcome.present}
    listed = set(
        conn.execute(
            select(of.entry_key).where(of.feed == outcome.feed, of.gone_since.is_(None))
        ).scalars()
    )
    changes = ((listed - present, outcome.at), (present - listed, None))
    for keys, gone_since in changes:
        for some in batches(sorted(keys)):
            conn.execute(
                update(feed_entries)
                .where(of.feed == outcome.feed, of.entry_key.in_(some))
                .values(gone_since=gone_since)
            )
