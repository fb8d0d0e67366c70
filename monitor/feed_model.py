"""The values of polling: what a publisher answered, what was read, what is remembered.

All are frozen; all times are aware and in UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from monitor.feed_window import FeedWindow, Withdrawn


class Fetched(Struct, frozen=True, kw_only=True):
    """What a publisher answered to one poll.

    Args:
        status: 200 or 304.
        body: decoded bytes; empty for 304.
        url: the address that answered, after redirects.
        etag: validator for the next poll, or "".
        last_modified: validator for the next poll, or "".
        max_age: how long the answer stays fresh, if the publisher said so.
        moved_to: where permanent redirects (301, 308) led, or "".
        links: the Link headers, joined by ", ", or "".
        answered_at: when the whole answer had arrived.
    """

    status: int
    url: str
    body: bytes = b""
    content_type: str = ""
    links: str = ""
    etag: str = ""
    last_modified: str = ""
    max_age: timedelta | None = None
    moved_to: str = ""
    answered_at: datetime


class FeedHints(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a feed says, and shows, of how often it is worth asking.

    Args:
        ttl: how long its publisher says it stays as it is.
        skip_hours: hours of the day, in UTC, in which it does not change.
        skip_days: days of the week without change, Monday being 0.
        rhythm: the usual time between two of its entries.
    """

    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    rhythm: timedelta | None = None


NO_HINTS = FeedHints()


class ParsedEntry(Struct, frozen=True, kw_only=True):
    """An entry as the parser reads it, before it has a feed or a revision."""

    id: str
    title: str
    summary: str
    url: str = ""
    lang: str = ""
    source: str = ""
    source_url: str = ""
    published_at: datetime | None = None


class ParsedFeed(Struct, frozen=True, kw_only=True):
    """A feed as the parser reads it: its own words about itself, and its entries."""

    title: str = ""
    lang: str = ""
    hints: FeedHints = NO_HINTS
    entries: tuple[ParsedEntry, ...]


MOVES = 3
"""Polls in a row that must lead to one new address before it is asked for good."""


class FeedState(Struct, frozen=True, kw_only=True):
    """What the poller remembers of a feed between two polls.

    Args:
        body_hash: SHA-256 of the last good body, hex, or "".
        failures: polls that failed in a row.
        error: the last failure, while the feed is failing; else "".
        error_since: when it began to fail, while it is failing.
        hints: what its last new body told of how often to ask.
        moved_to: where permanent redirects led at the last polls, or "".
        moves: polls in a row that led there; from `MOVES` on it is asked there.
        stopped_since: when its publisher said that it is gone for good (410); it is
            not asked again until its address changes or somebody resumes it.
        start_at: when the claimed poll may begin, so that its host is not hurried.
        good_at: when a poll last went well.
        paused_at: when a user paused it, while it is paused.
        watched: entries that may be withdrawn are missing from it, so that a poll
            which brings nothing new tells something all the same.
    """

    id: str
    url: str
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    failures: int = 0
    error: str = ""
    error_since: datetime | None = None
    polled_at: datetime | None = None
    changed_at: datetime | None = None
    good_at: datetime | None = None
    paused_at: datetime | None = None
    next_poll_at: datetime
    hints: FeedHints = NO_HINTS
    moved_to: str = ""
    moves: int = 0
    stopped_since: datetime | None = None
    start_at: datetime | None = None
    watched: bool = False

    @property
    def has_moved(self) -> bool:
        """Say whether the feed is asked at its new address."""
        return self.moves >= MOVES


FeedProblem = Literal["", "changed", "shrunken"]


class UsualFeed(Struct, frozen=True, kw_only=True):
    """What is usual for a feed, learned from the bodies that were new.

    Args:
        title: its own title.
        known_since: when the first body came.
        bodies: how many new ones came, up to a thousand.
        usual_entries: how many entries it lists, as a moving mean.
        news_at: when a new entry last came.
        gaps: times between new entries that were measured, up to a thousand.
        usual_gap: their moving mean, in seconds.
        longest_gap: the longest of late, in seconds; it fades.
        problem: what its last body made of it.
        reason: the problem in words, or "".
        since: when the problem began.
    """

    title: str = ""
    known_since: datetime
    bodies: int = 0
    usual_entries: float = 0.0
    news_at: datetime | None = None
    gaps: int = 0
    usual_gap: float = 0.0
    longest_gap: float = 0.0
    problem: FeedProblem = ""
    reason: str = ""
    since: datetime | None = None


class SeenEntry(Struct, frozen=True, kw_only=True):
    """One wording of an entry that the log has acknowledged.

    Args:
        content_hash: a digest of title, summary and place, in hex; see
            `monitor.feeds.diff.fingerprint`.
    """

    id: str
    revision: int
    content_hash: str


class PollOutcome(Struct, frozen=True, kw_only=True):
    """How one poll ended; what the state must remember of it.

    Args:
        error: what went wrong, or "" for a good poll. Validators, `body_hash` and
            `seen` are stored only for a good poll.
        changed: the body was new.
        seen: entries that are new or revised, acknowledged by the log.
        present: the ids of all entries in the body, when it was new.
        hints: what a new body told of how often to ask; None keeps what is known.
        moved_to: where permanent redirects led, or "".
        moves: polls in a row that led there.
        stopped: the feed is gone for good and is not asked again.
        host: the host to be asked next; "" keeps what is known.
        title: the feed's own title, when the body was new.
        hold: a host that asked for a pause (429), and until when.
        new: entries that the log did not have, copies under new ids left out.
        revised: entries whose wording has changed.
        window: the feed's list to remember; None keeps what is known.
        withdrawn: entries suspected withdrawn since this poll.
        returned: ids of entries that were suspected and are listed again.
        is_gap: entries may have come and gone since the poll before.
    """

    feed: str
    at: datetime
    next_poll_at: datetime
    error: str = ""
    changed: bool = False
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    seen: tuple[SeenEntry, ...] = ()
    present: tuple[str, ...] = ()
    hints: FeedHints | None = None
    moved_to: str = ""
    moves: int = 0
    stopped: bool = False
    host: str = ""
    title: str = ""
    hold: tuple[str, datetime] | None = None
    new: int = 0
    revised: int = 0
    window: FeedWindow | None = None
    withdrawn: tuple[Withdrawn, ...] = ()
    returned: tuple[str, ...] = ()
    is_gap: bool = False
