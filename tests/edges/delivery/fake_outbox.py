"""An outbox in memory, and a clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import StateUnavailableError
from monitor.model import Notification, OutboxItem

if TYPE_CHECKING:
    from collections.abc import Sequence


class HandClock:
    """Tell the time that a test has set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Row:
    notification: Notification
    due_at: datetime
    state: str = "pending"
    attempts: int = 0
    error: str = ""
    leased_until: datetime | None = None
    ended_at: datetime | None = None


class FakeOutbox:
    """Behave as the store does.

    Attributes:
        away: raise StateUnavailableError this many more times.
        lose_marks: forget how attempts ended, as a process does that is killed.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.away = 0
        self.lose_marks = False

    def put(self, *notifications: Notification) -> None:
        for of in notifications:
            self.rows[of.id] = Row(of, due_at=of.created_at)

    def states(self) -> dict[str, str]:
        return {name: row.state for name, row in self.rows.items()}

    async def claim(
        self, owner: str, receiver: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[OutboxItem]:
        self._answer()
        due = [row for row in self._free(receiver, now) if row.due_at <= now][:limit]
        for row in due:
            row.leased_until = now + lease
        return [
            OutboxItem(
                notification=row.notification,
                attempts=row.attempts,
                fetched_at=row.notification.created_at,
            )
            for row in due
        ]

    async def next_due(self, receiver: str, now: datetime) -> datetime | None:
        self._answer()
        return min((row.due_at for row in self._free(receiver, now)), default=None)

    async def delivered(self, notification_id: str, at: datetime) -> None:
        self._end(notification_id, at, "delivered")

    async def retry(
        self, notification_id: str, at: datetime, due_at: datetime, error: str
    ) -> None:
        self._end(notification_id, at, "pending", error)
        self.rows[notification_id].due_at = due_at

    async def dead(self, notification_id: str, at: datetime, error: str) -> None:
        self._end(notification_id, at, "dead", error)

    def _free(self, receiver: str, now: datetime) -> list[Row]:
        return [
            row
            for row in self.rows.values()
            if row.notification.receiver == receiver
            and row.state == "pending"
            and (row.leased_until is None or row.leased_until <= now)
        ]

    def _end(self, name: str, at: datetime, state: str, error: str = "") -> None:
        self._answer()
        if self.lose_marks:
            return
        row = self.rows[name]
        row.state, row.error, row.ended_at = state, error, at
        row.attempts += 1
        row.leased_until = None

    def _answer(self) -> None:
        if self.away > 0:
            self.away -= 1
            raise StateUnavailableError("state: away; it will be asked again")
