"""Count the independent voices of a story, and say why the others do not count.

Pure. A text has one source: the agency it is credited to, else the family of its
publisher. Copies are one text, whoever prints them. A story has as many independent
voices as the fewest sources that could have written all its texts; so a reprint adds
nothing, whether it comes before its original or after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from monitor.model import Voice
from monitor.stories.names import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set
    from datetime import datetime

Key: TypeAlias = tuple[str, str]
"""Feed and id of an entry."""

_MOST_TRIED = 12
"""Texts of doubtful source up to which every combination is tried."""

AGGREGATOR = "aggregator without a source"
NOTHING_NEW = "its text or source is counted already"
REWORDED = "another wording of an entry counted already"


class Corroboration(Struct, frozen=True, kw_only=True):
    """The independent voices of a story.

    Args:
        families: how many there are; 0 while nobody but aggregators tells it.
        counted: one voice for each, the earliest, in order of time.
        discounted: every other voice with the reason, in order of time.
    """

    families: int
    counted: tuple[Voice, ...]
    discounted: tuple[tuple[Voice, str], ...]


def discount(
    candidate: Voice, counted: Sequence[Voice], others: Sequence[Voice] | None = None
) -> str:
    """Return "" when a newcomer is an independent voice, else why it is not.

    What was counted stays counted. With `others` a newcomer counts when the story has
    more voices with it than were counted so far; the cost grows with their number.
    Without, it is only held against the counted voices, and may count although a
    discounted member had its source or text before.

    Args:
        counted: the independent voices of the story so far.
        others: its discounted members, or the latest fifty.
    """
    if _is_mute(candidate):
        return AGGREGATOR
    members = (*counted, *(others or ()))
    aliases = _aliases((candidate, *members))
    if others is not None:
        whole = corroborate((*members, candidate))
        if whole.families > len(counted):
            return ""
    reason = _met(candidate, counted, aliases) or _copied(candidate, counted, members)
    if reason or others is None:
        return reason
    return _met_before(candidate, counted, others, aliases) or NOTHING_NEW


def _met(candidate: Voice, counted: Sequence[Voice], aliases: Mapping[str, str]) -> str:
    """Say which counted voice has the entry, the source or the text of a newcomer."""
    for voice in counted:
        if voice.key == candidate.key:
            return REWORDED
        if _source(voice, aliases) == _source(candidate, aliases):
            return _same_source(candidate, voice)
        if _texts(voice) & _texts(candidate):
            return _same_text(candidate, voice)
    return ""


def _copied(
    candidate: Voice, counted: Sequence[Voice], members: Sequence[Voice]
) -> str:
    """Say of what a newcomer is a copy whose original does not count itself."""
    if not counted or candidate.copy_of is None:
        return ""
    original = next((each for each in members if each.key == candidate.copy_of), None)
    if original is not None and _is_mute(original):
        return ""  # nobody knows whose text that is
    # The original is a member that was discounted, so its source is counted.
    name = original.name if original else "an entry of the story"
    return f"{_kind(candidate)} of {name}"


def _met_before(
    candidate: Voice,
    counted: Sequence[Voice],
    others: Sequence[Voice],
    aliases: Mapping[str, str],
) -> str:
    """Say who printed a text of the newcomer's source first, and is counted for it."""
    for other in others:
        if _source(other, aliases) == _source(candidate, aliases):
            for voice in counted:
                if _texts(other) & _texts(voice):
                    return f"same source as {voice.name}, which printed it first"
    return ""


def corroborate(voices: Iterable[Voice]) -> Corroboration:
    """Count the independent voices of a whole story, whatever their order.

    A voice with a text of its own never lowers the count. A copy may, when it shows
    that one source explains two texts that seemed to have two.
    """
    members = sorted(voices, key=_by_time)
    aliases = _aliases(members)
    text_of = _grouped(members)
    texts: dict[Key, list[Voice]] = {}
    for voice in members:
        texts.setdefault(text_of[voice.key], []).append(voice)
    possible = {text: _sources(told, aliases) for text, told in texts.items()}
    needed = _fewest({sources for sources in possible.values() if sources})
    first: dict[str, Voice] = {}
    for voice in members:
        source = _source(voice, aliases)
        if source in needed and source in possible[text_of[voice.key]]:
            first.setdefault(source, voice)
    counted = tuple(first.values())
    discounted = []
    for voice in members:
        if all(voice is not each for each in counted):
            text = text_of[voice.key]
            sources = sorted(possible[text] & needed)
            held = first[sources[0]] if sources else None
            reason = _reason(voice, first.get(_source(voice, aliases)), held)
            discounted.append((voice, reason))
    return Corroboration(
        families=len(counted), counted=counted, discounted=tuple(discounted)
    )


def _reason(voice: Voice, same: Voice | None, held: Voice | None) -> str:
    """Say why a voice of a whole story does not count.

    Args:
        same: the counted voice of the same source.
        held: the counted voice of the source that its text is put down to.
    """
    if _is_mute(voice):
        return AGGREGATOR
    if same is not None:
        if same.key == voice.key:
            return REWORDED
        return _same_source(voice, same)
    assert held is not None  # noqa: S101 - each text with a source is put down to one
    return _same_text(voice, held)


def _same_source(voice: Voice, counted: Voice) -> str:
    own, theirs = voice.publisher, counted.publisher
    if own.family == theirs.family:
        if own.name == theirs.name:
            return f"{voice.name} is counted already"
        return f"same family as {counted.name}"
    if own.agency and own.agency != own.family:
        agency = own.agency_name or own.agency
        if theirs.family == own.agency or normal(theirs.name) == normal(agency):
            return f"carries {agency}, counted already"
        return f"carries {agency}, as {counted.name} does"
    return f"counted already through {counted.name}, which carries it"


def _same_text(voice: Voice, counted: Voice) -> str:
    return f"{_kind(voice)} of {counted.name}"


def _kind(voice: Voice) -> str:
    return "copy" if voice.joined == "copy" else "near-copy"


def _by_time(voice: Voice) -> tuple[datetime, str, str]:
    return voice.seen_at, voice.feed, voice.entry_id


def _is_mute(voice: Voice) -> bool:
    """Say whether nobody knows whose text it is."""
    return voice.publisher.is_aggregator and not voice.publisher.agency


def _texts(voice: Voice) -> Set[Key]:
    return {voice.key, voice.copy_of} if voice.copy_of else {voice.key}


def _aliases(voices: Iterable[Voice]) -> Mapping[str, str]:
    """Lead the name of an agency that no table holds to the family of that name."""
    found: dict[str, str] = {}
    for voice in voices:
        name, family = normal(voice.publisher.name), voice.publisher.family
        if name and not voice.publisher.is_aggregator:
            found[name] = min(found.get(name, family), family)
    return found


def _source(voice: Voice, aliases: Mapping[str, str]) -> str:
    publisher = voice.publisher
    if publisher.agency and publisher.agency != publisher.family:
        return aliases.get(publisher.agency, publisher.agency)
    return publisher.family or f"feed {voice.feed}"


def _sources(voices: Iterable[Voice], aliases: Mapping[str, str]) -> frozenset[str]:
    """Return who may have written a text: agencies, where they are named."""
    told = [voice for voice in voices if not _is_mute(voice)]
    agencies = [voice for voice in told if voice.publisher.agency]
    return frozenset(_source(voice, aliases) for voice in agencies or told)


def _grouped(members: Sequence[Voice]) -> dict[Key, Key]:
    """Return for each entry one that stands for its text."""
    above: dict[Key, Key] = {}

    def top(key: Key) -> Key:
        while (up := above.setdefault(key, key)) != key:
            above[key] = above[up]
            key = up
        return key

    for voice in members:
        one, other = top(voice.key), top(voice.copy_of or voice.key)
        above[max(one, other)] = min(one, other)
    return {voice.key: top(voice.key) for voice in members}


def _fewest(texts: Set[frozenset[str]]) -> frozenset[str]:
    """Return the fewest sources that could have written all texts.

    Exact for up to a dozen texts in doubt; beyond that, the source of most texts is
    taken first (greedy set cover), which may name a few too many.
    """
    sure = frozenset(source for each in texts if len(each) == 1 for source in each)
    doubtful = sorted((each for each in texts if not each & sure), key=sorted)
    if len(doubtful) <= _MOST_TRIED:
        return sure | _smallest(doubtful)
    chosen: frozenset[str] = frozenset()
    while left := [each for each in doubtful if not each & chosen]:
        tally: dict[str, int] = {}
        for each in left:
            for source in each:
                tally[source] = tally.get(source, 0) + 1
        best = min(tally, key=lambda source: (-tally[source], source))
        chosen |= {best}
    return sure | chosen


def _smallest(texts: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return a smallest set of sources with one for each text, by exact set cover."""
    whole = (1 << len(texts)) - 1
    covers: dict[int, str] = {}
    for source in sorted(frozenset().union(*texts)):
        mask = sum(1 << at for at, each in enumerate(texts) if source in each)
        covers.setdefault(mask, source)
    best: dict[int, tuple[str, ...]] = {0: ()}
    for covered in range(whole):
        # Every larger cover is reached from this one through its first open text.
        if (chosen := best.get(covered)) is None:
            continue
        first_open = ~covered & (covered + 1)
        for mask, source in covers.items():
            if mask & first_open:
                more = (*chosen, source)
                known = best.get(covered | mask)
                if known is None or (len(more), more) < (len(known), known):
                    best[covered | mask] = more
    return frozenset(best[whole])
