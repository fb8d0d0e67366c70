"""The outbox: notifications from the moment they are decided until they arrive.

Couriers of any number of processes share it by leases. A courier that dies leaves its
leases to run out, and another sends again under the same id. Notifications for a
receiver that is no longer configured stay pending: nobody claims them, and they go out
when the receiver comes back.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, func, or_, select, update

from monitor.model import Notification, OutboxItem
from monitor.store.schema import AT_ONCE, outbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection

    from monitor.store import Store

State = Literal["pending", "delivered", "dead"]

_NO_LEASE = {"leased_by": None, "leased_until": None}


class OutboxRow(Struct, frozen=True, kw_only=True):
    """A notification as the outbox lists it, without its body.

    Args:
        tried_at: when the last attempt ended, if there was one.
    """

    id: str
    receiver: str
    alert: str
    reason: str
    created_at: datetime
    state: State
    attempts: int
    due_at: datetime
    last_error: str
    tried_at: datetime | None
    delivered_at: datetime | None


class StoreOutbox:
    """Hold notifications until they are delivered or dead.

    Every method may raise StateUnavailableError; the caller tries again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def claim(
        self, owner: str, receiver: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[OutboxItem]:
        """Lease pending notifications of a receiver that are due, oldest first."""

        def work(conn: Connection) -> list[OutboxItem]:
            row = outbox.c
            found = conn.execute(
                select(outbox)
                .where(*_pending(receiver), row.due_at <= now, _unleased(now))
                # As the index has them: what one record brought came at one time,
                # and sorting it further would read a whole backlog each time.
                .order_by(row.due_at, row.created_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            conn.execute(
                update(outbox)
                .where(row.id.in_([item.id for item in found]))
                .values(leased_by=owner, leased_until=now + lease)
            )
            return [
                OutboxItem(
                    notification=Notification(
                        id=item.id,
                        receiver=item.receiver,
                        alert=item.alert,
                        reason=item.reason,
                        content_type=item.content_type,
                        body=item.body,
                        created_at=item.created_at,
                    ),
                    attempts=item.attempts,
                    fetched_at=item.fetched_at,
                )
                for item in found
            ]

        return await self._store.run(work)

    async def next_due(self, receiver: str, now: datetime) -> datetime | None:
        """Return when the receiver's next notification can be claimed, if any.

        A leased one counts with the end of its lease, in case its courier died.
        """

        def work(conn: Connection) -> datetime | None:
            row = outbox.c
            due: datetime | None = conn.scalar(
                select(row.due_at)
                .where(*_pending(receiver), _unleased(now))
                .order_by(row.due_at)
                .limit(1)
            )
            if due is not None and due <= now:
                return due  # without asking for leases, which reads a whole backlog
            leased = conn.scalar(
                select(func.min(row.leased_until)).where(
                    *_pending(receiver), row.leased_until > now
                )
            )
            return min((at for at in (due, leased) if at is not None), default=None)

        return await self._store.run(work)

    async def delivered(self, notification_id: str, at: datetime) -> None:
        """Mark a notification delivered."""
        # Whatever was written meanwhile by a courier with an older lease: it arrived.
        await self._end(
            outbox.c.id == notification_id,
            outbox.c.state != "delivered",
            state="delivered",
            at=at,
            delivered_at=at,
            last_error="",
        )

    async def retry(
        self, notification_id: str, at: datetime, due_at: datetime, error: str
    ) -> None:
        """Count an attempt that did not succeed and set the time of the next."""
        await self._end(
            outbox.c.id == notification_id,
            outbox.c.state == "pending",
            state="pending",
            at=at,
            due_at=due_at,
            last_error=error,
        )

    async def dead(self, notification_id: str, at: datetime, error: str) -> None:
        """Give a notification up; it stays in the outbox to be replayed."""
        await self._end(
            outbox.c.id == notification_id,
            outbox.c.state == "pending",
            state="dead",
            at=at,
            last_error=error,
        )

    async def _end(
        self,
        *conditions: ColumnElement[bool],
        state: State,
        at: datetime,
        **values: object,
    ) -> None:
        statement = (
            update(outbox)
            .where(*conditions)
            .values(
                state=state,
                tried_at=at,
                attempts=outbox.c.attempts + 1,
                **_NO_LEASE,
                **values,
            )
        )
        await self._store.run(lambda conn: conn.execute(statement).rowcount)

    async def counts(self) -> Mapping[tuple[str, str], int]:
        """Count notifications by receiver and state (pending, delivered, dead)."""
        row = outbox.c
        statement = select(row.receiver, row.state, func.count()).group_by(
            row.receiver, row.state
        )
        found = await self._store.run(lambda conn: conn.execute(statement).all())
        return {(receiver, state): count for receiver, state, count in found}

    async def replay_dead(self, receiver: str | None = None) -> int:
        """Make dead notifications, of one receiver or of all, pending and due.

        Their schedule of retries starts over; their ids stay. Returns how many.
        """
        statement = update(outbox).where(outbox.c.state == "dead")
        if receiver is not None:
            statement = statement.where(outbox.c.receiver == receiver)
        statement = statement.values(
            state="pending", attempts=0, due_at=AT_ONCE, **_NO_LEASE
        )
        return await self._store.run(lambda conn: conn.execute(statement).rowcount)

    async def listing(
        self,
        *,
        receiver: str | None = None,
        state: State | None = None,
        limit: int = 100,
    ) -> Sequence[OutboxRow]:
        """List notifications, the newest first."""
        statement = select(*(outbox.c[name] for name in OutboxRow.__struct_fields__))
        if receiver is not None:
            statement = statement.where(outbox.c.receiver == receiver)
        if state is not None:
            statement = statement.where(outbox.c.state == state)
        statement = statement.order_by(outbox.c.created_at.desc(), outbox.c.id)
        statement = statement.limit(limit)
        found = await self._store.run(lambda conn: conn.execute(statement).all())
        return [OutboxRow(**row._mapping) for row in found]


def _pending(receiver: str) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.receiver == receiver, outbox.c.state == "pending"


def _unleased(now: datetime) -> ColumnElement[bool]:
    until = outbox.c.leased_until
    return or_(until.is_(None), until <= now)
