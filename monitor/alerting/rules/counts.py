"""`frequency`: several stories that come together."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from monitor.alerting.rules.finding import (
    MAX_RELATED,
    MAX_RELATED_SUMMARY,
    Finding,
    History,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from monitor.model import Entry, Sighting
    from monitor.rule_model import Rule


def burst(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return the story that completes a burst; at most one burst per `within`."""
    if history.has_alert(rule.name, sighting.story):
        return None
    at = sighting.seen_at
    if rests(rule, at, history):
        return None
    since, until = at - rule.within, at + rule.within
    if not history.has_count(rule, since, until):
        return None
    entries = _distinct(history.stories_between(rule, since, until))
    together = _busiest(entries, at, rule.within)
    if len(together) < rule.count:
        return None
    others = [entry for entry in together if entry != sighting.match.entry]
    return Finding(subject=sighting.story, count=len(together), related=listed(others))


def rests(rule: Rule, at: datetime, history: History) -> bool:
    """Say whether the rule has spoken of a time already.

    An alert that is later counts too, as far as the two may share a story: a feed that
    was behind must not announce what readers have been told of. One that is later
    still does not: it may come from a clock that was ahead.
    """
    return history.fired_between(rule.name, at - rule.within, at + 2 * rule.within)


def listed(entries: list[Entry]) -> tuple[Entry, ...]:
    """Return the newest of some entries as an alert lists them, in brief."""
    return tuple(_brief(entry) for entry in entries[-MAX_RELATED:])


def _brief(entry: Entry) -> Entry:
    summary = entry.summary[:MAX_RELATED_SUMMARY]
    return msgspec.structs.replace(entry, summary=summary, text="")


def _distinct(stories: Iterable[tuple[str, Entry]]) -> list[Entry]:
    """Return one entry per story, in order of time.

    A story belongs to one topic, so an entry that satisfies two topics of a rule has
    two stories; it is one piece of news and counts once.
    """
    entries: dict[tuple[str, str], Entry] = {}
    for _, entry in stories:
        entries.setdefault((entry.feed, entry.id), entry)
    return sorted(entries.values(), key=_time)


def _busiest(entries: list[Entry], at: datetime, within: timedelta) -> list[Entry]:
    """Return the most entries that lie less than `within` apart, the last at `at`.

    Entries of different feeds do not arrive in the order they were fetched: the last
    may also be later than `at`, as far as one window reaches. It is never earlier, for
    a copy of what was counted before is nothing new to tell.
    """
    start = end = 0
    for last, entry in enumerate(entries, start=1):
        if not at <= entry.fetched_at < at + within:
            continue
        first = bisect_right(entries, entry.fetched_at - within, key=_time)
        if last - first > end - start:
            start, end = first, last
    return entries[start:end]


def _time(entry: Entry) -> datetime:
    return entry.fetched_at
