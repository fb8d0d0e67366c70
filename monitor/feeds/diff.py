"""Tell new and revised entries from known ones.

Pure: the poller brings what was parsed and what is remembered.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.feeds.parse import content_hash
from monitor.model import Entry, SeenEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.model import Feed, ParsedEntry, ParsedFeed

MAX_AHEAD = timedelta(days=1)
"""A date further in the future than this is a mistake, and left out."""


class Fresh(Struct, frozen=True, kw_only=True):
    """What a poll brought that the log does not have.

    Args:
        entries: new and revised entries, oldest first.
        seen: what to remember of each once the log has acknowledged it.
        present: the ids of all entries with text.
        title: the feed's own.
    """

    entries: tuple[Entry, ...] = ()
    seen: tuple[SeenEntry, ...] = ()
    present: tuple[str, ...] = ()
    title: str = ""


def readable(parsed: ParsedFeed) -> Sequence[ParsedEntry]:
    """Return the entries that hold text, each once, in the order of the feed.

    An entry without title and summary has nothing to match; should it get them later,
    it is new then.
    """
    found: dict[str, ParsedEntry] = {}
    for entry in parsed.entries:
        if entry.title or entry.summary:
            found.setdefault(entry.id, entry)
    return tuple(found.values())


def fresh(
    feed: Feed,
    parsed: ParsedFeed,
    known: Mapping[str, SeenEntry],
    fetched_at: datetime,
) -> Fresh:
    """Return the entries that are new, or whose title or summary has changed."""
    present = readable(parsed)
    entries, seen = [], []
    for one in _oldest_first(present):
        wording = content_hash(one.title, one.summary)
        before = known.get(one.id)
        if before is not None and before.content_hash == wording:
            continue
        revision = 0 if before is None else before.revision + 1
        entries.append(_entry(feed, parsed, one, revision, fetched_at))
        seen.append(SeenEntry(id=one.id, revision=revision, content_hash=wording))
    return Fresh(
        entries=tuple(entries),
        seen=tuple(seen),
        present=tuple(one.id for one in present),
        title=parsed.title,
    )


def _entry(
    feed: Feed, parsed: ParsedFeed, one: ParsedEntry, revision: int, at: datetime
) -> Entry:
    published = one.published_at
    if published is not None and published > at + MAX_AHEAD:
        published = None
    return Entry(
        feed=feed.id,
        id=one.id,
        title=one.title,
        summary=one.summary,
        url=one.url,
        # What the user says of a feed is meant to correct what it says of itself.
        lang=feed.lang or one.lang,
        source=feed.source or one.source or parsed.title,
        revision=revision,
        published_at=published,
        fetched_at=at,
    )


def _oldest_first(entries: Sequence[ParsedEntry]) -> Iterable[ParsedEntry]:
    """Return entries by date if all have one; feeds list the newest first otherwise."""
    backwards = list(reversed(entries))
    dated = [(at, one) for one in backwards if (at := one.published_at) is not None]
    if len(dated) < len(backwards):
        return backwards
    return [one for _, one in sorted(dated, key=lambda pair: pair[0])]
