"""Tell where things move: the direction whose cues stand near the evidence.

Each cue within reach is read (`cues`): as a fact, denied, ended, only possible, or as
what went before. The best one decides: title before summary, the clause of the evidence
before others, what is told before what it followed upon; among equals the direction
written first. A direction without cues holds when no such cue is found; cues that tell
of the past come last of all.

The product's own labels know their opposites: progress that is denied is a setback, an
action that is only possible is a threat. Other labels have none; a denied cue of
theirs does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.topics.cues import Reader
from monitor.topics.document import WORD_WIDTH
from monitor.topics.reading import PAST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.topics.document import Document
    from monitor.topics.lexicon import Hits
    from monitor.topics.reading import Sense
    from monitor.topics.windows import Hit

REACH = 25
"""A cue further than this many words from all evidence speaks of something else."""

_TURNED: Mapping[Sense, Mapping[str, str]] = {
    "denied": {"progress": "setback", "setback": "progress", "resolution": "action"},
    "ended": {
        "progress": "setback",
        "setback": "progress",
        "resolution": "action",
        "action": "resolution",
    },
    "possible": {"action": "threat"},
}


class Direction(Struct, frozen=True, gc=False):
    """A label and the atoms that signal it; none for a label that always holds."""

    label: str
    cues: tuple[int, ...] = ()


class Direct(Struct, frozen=True):
    """A direction, and the cue that decided it: atom, first and last word."""

    label: str
    cue: Hit | None = None


class _Signal(Struct, frozen=True, order=True):
    """A cue, as it counts: the smaller, the better."""

    depth: int
    is_summary: bool
    is_apart: bool
    place: int
    first: int
    last: int
    atom: int
    label: str
    turned_by: tuple[int, ...]


def direction_of(
    directions: Sequence[Direction],
    evidence: Sequence[Hit],
    document: Document,
    hits: Hits,
) -> Direct:
    """Return the direction that holds, with its cue; label "" for none."""
    if not directions:
        return Direct("")
    signals = list(_signals(directions, evidence, document, hits))
    # A cue that only turns another, as "ending" does in "ending a freeze", is no news.
    turning = {at for signal in signals for at in signal.turned_by}
    best = min((each for each in signals if each.last not in turning), default=None)
    always = next((each.label for each in directions if not each.cues), "")
    if best is None or (always and best.depth == PAST):
        return Direct(always)
    return Direct(best.label, (best.first, best.last, best.atom))


def _signals(
    directions: Sequence[Direction],
    evidence: Sequence[Hit],
    document: Document,
    hits: Hits,
) -> Iterator[_Signal]:
    reader = Reader(document)
    places = {each.label: place for place, each in reversed([*enumerate(directions)])}
    starts = {
        each.label: {first for cue in each.cues for first, _ in hits.get(cue, ())}
        for each in directions
    }
    for direction in directions:
        others: set[int] = set().union(
            *(found for label, found in starts.items() if label != direction.label)
        )
        for cue in direction.cues:
            for first, last in hits.get(cue, ()):
                if not _is_near(first, last, evidence, document.at):
                    continue
                reading = reader.read(first, last, others)
                label = _label(direction.label, reading.sense, places)
                if label:
                    yield _Signal(
                        depth=reading.depth,
                        is_summary=last > document.split,
                        is_apart=all(
                            reader.is_apart(first, hit[0]) for hit in evidence
                        ),
                        place=places[label],
                        first=first,
                        last=last,
                        atom=cue,
                        label=label,
                        turned_by=reading.turned_by,
                    )


def _label(label: str, sense: Sense, known: Mapping[str, int]) -> str:
    """Return which label a cue of `label` speaks for in that sense; "" for none."""
    turned = _TURNED.get(sense, {}).get(label, "")
    if turned in known:
        return turned
    return label if sense in ("said", "possible") else ""


def _is_near(first: int, last: int, evidence: Sequence[Hit], at: Sequence[int]) -> bool:
    return any(
        at[max(first, hit[0])] - at[min(last, hit[1])] <= REACH * WORD_WIDTH
        for hit in evidence
    )
