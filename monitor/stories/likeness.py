"""Judge two sketches: is one a copy of the other, do both tell the same news?

Precision comes first: two stories that stay apart cost a reader one alert more, two
developments in one story cost the second alert. How the figures were found is in
docs/decisions/0015-stories.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from monitor.stories.sketch import SMALL, Sketch

if TYPE_CHECKING:
    from collections.abc import Mapping

NEAR_WINDOW = timedelta(days=3)
"""The time within which an edited copy joins what it copies."""

REWRITE_WINDOW = timedelta(hours=20)
"""The time within which other words for the same news join, counted from where the story
opened: a day's papers, and less than a day, as the next day brings the next development."""

_REWRITE_SECONDS = REWRITE_WINDOW.total_seconds()

SURE_COPY = 0.6
"""The share of the shorter text from which neither words nor facts are in doubt."""

_SURE_NAMES = 0.75  # where no actors are known, names must do
_LEAST_SHARE = 0.33
_LEAST_DIFFERENT = 0.5
_SURE_SIZE = 45  # shingles: a title and two lines
_SHORT_SIZE = 20  # shingles: hardly more than a title
_SHORT_SHARE = 0.9
_CHARACTERS_PER_WORD = 2.2
_LEAST_SHARED = 4
_DOUBTFUL_WINDOW = timedelta(hours=36)

_NAME, _WORD, _CHARACTERS = 1.0, 0.7, 0.4
_NUMBER, _SMALL_NUMBER, _NO_NUMBER = 1.6, 0.7, 1.5
_ACTOR = 0.5
_CAST = 2  # actors who, with one act within hours, are known across languages
_REWRITE, _TRANSLATION = 1.9, 0.9
_PER_WORD = 0.06
_PER_PAIR = _PER_WORD / 2  # of characters, which every text has more of
_UNKNOWN = 1.7
_LATE = 1.5


class Told(Struct, frozen=True, gc=False):
    """A sketch with what its match says of it.

    Args:
        direction: the topic's word for where things move, or "".
        act: what is done, or "".
        seen_at: seconds since 1970.
        opened_at: when its story opened, likewise.
    """

    sketch: Sketch
    direction: str
    act: str
    seen_at: float
    opened_at: float


def share(one: Sketch, other: Sketch) -> float:
    """Estimate how much of the shorter text is in the other, from 0 to 1.

    Both samples hold every shingle below their largest, so what lies below both
    largest is compared whole.
    """
    a, b = one.shingles, other.shingles
    shared = frozenset(a).intersection(b)
    in_a, in_b = len(a), len(b)
    ends = [max(each.shingles) for each in (one, other) if not each.is_whole]
    if ends:
        end = min(ends)
        in_a, in_b = (sum([n <= end for n in of]) for of in (a, b))
        shared = frozenset(n for n in shared if n <= end)
    fewest = min(in_a, in_b)
    # Of a long text few hashes may lie there: too few say nothing.
    least = _LEAST_SHARED if ends else min(_LEAST_SHARED, fewest)
    return len(shared) / fewest if fewest and len(shared) >= least else 0.0


def copies(one: Told, other: Told) -> float:
    """Return how much one copies the other, 0.0 when they are no copies.

    The shorter the shorter text, the more of it must be in the other.
    """
    a, b = one.sketch, other.sketch
    if a.is_spaced != b.is_spaced or differ(a.actors, b.actors):
        return 0.0
    fewest = _length(a, b)
    found = share(a, b)
    if fewest < _SHORT_SIZE:
        return found if found >= _SHORT_SHARE and _agree(one, other) else 0.0
    if found < max(_LEAST_SHARE, 1 - fewest / _SURE_SIZE):
        return 0.0
    is_template = found < _SURE_NAMES and not (a.actors and b.actors)
    if is_template and _name_others(a, b):
        return 0.0
    if found < SURE_COPY:
        gap = abs(one.seen_at - other.seen_at)
        if gap > _DOUBTFUL_WINDOW.total_seconds() or not _compatible(one, other):
            return 0.0
    return found


def _name_others(a: Sketch, b: Sketch) -> bool:
    """Say whether each names somebody of whom the other does not speak."""
    return bool(a.names.difference(b.words)) and bool(b.names.difference(a.words))


def _length(a: Sketch, b: Sketch) -> float:
    """Return how long the shorter text is, in words."""
    return min(a.size, b.size) / (1.0 if a.is_spaced else _CHARACTERS_PER_WORD)


def _agree(one: Told, other: Told) -> bool:
    """Say whether two short texts differ in nothing that may be the news."""
    a, b = one.sketch, other.sketch
    return (
        _compatible(one, other)
        and not differ(frozenset(a.words), frozenset(b.words))
        and not differ(a.numbers, b.numbers)
    )


def tells_same(one: Told, other: Told, weights: Mapping[int, float]) -> float:
    """Return by how much two texts tell the same news beyond what is asked, or 0.0.

    Args:
        other: what was told before.
        weights: how much a fact tells, from 0 (everybody has it) to 1, where known.
    """
    if not may_tell_same(one, other):
        return 0.0
    a, b = one.sketch, other.sketch
    gap = _gap(one, other)
    unknown = (not a.actors or not b.actors) + (not one.act or not other.act)
    if is_foreign(a, b):
        return _translates(one, other, weights, unknown, gap)
    if _length(a, b) < _SHORT_SIZE and share(a, b) > _LEAST_DIFFERENT:
        return 0.0  # two headlines with one word changed; that word is the news
    asked = _REWRITE + _UNKNOWN * unknown + _LATE * gap * gap
    per_word = _PER_PAIR if a.lang in _CJK and b.lang in _CJK else _PER_WORD
    asked += per_word * min(len(a.words), len(b.words))
    told = _shared(a, b, weights)
    # Words alone never join.
    return max(0.0, told.all - asked) if told.firm > 0 else 0.0


def may_tell_same(one: Told, other: Told) -> bool:
    """Say whether neither time, cast nor act keeps two texts from telling the same."""
    return _gap(one, other) <= 1 and _compatible(one, other) and _same_cast(one, other)


def _gap(one: Told, other: Told) -> float:
    return abs(one.seen_at - other.opened_at) / _REWRITE_SECONDS


def is_foreign(a: Sketch, b: Sketch) -> bool:
    """Say whether two texts are known to be in different languages."""
    return a.lang != b.lang and bool(a.lang) and bool(b.lang)


def _translates(
    one: Told, other: Told, weights: Mapping[int, float], unknown: int, gap: float
) -> float:
    a, b = one.sketch, other.sketch
    if unknown or a.actors != b.actors:
        return 0.0
    if not _numbers_agree(a, b):
        return 0.0
    told = _shared(a, b, weights).all + _NAME * len(a.sounds & b.sounds)
    if told <= 0 and len(a.actors) < _CAST:
        return 0.0
    asked = _TRANSLATION + _LATE * gap * gap
    return max(0.0, told + _ACTOR * len(a.actors) - asked)


def _numbers_agree(a: Sketch, b: Sketch) -> bool:
    shared = a.numbers & b.numbers
    return bool(shared) or not _large(a) or not _large(b)


def _large(of: Sketch) -> bool:
    """Say whether a text has numbers that another of the same news would have too.

    Small ones come and go: how many sources spoke, how many ships turned back.
    """
    return any(each > SMALL for each in of.numbers)


def _same_cast(one: Told, other: Told) -> bool:
    """Say whether two texts may speak of the same actors in the same parts.

    Who acts comes first: two states that punish each other make two stories.
    """
    a, b = one.sketch, other.sketch
    if not a.actors or not b.actors:
        return True
    if differ(a.actors, b.actors) or not a.actors & b.actors:
        return False
    both_act = one.act and other.act and a.leader in b.actors and b.leader in a.actors
    return a.leader == b.leader or not both_act


class _Shared(NamedTuple):
    """What two sketches have in common, weighed: names and numbers, and all facts."""

    firm: float
    all: float


def _shared(a: Sketch, b: Sketch, weights: Mapping[int, float]) -> _Shared:
    words = frozenset(a.words).intersection(b.words)
    names = words & (a.names | b.names)
    numbers = a.numbers & b.numbers
    firm = _NAME * sum([weights.get(each, 1.0) for each in names])
    for each in numbers:
        per_number = _NUMBER if each > SMALL else _SMALL_NUMBER
        firm += per_number * weights.get(each, 1.0)
    if not numbers and _large(a) and _large(b):
        firm -= _NO_NUMBER
    is_cjk = a.lang in _CJK and b.lang in _CJK
    per_word = _CHARACTERS if is_cjk else _WORD
    others = per_word * sum([weights.get(each, 1.0) for each in words - names])
    return _Shared(firm, firm + others)


_CJK = frozenset(("ja", "zh"))


def differ(one: frozenset[int], other: frozenset[int]) -> bool:
    """Say whether each has what the other lacks."""
    return not (one <= other or other <= one)


def _compatible(one: Told, other: Told) -> bool:
    return _same(one.direction, other.direction) and _same(one.act, other.act)


def _same(one: str, other: str) -> bool:
    return one == other or not one or not other
