"""Decide which story a match belongs to.

The clusterer is pure; it reaches stories through `StoryIndex`, which the store
implements on the database and `monitor.stories.memory` in memory.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Protocol

from monitor.model import Match, Sighting
from monitor.stories.signature import fingerprint

COPY_WINDOW = timedelta(days=7)
"""A copy that comes later than this opens a story of its own: headlines recur."""


class StoryIndex(Protocol):
    """Remember which stories were sighted, per topic."""

    def story_of_entry(self, topic: str, feed: str, entry_id: str) -> str | None:
        """Return the story that an earlier revision of this entry joined, if any."""
        ...

    def story_of_copy(
        self, topic: str, signature: str, since: datetime
    ) -> tuple[str | None, int]:
        """Return the story with this signature last sighted at or after `since`.

        The second value counts the topic's stories that ever had the signature.
        """
        ...

    def add(self, sighting: Sighting, signature: str) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        ...


def story_id(topic: str, signature: str, generation: int) -> str:
    """Return the id of a topic's story: the same on every run over the same items."""
    seed = f"{topic}\0{signature}\0{generation}".encode()
    return "st_" + hashlib.sha256(seed).hexdigest()[:24]


def join(match: Match, index: StoryIndex) -> Sighting | None:
    """Add a match to the story it tells, and return the sighting.

    An edit stays in its entry's story; an exact copy joins the story it copies;
    anything else opens a story. Returns None when this very match (entry, wording
    and topic) was joined before, as happens when the log redelivers it.
    """
    entry = match.entry
    signature = fingerprint(entry)
    seen_at = entry.fetched_at
    story = index.story_of_entry(match.topic, entry.feed, entry.id)
    is_first = False
    if story is None:
        story, generation = index.story_of_copy(
            match.topic, signature, seen_at - COPY_WINDOW
        )
        if story is None:
            story = story_id(match.topic, signature, generation)
            is_first = True
    sighting = Sighting(story=story, is_first=is_first, seen_at=seen_at, match=match)
    return sighting if index.add(sighting, signature) else None
