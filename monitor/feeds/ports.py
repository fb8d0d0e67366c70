"""What the poller asks of the rest: a memory of feeds, and the log."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from monitor.manners import NO_MANNERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from monitor.feed_model import FeedState, PollOutcome, SeenEntry
    from monitor.feed_window import FeedWindow
    from monitor.manners import Manners
    from monitor.model import Feed


NOTHING_UNDER_WAY: Mapping[str, int] = MappingProxyType({})


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

        Args:
            manners: how hard one host may be asked; feeds whose host is not to be
                asked yet are put off.
            under_way: polls that the caller has under way, by host.
        """
        ...

    async def renew(
        self, owner: str, names: Collection[str], now: datetime, lease: timedelta
    ) -> None:
        """Lengthen the leases an owner still holds on these feeds."""
        ...

    async def next_due(
        self, now: datetime, full: Collection[str] = ()
    ) -> datetime | None:
        """Return when the next unleased feed is due, or None without feeds.

        Args:
            full: hosts whose feeds do not count.
        """
        ...

    async def known(self, feed: str, ids: Collection[str]) -> Mapping[str, SeenEntry]:
        """Return the entries of a feed known under these ids."""
        ...

    async def alike(self, feed: str, hashes: Collection[str]) -> Collection[str]:
        """Return which of these content hashes a feed has had, under whatever id."""
        ...

    async def window(self, feed: str) -> FeedWindow | None:
        """Return what is remembered of a feed's list, or None before its first body."""
        ...

    async def finish(self, owner: str, outcome: PollOutcome) -> None:
        """Store a poll's outcome and give the lease back, in one transaction."""
        ...
