"""The values of a feed's window: what its last body listed, and what left it oddly.

Values alone; what they lead to is decided in `monitor.feeds.withdrawal` and
`monitor.feeds.diff`. All are frozen; all times are aware and in UTC.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Listed(Struct, frozen=True, array_like=True):
    """An entry that the last body listed.

    Args:
        title: as far as a page shows it.
        link: a digest of the canonical link, or "".
        since: when it was first seen listed, as far as that is known.
    """

    id: str
    title: str
    link: str
    since: datetime
    published_at: datetime | None = None


class Missing(Struct, frozen=True, array_like=True):
    """An entry that vanished and may be withdrawn.

    Args:
        polls: good polls in a row that did not list it.
        since: the first of them.
    """

    entry: Listed
    polls: int
    since: datetime


class Withdrawn(Struct, frozen=True):
    """An entry that its publisher seems to have taken back.

    Args:
        at: the first poll that did not list it.
    """

    id: str
    title: str
    at: datetime


class FeedMarks(Struct, frozen=True, kw_only=True):
    """What happened to a feed's entries that somebody may want to know.

    Args:
        gaps: polls that found a window which had moved on entirely.
        gap_at: when that last happened.
        withdrawn: entries suspected withdrawn of late, the newest last.
    """

    gaps: int = 0
    gap_at: datetime | None = None
    withdrawn: tuple[Withdrawn, ...] = ()


NO_MARKS = FeedMarks()


class FeedWindow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of a feed's list of entries between two polls.

    Args:
        listed: the newest entries of the last body, in the order of the feed.
        missing: entries that vanished and may be withdrawn.
        usual: how many entries a full list holds: the most of late.
        returns: entries of late that were suspected and came back.
        returned_at: when one last did.
    """

    listed: tuple[Listed, ...] = ()
    missing: tuple[Missing, ...] = ()
    usual: float = 0.0
    returns: int = 0
    returned_at: datetime | None = None
    marks: FeedMarks = NO_MARKS
