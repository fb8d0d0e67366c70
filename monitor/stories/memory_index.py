"""Remember stories in memory: the twin of `monitor.store.stories`.

It forgets nothing; how much it needs is bounded by what it is told.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from monitor.stories.index import Copied, Filed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Sighting
    from monitor.stories.index import NewSketch


class _Shown(NamedTuple):
    """When a story showed a text, and who was first."""

    first_at: datetime
    last_at: datetime
    generation: int
    copy_of: tuple[str, str]
    is_edit: bool


class _Row(Struct, frozen=True, gc=False):
    """A sketch as it was added, before any merge."""

    topic: str
    story: str
    seen_at: datetime
    feed: str
    entry: str
    direction: str
    act: str
    sketch: bytes


class MemoryStories:
    """Hold which stories were sighted, per topic."""

    def __init__(self) -> None:
        self._joined: set[tuple[str, str, str, int, str]] = set()
        self._story_of_entry: dict[tuple[str, str, str], str] = {}
        # Per topic and signature: how each story showed it.
        self._copies: dict[tuple[str, str], dict[str, _Shown]] = {}
        self._opened: dict[str, datetime] = {}
        self._into: dict[str, str] = {}
        self._rows: list[_Row] = []
        # A number where there is one only, as for most keys; else oldest first.
        self._postings: dict[int, int | list[int]] = {}

    def story_now(self, story: str) -> str:
        """Return the story that took in a story, or the story itself."""
        while story in self._into:
            story = self._into[story]
        return story

    def story_of_entry(self, topic: str, feed: str, entry_id: str) -> str | None:
        """Return the story that an earlier revision of this entry joined, if any."""
        found = self._story_of_entry.get((topic, feed, entry_id))
        return None if found is None else self.story_now(found)

    def stories_of_copy(
        self, topic: str, signature: str, since: datetime, until: datetime
    ) -> tuple[Sequence[Copied], int]:
        """Return the stories that showed this very text between two times, both in.

        The second value counts the topic's stories that ever had the text.
        """
        shown = self._copies.get((topic, signature), {})
        found = [
            Copied(story, self._opened[story], of.copy_of, of.is_edit)
            for story, of in shown.items()
            if of.last_at >= since and of.first_at <= until
        ]
        return found, 1 + max((of.generation for of in shown.values()), default=-1)

    def postings(
        self, keys: Sequence[int], since: datetime, until: datetime, most: int
    ) -> Sequence[Sequence[int]]:
        """Return for each key the numbers of the sketches filed under it.

        Those seen between the two times, both in; the newest first, at most `most`.
        """
        found: list[Sequence[int]] = []
        rows = self._rows
        for key in keys:
            numbers = self._postings.get(key)
            if numbers is None:
                found.append(())
            elif isinstance(numbers, int):
                is_near = since <= rows[numbers].seen_at <= until
                found.append((numbers,) if is_near else ())
            else:
                found.append(self._newest(numbers, since, until, most))
        return found

    def _newest(
        self, numbers: list[int], since: datetime, until: datetime, most: int
    ) -> Sequence[int]:
        end = len(numbers)
        if self._rows[numbers[-1]].seen_at > until:
            end = bisect_right(numbers, until, key=self._seen_at)
        start = max(0, end - most)
        if end and self._rows[numbers[start]].seen_at < since:
            start = bisect_left(numbers, since, start, end, key=self._seen_at)
        return numbers[start:end][::-1]

    def filed(self, numbers: Sequence[int]) -> Sequence[Filed]:
        """Return the sketches of these numbers, in this order."""
        return [self._filed(number) for number in numbers]

    def _filed(self, number: int) -> Filed:
        row = self._rows[number]
        story = self.story_now(row.story)
        return Filed(
            number,
            row.topic,
            story,
            self._opened[story],
            row.seen_at,
            row.feed,
            row.entry,
            row.direction,
            row.act,
            row.sketch,
        )

    def add(
        self, sighting: Sighting, signature: str, sketch: NewSketch | None = None
    ) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        match, story, at = sighting.match, sighting.story, sighting.seen_at
        topic, entry = match.topic, match.entry
        key = (topic, entry.feed, entry.id, entry.revision, signature)
        if key in self._joined:
            return False
        self._joined.add(key)
        self._story_of_entry.setdefault((topic, entry.feed, entry.id), story)
        self._opened[story] = min(at, self._opened.get(story, at))
        copies = self._copies.setdefault((topic, signature), {})
        generation = 1 + max((of.generation for of in copies.values()), default=-1)
        if story in copies:
            generation = copies[story].generation
        by = (entry.feed, entry.id)
        new = _Shown(at, at, generation, by, sighting.joined == "edit")
        copies[story] = _both(copies[story], new) if story in copies else new
        if sketch is not None:
            self._file(sighting, sketch)
        return True

    def topics_of_entry(self, feed: str, entry_id: str) -> Sequence[tuple[str, str]]:
        """List the topics that an entry was ever about, each with its story."""
        return sorted(
            (topic, self.story_now(story))
            for (topic, *entry), story in self._story_of_entry.items()
            if entry == [feed, entry_id]
        )

    def _file(self, sighting: Sighting, new: NewSketch) -> None:
        match, number = sighting.match, len(self._rows)
        row = _Row(
            match.topic,
            sighting.story,
            sighting.seen_at,
            match.entry.feed,
            match.entry.id,
            match.direction,
            match.act,
            new.sketch,
        )
        self._rows.append(row)
        for key in new.keys:
            numbers = self._postings.setdefault(key, number)
            if isinstance(numbers, int):
                if numbers == number:
                    continue
                numbers = self._postings[key] = [numbers]
            if self._rows[numbers[-1]].seen_at <= row.seen_at:
                numbers.append(number)
            else:
                place = bisect_right(numbers, row.seen_at, key=self._seen_at)
                numbers.insert(place, number)

    def merge(self, topic: str, into: str, others: Sequence[str]) -> None:
        """Move all that is known of other stories into one; they are one from now on."""
        for other in others:
            self._into[other] = into
            opened = self._opened.pop(other)
            self._opened[into] = min(self._opened[into], opened)
        gone = set(others)
        for (of, _), shown in self._copies.items():
            if of != topic or gone.isdisjoint(shown):
                continue
            for other in gone & shown.keys():
                moved = shown.pop(other)
                shown[into] = _both(shown[into], moved) if into in shown else moved

    def _seen_at(self, number: int) -> datetime:
        return self._rows[number].seen_at


def _both(one: _Shown, other: _Shown) -> _Shown:
    """Return what is known of a text that one story showed twice."""
    return _Shown(
        min(one.first_at, other.first_at),
        max(one.last_at, other.last_at),
        max(one.generation, other.generation),
        one.copy_of,
        one.is_edit and other.is_edit,
    )
