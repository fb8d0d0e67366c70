"""Decide which story a match belongs to.

The clusterer is pure; it reaches stories through `StoryIndex`, which the store
implements on the database and `monitor.stories.memory` in memory. What is alike is
judged by `monitor.stories.likeness`; how much is looked at is bounded here, so neither
a story of thousands nor a topic that everything matches costs more per match.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from math import log
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from monitor.model import Joining, Match, Publisher, Sighting
from monitor.stories import likeness
from monitor.stories.index import COPY_WINDOW, NewSketch
from monitor.stories.likeness import NEAR_WINDOW, STORY_SPAN, Told
from monitor.stories.signature import fingerprint
from monitor.stories.sketch import keys_of, pack, sketch_of, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.stories.index import Copied, Filed, StoryIndex
    from monitor.stories.sketch import Sketch

POSTINGS = 32
"""Sketches looked up under one key, the newest; more, and the key tells nothing."""

CANDIDATES = 12
"""Sketches compared with a match, those that share most."""

_TWIN = 0.9
"""From this share on both sides, a copy within the hours below needs no own sketch."""

_TWIN_WINDOW = timedelta(hours=12)

_TELLS_MOST = log(1 + POSTINGS)


_Alike: TypeAlias = "tuple[float, Filed, Sketch]"
_NOBODY = Publisher()


class _Found(NamedTuple):
    """What a match joins, and what that proves to be one."""

    joined: Joining
    story: str
    copy_of: tuple[str, str] | None = None
    merged: tuple[str, ...] = ()
    needs_sketch: bool = True


def story_id(topic: str, signature: str, generation: int) -> str:
    """Return the id of a topic's story: the same on every run over the same items."""
    seed = f"{topic}\0{signature}\0{generation}".encode()
    return "st_" + hashlib.sha256(seed).hexdigest()[:24]


def join(
    match: Match, index: StoryIndex, *, publisher: Publisher = _NOBODY
) -> Sighting | None:
    """Add a match to the story it tells, and return the sighting.

    An edit stays in its entry's story; an exact or edited copy joins what it copies;
    other words for the same news join it; anything else opens a story. Where that
    proves stories to be one, the oldest takes in the others. Returns None when this
    very match (entry, wording and topic) was joined before, as happens when the log
    redelivers it.
    """
    entry, topic = match.entry, match.topic
    signature = fingerprint(entry)
    seen_at = entry.fetched_at
    generation, found = 0, None
    sketch: Sketch | None = None
    keys: tuple[int, ...] = ()
    own = index.story_of_entry(topic, entry.feed, entry.id)
    if own is not None:
        found = _Found("edit", own)
    else:
        since, until = seen_at - COPY_WINDOW, seen_at + COPY_WINDOW
        copied, generation = index.stories_of_copy(topic, signature, since, until)
        if copied:
            found = _exact(copied)
    if found is None or found.needs_sketch:
        sketch = sketch_of(match)
        keys = keys_of(sketch, topic)
    if found is None and sketch is not None:
        found = _look_for(_told(match, sketch), keys, match, index)
    if found is None:
        found = _Found("first", story_id(topic, signature, generation))
    sighting = Sighting(
        story=found.story,
        is_first=found.joined == "first",
        seen_at=seen_at,
        match=match,
        publisher=publisher,
        joined=found.joined,
        copy_of=found.copy_of,
        merged=found.merged,
    )
    keeps = sketch is not None and found.needs_sketch
    new = NewSketch(pack(sketch), keys) if sketch is not None and keeps else None
    if not index.add(sighting, signature, new):
        return None
    if found.merged:
        index.merge(topic, found.story, found.merged)
    return sighting


def _exact(copied: Sequence[Copied]) -> _Found:
    """Join the story of a text; an edit that led there proves no stories to be one."""
    told = sorted((each for each in copied if not each.is_edit), key=_age)
    story, *others = told or sorted(copied, key=_age)[:1]
    merged = tuple(each.story for each in others)
    return _Found("copy", story.story, story.copy_of, merged, False)


def _look_for(
    told: Told, keys: tuple[int, ...], match: Match, index: StoryIndex
) -> _Found | None:
    """Return what a new text copies or tells again, if anything."""
    seen_at = match.entry.fetched_at
    since, until = seen_at - NEAR_WINDOW, seen_at + NEAR_WINDOW
    postings = index.postings(keys, since, until, POSTINGS)
    weights = {
        (key + (1 << 63)) & 0xFFFFFFFF: 1 - log(len(found)) / _TELLS_MOST
        for key, found in zip(keys, postings, strict=True)
        if found
    }
    filed = index.filed(_likeliest(postings))
    near: list[_Alike] = []
    alike: list[_Alike] = []
    for each in filed:
        sketch = unpack(each.sketch)
        if sketch is None or each.topic != match.topic:
            continue
        other = Told(sketch, each.direction, each.act, each.seen_at.timestamp())
        if copied := likeness.copies(told, other):
            near.append((copied, each, sketch))
        elif not near and abs(seen_at - each.opened_at) <= STORY_SPAN:
            alike.append((likeness.tells_same(told, other, weights), each, sketch))
    if near:
        return _copy(told, near, match)
    return _retold(told, alike)


def _copy(told: Told, near: Sequence[_Alike], match: Match) -> _Found:
    copied, best, sketch = max(near, key=_likeness)
    sure = [each for of, each, _ in near if of >= likeness.SURE_COPY or each is best]
    stories = {each.story: each for each in sorted(sure, key=_age, reverse=True)}
    story, *others = sorted(stories.values(), key=_age)
    is_twin = (
        copied >= _TWIN
        and min(told.sketch.size, sketch.size)
        >= _TWIN * max(told.sketch.size, sketch.size)
        and abs(match.entry.fetched_at - best.seen_at) <= _TWIN_WINDOW
    )
    merged = tuple(each.story for each in others)
    return _Found(
        "near-copy", story.story, (best.feed, best.entry), merged, not is_twin
    )


def _retold(told: Told, alike: Sequence[_Alike]) -> _Found | None:
    if not alike:
        return None
    likeliest, best, sketch = max(alike, key=_likeness)
    if likeliest <= 0:
        return None
    is_foreign = likeness.is_foreign(told.sketch, sketch)
    return _Found("translation" if is_foreign else "rewrite", best.story)


def _likeliest(postings: Iterable[Sequence[int]]) -> list[int]:
    """Return the sketches that share most with a match, rare keys counting more."""
    tally: dict[int, float] = {}
    for found in postings:
        weight = 1.05 - log(len(found)) / _TELLS_MOST if found else 0.0
        for number in found:
            tally[number] = tally.get(number, 0.0) + weight
    ordered = sorted(tally, key=lambda number: (-tally[number], -number))
    return ordered[:CANDIDATES]


def _told(match: Match, sketch: Sketch) -> Told:
    seen_at = match.entry.fetched_at.timestamp()
    return Told(sketch, match.direction, match.act, seen_at)


def _likeness(of: _Alike) -> tuple[float, int]:
    return of[0], of[1].number


def _age(of: Filed | Copied) -> tuple[datetime, str]:
    return of.opened_at, of.story
