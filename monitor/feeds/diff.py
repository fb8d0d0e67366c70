"""Tell new and revised entries from known ones.

Pure: the poller brings what was parsed and what is remembered. What is remembered of an
entry is a fingerprint, so that an edit can be told from a copy under another id.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.feed_model import SeenEntry
from monitor.feeds.links import canonical
from monitor.feeds.parse import content_hash
from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.feed_model import ParsedEntry, ParsedFeed
    from monitor.model import Feed

MAX_AHEAD = timedelta(minutes=5)
"""How far clocks differ; a date beyond is a mistake, and counts as "just now"."""

_WORDS = 24


class Fresh(Struct, frozen=True, kw_only=True):
    """What a poll brought that the log does not have.

    Args:
        entries: new and revised entries, oldest first.
        seen: what to remember of each once the log has acknowledged it.
        present: the ids of all entries with text.
        is_gap: the feed has moved on entirely since the poll before, so that entries
            may have come and gone in between.
        title: the feed's own.
    """

    entries: tuple[Entry, ...] = ()
    seen: tuple[SeenEntry, ...] = ()
    present: tuple[str, ...] = ()
    is_gap: bool = False
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


def fingerprint(one: ParsedEntry) -> str:
    """Return a digest that tells what of an entry differs from another.

    64 hex digits: 24 of the title, 24 of the summary, 16 of the place, which is the
    canonical link, http or https, and the date. An entry without a link has a place of
    its own.
    """
    link = canonical(one.url).partition("://")[2]
    place = f"{link}\n{one.published_at}" if link else one.id
    return (
        _digest(one.title, _WORDS) + _digest(one.summary, _WORDS) + _digest(place, 16)
    )


def strangers(parsed: ParsedFeed, known: Mapping[str, SeenEntry]) -> Sequence[str]:
    """Return the fingerprints of the entries whose ids are unknown."""
    return [fingerprint(one) for one in readable(parsed) if one.id not in known]


def fresh(
    feed: Feed,
    parsed: ParsedFeed,
    known: Mapping[str, SeenEntry],
    fetched_at: datetime,
    *,
    alike: Collection[str] = (),
    is_full: bool = False,
) -> Fresh:
    """Return the entries that are new, or whose title or summary has changed.

    Args:
        known: the entries known under the ids in the body.
        alike: fingerprints of `strangers` that the feed has had under other ids.
        is_full: the body lists as many entries as the feed's bodies before it; only
            then can entries have been pushed out unseen.
    """
    present = readable(parsed)
    entries, seen = [], []
    had = set(alike)
    for one in _oldest_first(present):
        mark, before = fingerprint(one), known.get(one.id)
        changed = () if before is None else _changed(before, mark, one)
        if before is not None and not changed:
            continue
        revision = 0 if before is None else before.revision + 1
        seen.append(SeenEntry(id=one.id, revision=revision, content_hash=mark))
        if before is None and mark in had:
            continue  # some publishers give their items new guids at every request
        had.add(mark)
        entries.append(
            _entry(feed, parsed, one, revision=revision, changed=changed, at=fetched_at)
        )
    return Fresh(
        entries=tuple(entries),
        seen=tuple(seen),
        present=tuple(one.id for one in present),
        is_gap=is_full and bool(present) and not (known or alike),
        title=parsed.title,
    )


def _changed(before: SeenEntry, mark: str, one: ParsedEntry) -> tuple[str, ...]:
    """Return the names of the fields that differ from the wording remembered."""
    if before.content_hash == content_hash(one.title, one.summary):
        return ()  # remembered by a version that kept one digest of both
    title, summary = slice(0, _WORDS), slice(_WORDS, 2 * _WORDS)
    fields = (("title", title), ("summary", summary))
    return tuple(name for name, at in fields if before.content_hash[at] != mark[at])


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def _entry(
    feed: Feed,
    parsed: ParsedFeed,
    one: ParsedEntry,
    *,
    revision: int,
    changed: tuple[str, ...],
    at: datetime,
) -> Entry:
    published = one.published_at
    if published is not None and published > at + MAX_AHEAD:
        published = at
    return Entry(
        feed=feed.id,
        id=one.id,
        title=one.title,
        summary=one.summary,
        url=one.url,
        # What the user says of a feed is meant to correct what it says of itself.
        lang=feed.lang or one.lang,
        source=feed.source or one.source or parsed.title,
        source_url=one.source_url,
        revision=revision,
        changed=changed,
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
