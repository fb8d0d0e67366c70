"""What the poller asks of the rest: a memory of feeds, and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from monitor.model import Feed, FeedState, PollOutcome, SeenEntry


class FeedBook(Protocol):
    """Remember feeds, share them between pollers by leases.

    Every method may raise StateUnavailableError; the caller tries again.
    """

    async def sync(self, feeds: Sequence[Feed], now: datetime) -> None:
        """Make the book hold exactly these feeds; keep what it knows of old ones.

        A feed whose address changed keeps its entries and loses its validators. A
        feed that is gone is kept, unscheduled, so that coming back repeats nothing.
        """
        ...

    async def claim_due(
        self, owner: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[FeedState]:
        """Lease up to `limit` feeds that are due and not leased, most overdue first."""
        ...

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when the next unleased feed is due, or None without feeds."""
        ...

    async def known(self, feed: str, ids: Collection[str]) -> Mapping[str, SeenEntry]:
        """Return the entries of a feed known under these ids."""
        ...

    async def alike(self, feed: str, hashes: Collection[str]) -> Collection[str]:
        """Return which of these content hashes a feed has had, under whatever id."""
        ...

    async def finish(self, owner: str, outcome: PollOutcome) -> None:
        """Store a poll's outcome and give the lease back, in one transaction."""
        ...
