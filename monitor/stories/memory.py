"""Remember stories, alerts and notifications in memory: the twin of the database.

A replay and the tests run the whole core over it. It owns no time and no limits: it
grows with what it is told, so a process that runs for years uses the store instead.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import TYPE_CHECKING

from monitor.model import MAX_VOICES, voice_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Entry, Match, Sighting, Voice
    from monitor.rule_model import Rule


class MemoryStories:
    """Hold what `assess` must remember between two matches.

    Attributes:
        sightings: every sighting, in the order they were added.
    """

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []
        self._joined: set[tuple[str, str, str, int, str]] = set()
        self._story_of_entry: dict[tuple[str, str, str], str] = {}
        # Per topic and signature: when each story last showed it.
        self._copies: dict[tuple[str, str], dict[str, datetime]] = {}
        self._by_topic: dict[str, list[Sighting]] = {}  # oldest first
        self._by_story: dict[str, list[Sighting]] = {}  # oldest first

    def story_of_entry(self, topic: str, feed: str, entry_id: str) -> str | None:
        """Return the story that an earlier revision of this entry joined, if any."""
        return self._story_of_entry.get((topic, feed, entry_id))

    def story_of_copy(
        self, topic: str, signature: str, since: datetime
    ) -> tuple[str | None, int]:
        """Return the story with this signature last sighted at or after `since`.

        The second value counts the topic's stories that ever had the signature.
        """
        stories = self._copies.get((topic, signature), {})
        recent = [(at, story) for story, at in stories.items() if at >= since]
        return (max(recent)[1] if recent else None), len(stories)

    def add(self, sighting: Sighting, signature: str) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        match = sighting.match
        topic, entry = match.topic, match.entry
        key = (topic, entry.feed, entry.id, entry.revision, signature)
        if key in self._joined:
            return False
        self._joined.add(key)
        self._story_of_entry.setdefault((topic, entry.feed, entry.id), sighting.story)
        copies = self._copies.setdefault((topic, signature), {})
        last = copies.get(sighting.story, sighting.seen_at)
        copies[sighting.story] = max(last, sighting.seen_at)
        self.sightings.append(sighting)
        for of in (
            self._by_topic.setdefault(topic, []),
            self._by_story.setdefault(sighting.story, []),
        ):
            insort(of, sighting, key=_seen_at)
        return True

    def stories_since(self, rule: Rule, since: datetime) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule after `since`, oldest first.

        Each comes once, with the entry of its first accepted sighting.
        """
        found = []
        for sightings in self._about(rule):
            start = bisect_right(sightings, since, key=_seen_at)
            stories = dict.fromkeys(seen.story for seen in sightings[start:])
            found += [self._first_accepted(rule, story) for story in stories]
        recent = [seen for seen in found if seen is not None and seen.seen_at > since]
        recent.sort(key=_seen_at)
        return [(seen.story, seen.match.entry) for seen in recent]

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        return [
            voice_of(seen)
            for seen in self._by_story.get(story, ())
            if not seen.discounted
        ][:MAX_VOICES]

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
            (topic, story)
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
