"""What couriers ask of the rest: the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from monitor.model import OutboxItem


class Outbox(Protocol):
    """Hold notifications until they are delivered or dead.

    Every method may raise StateUnavailableError; the caller tries again.
    """

    async def claim(
        self, owner: str, receiver: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[OutboxItem]:
        """Lease pending notifications of a receiver that are due, oldest first."""
        ...

    async def next_due(self, receiver: str, now: datetime) -> datetime | None:
        """Return when the receiver's next unleased notification is due, if any."""
        ...

    async def delivered(self, notification_id: str, at: datetime) -> None:
        """Mark a notification delivered."""
        ...

    async def retry(
        self, notification_id: str, at: datetime, due_at: datetime, error: str
    ) -> None:
        """Count an attempt that did not succeed and set the time of the next."""
        ...

    async def dead(self, notification_id: str, at: datetime, error: str) -> None:
        """Give a notification up; it stays in the outbox to be replayed."""
        ...
