"""Hold an entry against one topic: which clauses hold, the score, the evidence.

The score is a noisy-or: each satisfied clause is a witness that is wrong with
probability `1 - weight`, independently of the others (Pearl, Probabilistic Reasoning
in Intelligent Systems, 1988, section 4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct
from msgspec.structs import force_setattr

from monitor.model import Match
from monitor.topics.actors import NOBODY, Told
from monitor.topics.direction import Direct, Direction, direction_of
from monitor.topics.plan import Found, Part
from monitor.topics.windows import narrowest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Span
    from monitor.topics.document import Document
    from monitor.topics.windows import Hit, Window

# Weights are decimal fractions; 1 - (1 - 0.5)(1 - 0.5) must reach a threshold of 0.75.
_ROUNDING = 1e-9

_NOWHERE = Direct("")


class Clause(Struct, frozen=True, gc=False):
    """One way to satisfy a topic, and how much it says."""

    part: Part
    weight: float


class Exclusion(Struct, frozen=True, gc=False):
    """What speaks against a topic.

    Args:
        weight: the share of the score it takes away; None to forbid the match.
    """

    part: Part
    weight: float | None = None


class Topic(Struct, frozen=True, gc=False):
    """A topic, ready to be matched.

    Args:
        title_boost: what a clause's weight is multiplied by, up to a weight of 1, when
            the title alone satisfies it.
        only: the one part that decides, as in most topics, noted to save the way to it;
            None when more than that must be looked at.
        actors: who counts as one that acts, by concept; None for all of the packs.
    """

    name: str
    threshold: float
    clauses: tuple[Clause, ...]
    exclude: tuple[Exclusion, ...] = ()
    directions: tuple[Direction, ...] = ()
    title_boost: float = 1.0
    only: Part | None = None
    actors: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Note the one part that decides."""
        is_plain = (
            len(self.clauses) == 1
            and not self.exclude
            and not self.directions
            and self.title_boost == 1.0
            and self.clauses[0].weight == 1.0
        )
        if is_plain:
            force_setattr(self, "only", self.clauses[0].part)


def noisy_or(weights: Iterable[float]) -> float:
    """Return the chance that at least one of some independent witnesses is right."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1.0 - weight
    return round(1.0 - doubt, 6)


def reaches(score: float, threshold: float) -> bool:
    """Tell whether a score is enough."""
    return score >= threshold - _ROUNDING


def match_topic(
    topic: Topic, numbers: Iterable[int], found: Found, concepts: Sequence[str]
) -> Match | None:
    """Return the match of an entry with a topic, if it is one.

    Args:
        topic: what to match.
        numbers: the clauses that may hold; the others certainly do not.
        found: the entry and what was found in it.
        concepts: the concept's name for each atom, "" for a term.
    """
    if topic.only is not None:
        return _match_one(topic, topic.only, found, concepts)
    document = found.document
    evidence, weights = _evidence(topic, numbers, found)
    if not evidence:
        return None
    score = noisy_or(weights)
    if topic.exclude and reaches(score, topic.threshold):
        score = lowered(score, topic.exclude, found)
    if not reaches(score, topic.threshold):
        return None
    direct, told = _direct(topic, evidence, found)
    cue = direct.cue
    spans: list[Span] = []
    for number, window in evidence:
        spans += document.spans(window[2], number, concepts)
    return Match(
        topic=topic.name,
        score=score,
        direction=direct.label,
        cue=UNSET if cue is None else document.span(cue[0], cue[1], concepts[cue[2]]),
        spans=tuple(spans),
        entry=document.entry,
        actors=told.actors,
        act=told.act,
    )


def _evidence(
    topic: Topic, numbers: Iterable[int], found: Found
) -> tuple[list[tuple[int, Window]], list[float]]:
    """Return the clauses that hold with the window of each, and what they weigh."""
    evidence: list[tuple[int, Window]] = []
    weights = []
    for number in sorted(numbers):
        clause = topic.clauses[number]
        if topic.title_boost == 1.0:
            window, weight = clause.part.closest(found), clause.weight
        else:
            window, weight = _boosted(clause, topic.title_boost, found)
        if window is not None:
            evidence.append((number, window))
            weights.append(weight)
    return evidence, weights


def _match_one(
    topic: Topic, part: Part, found: Found, concepts: Sequence[str]
) -> Match | None:
    window = part.closest(found)
    if window is None:
        return None
    document = found.document
    spans = tuple(document.spans(window[2], 0, concepts))
    told = _tell(topic, sorted(window[2]), _NOWHERE, found)
    return Match(
        topic=topic.name,
        score=1.0,
        spans=spans,
        entry=document.entry,
        actors=told.actors,
        act=told.act,
    )


def _boosted(clause: Clause, boost: float, found: Found) -> tuple[Window | None, float]:
    """Return the window to show, if a clause holds, and what it weighs with a boost."""
    windows = clause.part.windows(found)
    if not windows:
        return None, 0.0
    window, earned = best_window(windows, boost, found.document)
    return window, boosted(clause.weight, earned)


def _direct(
    topic: Topic, evidence: Sequence[tuple[int, Window]], found: Found
) -> tuple[Direct, Told]:
    """Return where things move, and who moves them."""
    if not topic.directions and found.actors is None:
        return _NOWHERE, NOBODY
    hits = sorted({hit for _, window in evidence for hit in window[2]})
    direct = direction_of(topic.directions, hits, found.document, found.hits)
    return direct, _tell(topic, hits, direct, found)


def _tell(topic: Topic, hits: Sequence[Hit], direct: Direct, found: Found) -> Told:
    if found.actors is None:
        return NOBODY
    return found.actors.tell(found.document.entry, topic.actors, hits, direct)


def boosted(weight: float, boost: float) -> float:
    """Return the weight of a clause that the title satisfies."""
    return min(1.0, weight * boost)


def best_window(
    windows: Sequence[Window], boost: float, document: Document
) -> tuple[Window, float]:
    """Return the window to show and the boost it earns; with a boost, the title's."""
    if boost > 1.0:
        title = [window for window in windows if window[1] < document.split]
        if title:
            return narrowest(title, document.at), boost
    return narrowest(windows, document.at), 1.0


def lowered(score: float, exclude: Sequence[Exclusion], found: Found) -> float:
    """Return what is left of a score after all exclusions that hold."""
    for exclusion in exclude:
        if exclusion.part.windows(found):
            if exclusion.weight is None:
                return 0.0
            score *= 1.0 - exclusion.weight
    return round(score, 6)
