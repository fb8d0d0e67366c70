"""Know which hosts a poller is asking, and hold polls back until their turn.

The book gives each poll its turn, over all pollers; here the turns are kept, also when
this process is late with one of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.manners import Manners

_REMEMBERED = 5_000
_LONGEST_WAY = timedelta(seconds=0.5)
_LOOK_SECONDS = 0.05
_LONGEST_WAIT = 10.0
"""Seconds, should the clock be set back meanwhile."""


class Hosts:
    """Count the polls under way to each host, and space their starts.

    Args:
        on_room: called when a host that was full is so no longer.
    """

    def __init__(
        self, manners: Manners, clock: Clock, on_room: Callable[[], None]
    ) -> None:
        self.manners = manners
        self._on_room = on_room
        self.under_way: Counter[str] = Counter()
        self._clock = clock
        self._free_at: dict[str, datetime] = {}

    def enter(self, host: str) -> None:
        """Count a poll that is about to wait for its turn."""
        self.under_way[host] += 1

    def leave(self, host: str) -> None:
        """Count a poll that has ended; tell if its host was full until now."""
        was_full = self._is_full(host)
        self.under_way[host] -= 1
        if not self.under_way[host]:
            del self.under_way[host]
        if was_full:
            self._on_room()

    @asynccontextmanager
    async def visit(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at a host where a redirect leads, and count the visit.

        Known are the polls of this process alone. The wait is bounded, since the feed's
        deadline goes on.
        """
        waited = 0.0
        while self._is_full(host) and waited < _LONGEST_WAIT:
            await asyncio.sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
        self.enter(host)
        try:
            await self.turn(host, None)
            yield
        finally:
            self.leave(host)

    def full(self) -> Sequence[str]:
        """Return the hosts that must not be asked more at once."""
        return [host for host in self.under_way if self._is_full(host)]

    async def turn(self, host: str, start_at: datetime | None) -> datetime:
        """Wait until a poll may begin; return that time."""
        spacing = self.manners.spacing_of(host)
        if not spacing:
            return self._clock.now()
        waited = 0.0
        while waited < _LONGEST_WAIT:
            now = self._clock.now()
            free_at = self._free_at.get(host, now)
            wait = (max(free_at, start_at or now) - now).total_seconds()
            if wait <= 0:
                break
            await asyncio.sleep(min(wait, _LONGEST_WAIT - waited))
            waited += wait
        now = self._clock.now()
        if len(self._free_at) >= _REMEMBERED:
            self._forget(now)
        self._free_at[host] = now + spacing
        return now

    def answered(self, host: str, begun: datetime) -> None:
        """Count the spacing from here: the request reached the host before.

        It may have taken a connection to get there, and the next one finds it open.
        """
        if spacing := self.manners.spacing_of(host):
            arrived = min(self._clock.now(), begun + _LONGEST_WAY)
            free_at = self._free_at.get(host, arrived)
            self._free_at[host] = max(free_at, arrived + spacing)

    def _is_full(self, host: str) -> bool:
        return self.under_way[host] >= self.manners.at_once_of(host)

    def _forget(self, now: datetime) -> None:
        self._free_at = {host: at for host, at in self._free_at.items() if at > now}
