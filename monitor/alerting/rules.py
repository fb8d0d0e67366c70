"""Evaluate rules: given a sighting and what was seen before, open an alert or not.

Rules work in event time, the time entries were fetched; no clock is read, so a replay
decides as the first run did.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from monitor.model import Alert, Entry, Rule, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MAX_RELATED = 20
"""Entries listed beside the evidence of a frequency alert, newest last."""


class History(Protocol):
    """Remember what rules must look back on."""

    def has_alert(self, rule: str, story: str) -> bool:
        """Say whether this rule has ever fired for this story."""
        ...

    def fired_since(self, rule: str, since: datetime) -> bool:
        """Say whether the rule opened an alert after `since`."""
        ...

    def stories_since(self, rule: Rule, since: datetime) -> Sequence[tuple[str, Entry]]:
        """List stories the rule accepts, sighted after `since`, oldest first.

        Each comes once, with the entry of its first accepted sighting.
        """
        ...


def accepts(rule: Rule, sighting: Sighting) -> bool:
    """Say whether a sighting is of the kind a rule listens to."""
    match = sighting.match
    return (
        match.topic in rule.topics
        and match.score >= rule.min_score
        and (not rule.directions or match.direction in rule.directions)
    )


def alert_id(rule: str, story: str) -> str:
    """Return the id of the alert of a rule on a story: the same on every run."""
    seed = f"{rule}\0{story}".encode()
    return "al_" + hashlib.sha256(seed).hexdigest()[:24]


def evaluate(rule: Rule, sighting: Sighting, history: History) -> Alert | None:
    """Return the alert that a sighting opens under a rule, if it opens one.

    The sighting must be in `history` already. A rule fires at most once per story,
    whichever of its copies or revisions comes to satisfy it.
    """
    if not accepts(rule, sighting):
        return None
    if history.has_alert(rule.name, sighting.story):
        return None
    if rule.kind == "any":
        return _open(rule, sighting)
    since = sighting.seen_at - rule.within
    if history.fired_since(rule.name, since):
        return None
    stories = history.stories_since(rule, since)
    if len(stories) < rule.count:
        return None
    related = tuple(entry for _, entry in stories[-MAX_RELATED:])
    return _open(rule, sighting, count=len(stories), related=related)


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
