"""Remember stories in memory: the twin of `monitor.store.stories`.

It forgets nothing; how much it needs is bounded by what it is told.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from monitor.stories.index import Copied, Filed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Sighting
    from monitor.stories.index import NewSketch


_FEW = 16
"""Numbers under one key up to which a tuple holds them; an array holds more."""

# What is kept by the million is kept out of the collector's sight: structs that it passes
# by, and plain tuples of such, hold no cycles and cost no time at every full collection.


class _Shown(Struct, frozen=True, gc=False):
    """When a story showed a text, and who was first."""

    story: str
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
        # Per topic and signature: how each story showed it, mostly one.
        self._copies: dict[tuple[str, str], tuple[_Shown, ...]] = {}
        self._opened: dict[str, datetime] = {}
        self._into: dict[str, str] = {}
        self._rows: list[_Row] = []
        # When each row was seen, in seconds, close together.
        self._times = array("d")
        # A number where there is one only, as for most keys; else oldest first.
        self._postings: dict[int, int | tuple[int, ...] | array[int]] = {}

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
        shown = self._copies.get((topic, signature), ())
        found = [
            Copied(of.story, self._opened[of.story], of.copy_of, of.is_edit)
            for of in shown
            if of.last_at >= since and of.first_at <= until
        ]
        return found, _next_generation(shown)

    def postings(
        self, keys: Sequence[int], since: datetime, until: datetime, most: int
    ) -> Sequence[Sequence[int]]:
        """Return for each key the numbers of the sketches filed under it.

        Those seen between the two times, both in; the newest first, at most `most`.
        """
        found: list[Sequence[int]] = []
        times, start, end = self._times, since.timestamp(), until.timestamp()
        for filed in map(self._postings.get, keys):
            if filed is None:
                found.append(())
            elif isinstance(filed, int):
                found.append((filed,) if start <= times[filed] <= end else ())
            else:
                found.append(self._newest(filed, start, end, most))
        return found

    def _newest(
        self,
        numbers: tuple[int, ...] | array[int],
        since: float,
        until: float,
        most: int,
    ) -> Sequence[int]:
        times, end = self._times, len(numbers)
        if times[numbers[-1]] > until:
            end = bisect_right(numbers, until, key=times.__getitem__)
        start = max(0, end - most)
        if end and times[numbers[start]] < since:
            start = bisect_left(numbers, since, start, end, key=times.__getitem__)
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
        shown = self._copies.get((topic, signature), ())
        by = (entry.feed, entry.id)
        own = [of.generation for of in shown if of.story == story]
        generation = own[0] if own else _next_generation(shown)
        new = _Shown(story, at, at, generation, by, sighting.joined == "edit")
        self._copies[topic, signature] = _with(shown, new)
        if sketch is not None:
            self._file(sighting, sketch)
        return True

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
        self._times.append(row.seen_at.timestamp())
        for key in new.keys:
            filed = self._postings.setdefault(key, number)
            if filed is not number:
                self._postings[key] = self._with(filed, number)

    def _with(
        self, filed: int | tuple[int, ...] | array[int], number: int
    ) -> tuple[int, ...] | array[int]:
        """Return the numbers filed under a key with one more, in order of time."""
        numbers = (filed,) if isinstance(filed, int) else filed
        times, at = self._times, self._times[number]
        place = len(numbers)
        if times[numbers[-1]] > at:
            place = bisect_right(numbers, at, key=times.__getitem__)
        if len(numbers) < _FEW:
            return (*numbers[:place], number, *numbers[place:])
        more = array("I", numbers) if isinstance(numbers, tuple) else numbers
        more.insert(place, number)
        return more

    def merge(self, topic: str, into: str, others: Sequence[str]) -> None:
        """Move all that is known of other stories into one; they are one from now on."""
        for other in others:
            self._into[other] = into
            opened = self._opened.pop(other)
            self._opened[into] = min(self._opened[into], opened)
        gone = set(others)
        for (of, signature), shown in self._copies.items():
            if of != topic or gone.isdisjoint([each.story for each in shown]):
                continue
            kept = tuple(each for each in shown if each.story not in gone)
            for each in shown:
                if each.story in gone:
                    kept = _with(kept, replace(each, story=into))
            self._copies[of, signature] = kept


def _next_generation(shown: Sequence[_Shown]) -> int:
    return 1 + max([of.generation for of in shown], default=-1)


def _with(shown: tuple[_Shown, ...], new: _Shown) -> tuple[_Shown, ...]:
    """Return how stories showed a text, with one more time that a story did."""
    for at, each in enumerate(shown):
        if each.story == new.story:
            return (*shown[:at], _both(each, new), *shown[at + 1 :])
    return (*shown, new)


def _both(one: _Shown, other: _Shown) -> _Shown:
    """Return what is known of a text that one story showed twice."""
    return _Shown(
        one.story,
        min(one.first_at, other.first_at),
        max(one.last_at, other.last_at),
        max(one.generation, other.generation),
        one.copy_of,
        one.is_edit and other.is_edit,
    )
