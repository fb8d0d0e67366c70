"""Decide which story a match belongs to.

The clusterer is pure; it reaches stories through `StoryIndex`, which the store
implements on the database and `monitor.stories.memory` in memory. What is alike is
judged by `monitor.stories.likeness`; how much is looked at is bounded here, so neither
a story of thousands nor a topic that everything matches costs more per match.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from heapq import nlargest
from math import log
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec.structs import replace

from monitor.model import Joining, Match, Publisher, Sighting, voice_of
from monitor.stories import likeness
from monitor.stories.index import COPY_WINDOW, NewSketch
from monitor.stories.likeness import NEAR_WINDOW, Told
from monitor.stories.signature import fingerprint
from monitor.stories.sketch import (
    actors_in,
    fact_of_key,
    keys_of,
    pack,
    sketch_of,
    unpack,
)
from monitor.stories.witnesses import weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from monitor.stories.index import Copied, Filed, StoryIndex
    from monitor.stories.sketch import Keys, Sketch

POSTINGS = 32
"""Sketches looked up under one key, the newest; more, and the key tells nothing."""

CANDIDATES = 12
"""Sketches compared with a match, those that share most."""

_WEIGHTS = [1.0] + [1 - log(n) / log(POSTINGS + 1) for n in range(1, POSTINGS + 1)]
"""How much a key tells that so many sketches have."""

_LEAST_WEIGHT = 0.2  # of a fact; below, it chooses no candidates
_SHINGLE_WEIGHT = 0.53  # at least: all copies of one text share these
_LEAST_TALLY = 0.95  # two shingles that many have, or a fact that nobody has

_TWIN = 0.9
"""From this share on both sides, a copy within the hours below needs no own sketch."""

_TWIN_WINDOW = timedelta(hours=12)

_MORE = 1.25
"""So much longer than all that it copies, a copy is the whole of a cut text."""

_Alike: TypeAlias = "tuple[float, Filed, Sketch]"
_NOBODY = Publisher()


class _Found(NamedTuple):
    """What a match joins, and what that proves to be one.

    Args:
        needs_sketch: the text is to be remembered, as nothing known stands for it.
        tells_more: it tells more than what it copies, as the whole of a text does that
            first came cut.
    """

    joined: Joining
    story: str
    copy_of: tuple[str, str] | None = None
    merged: tuple[str, ...] = ()
    needs_sketch: bool = True
    tells_more: bool = False


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
    signature = fingerprint(match.entry)
    found, sketch = _find(match, signature, index)
    sighting = Sighting(
        story=found.story,
        is_first=found.joined == "first",
        seen_at=match.entry.fetched_at,
        match=match,
        publisher=publisher,
        joined=found.joined,
        copy_of=found.copy_of,
        merged=found.merged,
    )
    stories = () if sighting.is_first else (found.story, *found.merged)
    weighed = weigh(voice_of(sighting), stories, index)
    sighting = replace(
        sighting, discounted=weighed.discounted, families=weighed.families
    )
    if not index.add(sighting, signature, sketch):
        return None
    if found.merged:
        index.merge(match.topic, found.story, found.merged)
        index.discount(found.story, weighed.revoked)
    return sighting


def _find(
    match: Match, signature: str, index: StoryIndex
) -> tuple[_Found, NewSketch | None]:
    """Return what a match joins, and what to remember of its text."""
    entry, topic = match.entry, match.topic
    own = index.story_of_entry(topic, entry.feed, entry.id)
    found = None if own is None else _Found("edit", own)
    generation = 0
    if found is None:
        since, until = entry.fetched_at - COPY_WINDOW, entry.fetched_at + COPY_WINDOW
        copied, generation = index.stories_of_copy(topic, signature, since, until)
        if copied:
            return _exact(copied), None
    sketch = sketch_of(match)
    keys = keys_of(sketch, topic)
    if found is None:
        found = _look_for(_told(match, sketch), keys, match, index)
    if found is None:
        found = _Found("first", story_id(topic, signature, generation))
    return found, _kept(sketch, keys, found)


def _kept(sketch: Sketch, keys: Keys, found: _Found) -> NewSketch | None:
    """Return what to remember of a text.

    A copy tells nothing that its original does not, so it is found by its wording
    only, and a common copy does not make the facts of its story look common. The whole
    of a text that was known cut is found by its facts too.
    """
    if not found.needs_sketch:
        return None
    is_copy = found.joined == "near-copy" and not found.tells_more
    return NewSketch(pack(sketch), keys.wording if is_copy else sum(keys, ()))


def _exact(copied: Sequence[Copied]) -> _Found:
    """Join the story of a text; an edit that led there proves no stories to be one."""
    told = sorted((each for each in copied if not each.is_edit), key=_age)
    story, *others = told or sorted(copied, key=_age)[:1]
    merged = tuple(each.story for each in others)
    return _Found("copy", story.story, story.copy_of, merged, False)


def _look_for(told: Told, keys: Keys, match: Match, index: StoryIndex) -> _Found | None:
    """Return what a new text copies or tells again, if anything."""
    seen_at = match.entry.fetched_at
    since, until = seen_at - NEAR_WINDOW, seen_at + NEAR_WINDOW
    postings = index.postings(sum(keys, ()), since, until, POSTINGS)
    wordings, facts = postings[: len(keys.wording)], postings[len(keys.wording) :]
    filed = index.filed(_likeliest(wordings, facts))
    near: list[_Alike] = []
    others: list[tuple[Filed, Told]] = []
    for each, other in _comparable(told, match.topic, filed):
        if copied := likeness.copies(told, other):
            near.append((copied, each, other.sketch))
        elif likeness.may_tell_same(told, other):
            others.append((each, other))
    if near:
        return _copy(told, near, match)
    if not others:
        return None
    weights = _weights(keys.facts, facts, filed)
    return _retold(
        told,
        [
            (likeness.tells_same(told, other, weights), each, other.sketch)
            for each, other in others
        ],
    )


def _comparable(
    told: Told, topic: str, filed: Iterable[Filed]
) -> Iterator[tuple[Filed, Told]]:
    """Unpack what may be alike; most of a busy topic is not, for its actors alone."""
    actors = told.sketch.actors
    for each in filed:
        if each.topic != topic or likeness.differ(actors, actors_in(each.sketch)):
            continue
        if (sketch := unpack(each.sketch)) is not None:
            times = each.seen_at.timestamp(), each.opened_at.timestamp()
            yield each, Told(sketch, each.direction, each.act, *times)


def _weights(
    keys: Sequence[int], postings: Sequence[Sequence[int]], filed: Sequence[Filed]
) -> dict[int, float]:
    """Return how much each fact tells, by how many stories have it.

    Of the sketches that were not looked at, each counts as a story of its own.
    """
    story_of = {each.number: each.story for each in filed}
    weights = {}
    for key, found in zip(keys, postings, strict=True):
        known = story_of.keys() & found
        stories = {story_of[number] for number in known}
        count = len(found) - len(known) + len(stories)
        weights[fact_of_key(key)] = _WEIGHTS[count]
    return weights


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
    longest = max(known.size for _, _, known in near)
    return _Found(
        "near-copy",
        story.story,
        (best.feed, best.entry),
        merged,
        needs_sketch=not is_twin,
        tells_more=told.sketch.size > _MORE * longest,
    )


def _retold(told: Told, alike: Sequence[_Alike]) -> _Found | None:
    if not alike:
        return None
    likeliest, best, sketch = max(alike, key=_likeness)
    if likeliest <= 0:
        return None
    is_foreign = likeness.is_foreign(told.sketch, sketch)
    return _Found("translation" if is_foreign else "rewrite", best.story)


def _likeliest(
    wordings: Iterable[Sequence[int]], facts: Iterable[Sequence[int]]
) -> list[int]:
    """Return the sketches that share most with a match, rare keys counting more."""
    tally: dict[int, float] = {}
    for found in wordings:
        weight = max(_SHINGLE_WEIGHT, _WEIGHTS[len(found)])
        for number in found:
            tally[number] = tally.get(number, 0.0) + weight
    for found in facts:
        weight = _WEIGHTS[len(found)]
        if weight >= _LEAST_WEIGHT:
            for number in found:
                tally[number] = tally.get(number, 0.0) + weight
    likely = [(of, number) for number, of in tally.items() if of >= _LEAST_TALLY]
    return [number for _, number in nlargest(CANDIDATES, likely)]


def _told(match: Match, sketch: Sketch) -> Told:
    seen_at = match.entry.fetched_at.timestamp()
    return Told(sketch, match.direction, match.act, seen_at, seen_at)


def _likeness(of: _Alike) -> tuple[float, int]:
    return of[0], of[1].number


def _age(of: Filed | Copied) -> tuple[datetime, str]:
    return of.opened_at, of.story
