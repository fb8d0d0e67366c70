"""Evaluate rules: given a sighting and what was seen before, open an alert or not.

Rules work in event time, the time entries were fetched; no clock is read, so a replay
decides as the first run did.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

from monitor.model import Alert, Entry, Rule, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

MAX_RELATED = 20
"""Entries listed beside the evidence of a frequency alert, newest last."""

MAX_RELATED_SUMMARY = 500
"""Characters kept of their summaries, and none of their pages: an alert must fit into one record."""


class History(Protocol):
    """Remember what rules must look back on."""

    def has_alert(self, rule: str, story: str) -> bool:
        """Say whether this rule has ever fired for this story."""
        ...

    def fired_since(self, rule: str, since: datetime) -> bool:
        """Say whether the rule opened an alert after `since`."""
        ...

    def stories_since(self, rule: Rule, since: datetime) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule after `since`, oldest first.

        Each comes once, with the entry of its first accepted sighting; a story whose
        first accepted sighting is older is left out, however many copies follow.
        """
        ...


def alert_id(rule: str, story: str) -> str:
    """Return the id of the alert of a rule on a story: the same on every run."""
    seed = f"{rule}\0{story}".encode()
    return "al_" + hashlib.sha256(seed).hexdigest()[:24]


def evaluate(rule: Rule, sighting: Sighting, history: History) -> Alert | None:
    """Return the alert that a sighting opens under a rule, if it opens one.

    The sighting must be in `history` already. A rule fires at most once per story,
    whichever of its copies or revisions comes to satisfy it.
    """
    if not rule.accepts(sighting.match):
        return None
    if history.has_alert(rule.name, sighting.story):
        return None
    if rule.kind == "frequency":
        return _burst(rule, sighting, history)
    return _open(rule, sighting)


def _burst(rule: Rule, sighting: Sighting, history: History) -> Alert | None:
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
    related = tuple(_brief(entry) for entry in others[-MAX_RELATED:])
    return _open(rule, sighting, count=len(together), related=related)


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
    summary = entry.summary[:MAX_RELATED_SUMMARY]
    return msgspec.structs.replace(entry, summary=summary, text="")


def _open(
    rule: Rule, sighting: Sighting, count: int = 1, related: tuple[Entry, ...] = ()
) -> Alert:
    match = sighting.match
    labels = dict(rule.labels)
    labels |= {"rule": rule.name, "topic": match.topic, "severity": rule.severity}
    if match.direction:
        labels["direction"] = match.direction
    return Alert(
        id=alert_id(rule.name, sighting.story),
        rule=rule.name,
        topic=match.topic,
        story=sighting.story,
        severity=rule.severity,
        status="firing",
        labels=labels,
        description=rule.description,
        match=match,
        count=count,
        related=related,
        opened_at=sighting.seen_at,
    )
