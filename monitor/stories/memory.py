"""Remember every sighting in memory: the twin of the table of sightings."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING

from monitor.model import MAX_VOICES, voice_of
from monitor.stories.memory_index import MemoryStories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.model import Entry, Match, Sighting, Voice
    from monitor.rule_model import Rule
    from monitor.stories.index import NewSketch


class MemorySightings(MemoryStories):
    """Hold the stories, and every sighting of them.

    Attributes:
        sightings: every sighting, in the order they were added.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sightings: list[Sighting] = []
        self._arrivals: dict[int, int] = {}  # by `id`, as `sightings` keeps them all
        self._no_voice: dict[int, str] = {}  # by `id`
        self._by_topic: dict[str, list[Sighting]] = {}  # oldest first
        self._by_story: dict[str, list[Sighting]] = {}  # oldest first

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

    def _order(self, sighting: Sighting) -> tuple[datetime, int]:
        return sighting.seen_at, self._arrivals[id(sighting)]

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

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        told = self._by_story.get(self.story_now(story), ())
        voices = [voice_of(seen) for seen in told if not self._discounted(seen)]
        return voices[:MAX_VOICES]

    def discount(self, story: str, reasons: Mapping[tuple[str, str], str]) -> None:
        """Count some voices of a story no more, named by feed and entry id."""
        for seen in self._by_story.get(self.story_now(story), ()):
            entry = seen.match.entry
            if (entry.feed, entry.id) in reasons:
                self._no_voice[id(seen)] = reasons[entry.feed, entry.id]

    def _discounted(self, seen: Sighting) -> str:
        return self._no_voice.get(id(seen), seen.discounted)

    def latest_match(self, topic: str, feed: str, entry_id: str) -> Match | None:
        """Return what an entry's latest wording said about a topic."""
        found = [
            seen.match
            for seen in self._by_topic.get(topic, ())
            if (seen.match.entry.feed, seen.match.entry.id) == (feed, entry_id)
        ]
        return max(found, key=lambda match: match.entry.revision, default=None)

    def topics_of_entry(self, feed: str, entry_id: str) -> Sequence[tuple[str, str]]:
        """List the topics that an entry was ever about, each with its story."""
        return sorted(
            (topic, self.story_now(story))
            for (topic, *entry), story in self._story_of_entry.items()
            if entry == [feed, entry_id]
        )

    def _about(self, rule: Rule) -> list[list[Sighting]]:
        """Return the sightings by topic, in the order in which the rule names them."""
        places = ((rule.place(topic), topic) for topic in self._by_topic)
        ordered = sorted(each for each in places if each[0] is not None)
        return [self._by_topic[topic] for _, topic in ordered]

    def _first_accepted(self, rule: Rule, story: str) -> Sighting | None:
        accepted = (s for s in self._by_story[story] if rule.accepts(s))
        return next(accepted, None)


def _seen_at(sighting: Sighting) -> datetime:
    return sighting.seen_at
