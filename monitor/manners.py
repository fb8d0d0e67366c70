"""How hard one host may be asked: what feeds and the feed book agree on.

Pure. The book spaces the polls that it leases, the poller counts those under way.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

HOST_SPACING = timedelta(seconds=1)
HOST_AT_ONCE = 4
NO_LIMIT = 1_000_000

SLACK = timedelta(milliseconds=50)
"""Added to a spacing, since a poll may set out a little later than it was to."""

AHEAD = timedelta(seconds=2)
"""How long a leased poll may wait for its turn; others are put off instead."""

LONGEST_HOLD = timedelta(hours=1)
"""How long one answer can hold back all feeds of its host."""

LONGEST_QUEUE = timedelta(minutes=10)
"""How far a poll is put off at most, when many wait for one host."""

STARTED_AT_ONCE = 50
START_SPACING = timedelta(seconds=0.1)


class Manners(Struct, frozen=True, kw_only=True):
    """How hard one host may be asked.

    Hosts of the user's own network, named by a private address or without a dot, are
    held back only where the user says by how much.

    Args:
        spacing: the time between the starts of two polls; None for the default.
        at_once: polls under way to one host in one process; None for the default.
    """

    spacing: timedelta | None = None
    at_once: int | None = None

    def spacing_of(self, host: str) -> timedelta:
        """Return the least time between the starts of two polls of a host."""
        if self.spacing is not None:
            return self.spacing
        return timedelta(0) if is_own(host) else HOST_SPACING

    def at_once_of(self, host: str) -> int:
        """Return how many polls of a host may be under way."""
        if self.at_once is not None:
            return self.at_once
        return NO_LIMIT if is_own(host) else HOST_AT_ONCE


def start_offset(place: int, count: int, interval: timedelta) -> timedelta:
    """Return how long a feed waits for its first poll among many that begin together.

    The first fifty are asked at once; the others follow ten a second, or faster where
    that would take longer than the interval.

    Args:
        place: the feed's place among them, from 0.
        count: how many begin.
        interval: the feed's own.
    """
    if place < STARTED_AT_ONCE:
        return timedelta(0)
    return min((place - STARTED_AT_ONCE + 1) * START_SPACING, interval * place / count)


class Turns(Struct, kw_only=True):
    """Who of those that are due may be asked, and when.

    Args:
        starts: when each of them may begin, by feed.
        put_off: when each of the others is due anew, by feed.
        free_at: when each host may be asked after all these.
        queued_until: the end of each host's queue.
        held_until: until when hosts asked for a pause.
    """

    starts: dict[str, datetime] = {}
    put_off: dict[str, datetime] = {}
    free_at: dict[str, datetime] = {}
    queued_until: dict[str, datetime] = {}
    held_until: dict[str, datetime] = {}

    def seat(
        self, feed: str, host: str, now: datetime, spacing: timedelta, room: int
    ) -> bool:
        """Find a feed its turn at its host; say whether it may be asked soon.

        Without `room` nothing happens: the feed stays due.
        """
        if not spacing:
            if room > 0:
                self.starts[feed] = now
            return room > 0
        step = spacing + SLACK
        # A time further off was written by a clock that ran ahead.
        free = min(max(self.free_at.get(host, now), now), now + AHEAD + step)
        if (held := self.held_until.get(host, now)) <= now + LONGEST_HOLD:
            free = max(free, held)
        if free <= now + AHEAD:
            if room > 0:
                self.starts[feed] = free
                self.free_at[host] = free + step
            return room > 0
        tail = max(self.queued_until.get(host, free), free)
        tail = min(tail, now + LONGEST_QUEUE)
        self.put_off[feed] = tail
        self.queued_until[host] = tail + step
        return False


NO_MANNERS = Manners(spacing=timedelta(0), at_once=NO_LIMIT)


def host_of(url: str) -> str:
    """Return the host an address names, in lower case, or "" for none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=10_000)
def is_own(host: str) -> bool:
    """Say whether a host is named by a private address, or without a dot."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host
