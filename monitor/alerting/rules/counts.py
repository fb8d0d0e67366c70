"""`frequency`: several stories that come together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.alerting.rules.finding import Finding, History

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from monitor.model import Entry, Sighting
    from monitor.rule_model import Rule

MAX_RELATED = 20
"""Entries listed beside the evidence of a frequency alert, newest last."""

MAX_RELATED_SUMMARY = 500
"""Characters kept of their summaries: an alert must fit into one record."""


def burst(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return the story that completes a burst; at most one burst per `within`."""
    if history.has_alert(rule.name, sighting.story):
        return None
    since = sighting.seen_at - rule.within
    # An alert that is later than this sighting counts too: a feed that was behind
    # must not announce a burst that readers have been told of, or that is past.
    if history.fired_since(rule.name, since):
        return None
    entries = _distinct(history.stories_since(rule, since))
    together = _busiest(entries, sighting.seen_at, rule.within)
    if len(together) < rule.count:
        return None
    others = [entry for entry in together if entry != sighting.match.entry]
    return Finding(
        subject=sighting.story,
        count=len(together),
        related=tuple(_brief(entry) for entry in others[-MAX_RELATED:]),
    )


def _distinct(stories: Iterable[tuple[str, Entry]]) -> list[Entry]:
    """Return one entry per story, in order of time.

    A story belongs to one topic, so an entry that satisfies two topics of a rule has
    two stories; it is one piece of news and counts once.
    """
    entries: dict[tuple[str, str], Entry] = {}
    for _, entry in stories:
        entries.setdefault((entry.feed, entry.id), entry)
    return sorted(entries.values(), key=lambda entry: entry.fetched_at)


def _busiest(entries: list[Entry], at: datetime, within: timedelta) -> list[Entry]:
    """Return the most entries that lie less than `within` apart, the last at `at`.

    Entries of different feeds do not arrive in the order they were fetched: the last
    may also be later than `at`, as far as one window reaches. It is never earlier, for
    a copy of what was counted before is nothing new to tell.
    """
    best: list[Entry] = []
    for end, last in enumerate(entries, start=1):
        if not at <= last.fetched_at < at + within:
            continue
        since = last.fetched_at - within
        window = [entry for entry in entries[:end] if entry.fetched_at > since]
        if len(window) > len(best):
            best = window
    return best


def _brief(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, summary=entry.summary[:MAX_RELATED_SUMMARY])
