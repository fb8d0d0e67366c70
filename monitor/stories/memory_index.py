"""Remember stories in memory: the twin of what the database remembers.

It forgets nothing; how much it needs is bounded by what it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Sighting


class MemoryStories:
    """Hold which stories were sighted, per topic."""

    def __init__(self) -> None:
        self._joined: set[tuple[str, str, str, int, str]] = set()
        self._story_of_entry: dict[tuple[str, str, str], str] = {}
        # Per topic and signature: when each story last showed it.
        self._copies: dict[tuple[str, str], dict[str, datetime]] = {}

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
        return True
