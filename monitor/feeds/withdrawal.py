"""Suspect that a publisher took an entry back.

Pure. Entries leave a feed all the time: pushed out at its end, in a tidy-up, by a
server that lags behind. So an entry is suspected withdrawn only when all of this holds:

- at least half of what was listed stays, and the list goes by age, in either direction;
- entries that stood below the missing one and are older than it stay: three, and a fifth
  of the list if that is more;
- nothing listed now has its title or link;
- no more than three vanished so at once, and no more than five within a week;
- the polls that follow miss it too: two in all, twice as many after each suspicion of
  late that was wrong.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from monitor.feed_window import FeedMarks, FeedWindow, Listed, Missing, Withdrawn
from monitor.feeds.diff import readable
from monitor.feeds.links import canonical
from monitor.feeds.plain import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from monitor.feed_model import ParsedEntry, ParsedFeed

MOST_LISTED = 200
"""Entries remembered of a list; what leaves further down is not judged."""

FEWEST_BELOW, SHARE_BELOW = 3, 0.2
SHARE_STAYING = 0.5
MOST_AT_ONCE = 3
MOST_OF_LATE = 5
LATE = timedelta(days=7)
"""How long a suspicion is told of, and counts."""

POLLS, MOST_POLLS = 2, 64
RETURNS_COUNT_FOR = timedelta(days=30)
_DISORDER = 0.2
_FADING = 0.98
_MAX_TITLE = 200


class Look(Struct, frozen=True, kw_only=True):
    """What one more poll says of a feed's list.

    Args:
        window: what to remember of it.
        withdrawn: entries that are suspected withdrawn from now on.
        returned: the ids of entries that were suspected and are back.
    """

    window: FeedWindow
    withdrawn: tuple[Withdrawn, ...] = ()
    returned: tuple[str, ...] = ()


def look(
    window: FeedWindow | None, parsed: ParsedFeed, at: datetime, *, is_gap: bool = False
) -> Look:
    """Return what a new body says.

    Args:
        window: what is remembered of the bodies before, or None at the first.
        at: when the body was fetched.
        is_gap: entries may have come and gone since the body before.
    """
    before = window or FeedWindow()
    listed = _listed(before, parsed, at)
    present = {_bare(entry.id) for entry in parsed.entries}
    returned = [one for one in before.marks.withdrawn if _bare(one.id) in present]
    still = [one for one in before.missing if _bare(one.entry.id) not in present]
    gone = _vanished(before.listed, listed, present)
    missing = [
        *(replace(one, polls=one.polls + 1) for one in still),
        *(Missing(entry, 1, at) for entry in gone),
    ]
    kept = [one for one in before.marks.withdrawn if one not in returned]
    after = replace(
        before,
        listed=listed,
        missing=tuple(one for one in missing if not _is_there(one.entry, listed)),
        usual=max(float(len(readable(parsed))), before.usual * _FADING),
        marks=_marks(before.marks, kept, at if is_gap else None),
    )
    if returned:
        after = replace(after, returns=_returns(before, at) + 1, returned_at=at)
    judged = _judged(after, at)
    return replace(judged, returned=tuple(one.id for one in returned))


def look_again(window: FeedWindow, at: datetime) -> Look:
    """Return what a poll says that found the same body as before."""
    missing = tuple(replace(one, polls=one.polls + 1) for one in window.missing)
    return _judged(replace(window, missing=missing), at)


def is_full(window: FeedWindow | None, entries: int) -> bool:
    """Say whether a list holds about as many entries as the feed's usually does."""
    return window is not None and entries >= window.usual * (1 - _DISORDER)


def _marks(
    marks: FeedMarks, withdrawn: Sequence[Withdrawn], gap_at: datetime | None
) -> FeedMarks:
    if gap_at is not None:
        marks = replace(marks, gaps=marks.gaps + 1, gap_at=gap_at)
    return replace(marks, withdrawn=tuple(withdrawn))


def _judged(window: FeedWindow, at: datetime) -> Look:
    """Turn what has been missing for long enough into suspicions."""
    needed = min(POLLS << _returns(window, at), MOST_POLLS)
    before = [one for one in window.marks.withdrawn if at - one.at < LATE]
    waiting: list[Missing] = []
    found: list[Withdrawn] = []
    for one in window.missing:
        if _outlived(one.entry, window.listed) < FEWEST_BELOW:
            continue  # what was below it has left as well: the list moved on
        if one.polls < needed:
            waiting.append(one)
        elif len(before) + len(found) < MOST_OF_LATE:
            found.append(Withdrawn(one.entry.id, one.entry.title, one.since))
    marks = replace(window.marks, withdrawn=(*before, *found))
    after = replace(window, missing=tuple(waiting), marks=marks)
    return Look(window=after, withdrawn=tuple(found))


def _vanished(
    before: Sequence[Listed], listed: Sequence[Listed], present: Collection[str]
) -> Sequence[Listed]:
    """Return the entries that left a list although older ones below them stay."""
    staying = [one for one in before if _bare(one.id) in present]
    if len(staying) < max(FEWEST_BELOW, SHARE_STAYING * len(before)):
        return ()
    direction = _direction(before)
    if not direction or not _direction(listed):
        return ()
    needed = max(FEWEST_BELOW, SHARE_BELOW * len(before))
    gone = []
    below: list[Listed] = []
    for one in before[::-direction]:  # from the oldest up
        if _bare(one.id) in present:
            below.append(one)
        elif _outlived(one, below) >= needed:
            gone.append(one)
    return gone if len(gone) <= MOST_AT_ONCE else ()


def _direction(entries: Sequence[Listed]) -> int:
    """Return 1 for the newest first, -1 for the oldest first, 0 for neither."""
    falling = sum(_is_older(after, before) for before, after in pairwise(entries))
    rising = sum(_is_older(before, after) for before, after in pairwise(entries))
    if min(falling, rising) > max(1, _DISORDER * (falling + rising)):
        return 0
    return 1 if falling >= rising else -1


def _outlived(one: Listed, others: Iterable[Listed]) -> int:
    return sum(_is_older(other, one) for other in others)


def _is_older(one: Listed, other: Listed) -> bool:
    """Say whether an entry is surely older than another."""
    if one.published_at is None or other.published_at is None:
        return one.since < other.since
    return one.published_at < other.published_at and one.since <= other.since


def _is_there(one: Listed, listed: Iterable[Listed]) -> bool:
    """Say whether an entry is listed under another id."""
    return any(
        (one.title and one.title == other.title)
        or (one.link and one.link == other.link)
        for other in listed
    )


def _returns(window: FeedWindow, at: datetime) -> int:
    is_late = window.returned_at and at - window.returned_at < RETURNS_COUNT_FOR
    return window.returns if is_late else 0


def _listed(window: FeedWindow, parsed: ParsedFeed, at: datetime) -> tuple[Listed, ...]:
    since = {one.id: one.since for one in window.listed}
    since |= {one.entry.id: one.entry.since for one in window.missing}
    return tuple(
        _as_listed(one, since.get(one.id, at)) for one in readable(parsed)[:MOST_LISTED]
    )


def _as_listed(one: ParsedEntry, since: datetime) -> Listed:
    link = canonical(one.url).partition("://")[2]
    return Listed(
        id=one.id,
        title=cut(one.title or one.summary, _MAX_TITLE),
        link=hashlib.sha256(link.encode()).hexdigest()[:16] if link else "",
        since=since,
        published_at=one.published_at,
    )


def _bare(entry_id: str) -> str:
    """Return an id without the mark that entries under one id are given."""
    head, mark, tail = entry_id.rpartition("#")
    is_mark = len(tail) == 12 and all(each in "0123456789abcdef" for each in tail)  # noqa: PLR2004
    return head if mark and is_mark else entry_id
