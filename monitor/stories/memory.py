"""Remember stories, alerts and notifications in memory: the twin of the database.

A replay and the tests run the whole core over it. It owns no time and no limits: it
grows with what it is told, so a process that runs for years uses the store instead.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING

from monitor.stories.memory_index import MemoryStories

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Alert, Entry, Notification, Rule, Sighting
    from monitor.stories.index import NewSketch


class MemoryState(MemoryStories):
    """Hold what `assess` must remember between two matches.

    Attributes:
        sightings: every sighting, in the order they were added.
        alerts: every alert by id, in the order they opened.
        notifications: every notification by id, in the order they were decided.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sightings: list[Sighting] = []
        self.alerts: dict[str, Alert] = {}
        self.notifications: dict[str, Notification] = {}
        self._arrivals: dict[int, int] = {}  # by `id`, as `sightings` keeps them all
        self._by_topic: dict[str, list[Sighting]] = {}  # oldest first
        self._by_story: dict[str, list[Sighting]] = {}  # oldest first
        self._fired: set[tuple[str, str]] = set()
        self._last_fired: dict[str, datetime] = {}

    def add(
        self, sighting: Sighting, signature: str, sketch: NewSketch | None = None
    ) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        if not super().add(sighting, signature, sketch):
            return False
        self._arrivals[id(sighting)] = len(self.sightings)
        self.sightings.append(sighting)
        for of in (
            self._by_topic.setdefault(sighting.match.topic, []),
            self._by_story.setdefault(sighting.story, []),
        ):
            insort(of, sighting, key=_seen_at)
        return True

    def merge(self, topic: str, into: str, others: Sequence[str]) -> None:
        """Move all that is known of other stories into one; they are one from now on."""
        super().merge(topic, into, others)
        for other in others:
            moved = self._by_story.pop(other, [])
            self._by_story[into] = sorted(
                self._by_story.get(into, []) + moved, key=self._order
            )
        told = {rule for rule, story in self._fired if story in others}
        self._fired |= {(rule, into) for rule in told}

    def _order(self, sighting: Sighting) -> tuple[datetime, int]:
        return sighting.seen_at, self._arrivals[id(sighting)]

    def has_alert(self, rule: str, story: str) -> bool:
        """Say whether this rule has ever fired for this story, or for one it took in."""
        return (rule, story) in self._fired

    def fired_since(self, rule: str, since: datetime) -> bool:
        """Say whether the rule opened an alert after `since`."""
        last = self._last_fired.get(rule)
        return last is not None and last > since

    def stories_since(self, rule: Rule, since: datetime) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule after `since`, oldest first.

        Each comes once, with the entry of its first accepted sighting.
        """
        found = []
        for sightings in self._about(rule):
            start = bisect_right(sightings, since, key=_seen_at)
            stories = dict.fromkeys(self.story_now(s.story) for s in sightings[start:])
            found += [self._first_accepted(rule, story) for story in stories]
        recent = [seen for seen in found if seen is not None and seen.seen_at > since]
        recent.sort(key=_seen_at)
        return [(self.story_now(seen.story), seen.match.entry) for seen in recent]

    def _about(self, rule: Rule) -> list[list[Sighting]]:
        """Return the sightings by topic, in the order in which the rule names them."""
        places = ((rule.place(topic), topic) for topic in self._by_topic)
        ordered = sorted(each for each in places if each[0] is not None)
        return [self._by_topic[topic] for _, topic in ordered]

    def _first_accepted(self, rule: Rule, story: str) -> Sighting | None:
        accepted = (s for s in self._by_story[story] if rule.accepts(s.match))
        return next(accepted, None)

    def open_alert(self, alert: Alert, notifications: Sequence[Notification]) -> bool:
        """Store an alert and its notifications; False if the alert was there."""
        if alert.id in self.alerts:
            return False
        self.alerts[alert.id] = alert
        self._fired.add((alert.rule, alert.story))
        last = self._last_fired.get(alert.rule, alert.opened_at)
        self._last_fired[alert.rule] = max(last, alert.opened_at)
        self.notifications |= {told.id: told for told in notifications}
        return True


def _seen_at(sighting: Sighting) -> datetime:
    return sighting.seen_at
