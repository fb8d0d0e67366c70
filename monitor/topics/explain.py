"""Say why an entry matched a topic, or which clause failed and by how much.

Every clause is evaluated, without the index, so topics are explained of which the entry
holds nothing. What is missing is found by asking the parts of the plan again with one
demand less; this is slow, and apart from matching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType, structs

from monitor.model import Span
from monitor.topics.match import (
    best_window,
    boosted,
    lowered,
    match_topic,
    noisy_or,
    reaches,
)
from monitor.topics.missing import Gap, Missing

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.model import Entry
    from monitor.topics.document import Document
    from monitor.topics.index import TopicIndex
    from monitor.topics.match import Clause, Topic
    from monitor.topics.plan import Found
    from monitor.topics.windows import Window


class ClauseReport(Struct, frozen=True, kw_only=True):
    """What became of one clause.

    Args:
        clause: its position in the topic, from 0.
        query: what it asks for, as a query.
        weight: what it says when it holds, with the title's boost when it earned it.
        contribution: how much lower the score would be without it.
        found: the share of what it asks for that was found, 0 to 1.
        text: the smallest piece of the entry that satisfies it.
        spans: what was found there.
        missing: what keeps it from holding.
    """

    clause: int
    query: str
    is_satisfied: bool
    weight: float
    contribution: float = 0.0
    found: float = 1.0
    text: str = ""
    spans: tuple[Span, ...] = ()
    missing: tuple[Gap, ...] = ()


class ExclusionReport(Struct, frozen=True, kw_only=True):
    """An exclusion that held.

    Args:
        exclusion: its position in the topic, from 0.
        query: what it forbids, as a query.
        weight: the share of the score it took away; 1 when it forbade the match.
        text: the piece of the entry that it found.
    """

    exclusion: int
    query: str
    weight: float
    text: str


class TopicReport(Struct, frozen=True, kw_only=True):
    """What became of one topic.

    Args:
        score: what the clauses say, less what the exclusions took away.
        unlowered: what the clauses say.
        short_by: how much the score falls short of the threshold; 0 for a match.
        confidence: the score in one word; "" without a match.
        direction: as in a match.
        cue: as in a match.
        actors: as in a match.
        act: as in a match.
        clauses: those that hold first, then the closest.
        exclusions: those that held.
    """

    topic: str
    is_match: bool
    score: float
    unlowered: float
    threshold: float
    short_by: float
    confidence: str = ""
    direction: str = ""
    cue: Span | UnsetType = UNSET
    actors: tuple[str, ...] = ()
    act: str = ""
    clauses: tuple[ClauseReport, ...]
    exclusions: tuple[ExclusionReport, ...] = ()


def explain(
    index: TopicIndex, entry: Entry, names: Collection[str] = ()
) -> list[TopicReport]:
    """Return what became of each topic: matches, then the excluded, then the nearest.

    Args:
        index: holds the topics.
        entry: what to hold against them.
        names: the topics to explain; empty for all.
    """
    found = index.find(entry)
    reports = [
        _Explainer(index, found).topic(topic)
        for topic in index.topics
        if not names or topic.name in names
    ]
    return sorted(reports, key=_nearness)


def scores_of(index: TopicIndex, entry: Entry) -> dict[str, float]:
    """Return the score of every topic, 0 where no clause holds, by name."""
    found = index.find(entry)
    scores = {}
    for topic in index.topics:
        weights = [
            boosted(
                clause.weight,
                best_window(windows, topic.title_boost, found.document)[1],
            )
            for clause in topic.clauses
            if (windows := clause.part.windows(found))
        ]
        scores[topic.name] = lowered(noisy_or(weights), topic.exclude, found)
    return scores


def _nearness(report: TopicReport) -> tuple[bool, float, float, str]:
    best = max((clause.found for clause in report.clauses), default=0.0)
    missing = max(report.threshold - report.unlowered, 0.0)
    return (not report.is_match, missing, -best, report.topic)


class _Explainer:
    def __init__(self, index: TopicIndex, found: Found) -> None:
        self._concepts = index.concepts
        self._found = found
        self._missing = Missing(index.label, found)

    def topic(self, topic: Topic) -> TopicReport:
        held = [
            (number, clause, *best_window(windows, topic.title_boost, self._document))
            for number, clause in enumerate(topic.clauses)
            if (windows := clause.part.windows(self._found))
        ]
        weights = {
            number: boosted(clause.weight, boost) for number, clause, _, boost in held
        }
        said = noisy_or(weights.values())
        score = lowered(said, topic.exclude, self._found)
        is_match = bool(held) and reaches(score, topic.threshold)
        clauses = [
            self._satisfied(number, clause, window, weights)
            for number, clause, window, _ in held
        ] + [
            self._unsatisfied(number, clause)
            for number, clause in enumerate(topic.clauses)
            if number not in weights
        ]
        report = TopicReport(
            topic=topic.name,
            is_match=is_match,
            score=score,
            unlowered=said,
            threshold=topic.threshold,
            short_by=0.0 if is_match else round(topic.threshold - score, 6),
            clauses=tuple(sorted(clauses, key=_order)),
            exclusions=self._exclusions(topic),
        )
        match = match_topic(topic, weights, self._found, self._concepts)
        if match is None:
            return report
        return structs.replace(
            report,
            confidence=match.confidence,
            direction=match.direction,
            cue=match.cue,
            actors=match.actors,
            act=match.act,
        )

    @property
    def _document(self) -> Document:
        return self._found.document

    def _satisfied(
        self, number: int, clause: Clause, window: Window, weights: dict[int, float]
    ) -> ClauseReport:
        others = (weight for other, weight in weights.items() if other != number)
        return ClauseReport(
            clause=number,
            query=self._missing.query(clause.part),
            is_satisfied=True,
            weight=weights[number],
            contribution=round(noisy_or(weights.values()) - noisy_or(others), 6),
            text=self._text(window),
            spans=tuple(
                self._document.span(first, last, self._concepts[atom], number)
                for first, last, atom in window[2]
            ),
        )

    def _unsatisfied(self, number: int, clause: Clause) -> ClauseReport:
        return ClauseReport(
            clause=number,
            query=self._missing.query(clause.part),
            is_satisfied=False,
            weight=clause.weight,
            found=round(self._missing.share(clause.part), 2),
            missing=tuple(self._missing.gaps(clause.part)),
        )

    def _exclusions(self, topic: Topic) -> tuple[ExclusionReport, ...]:
        return tuple(
            ExclusionReport(
                exclusion=number,
                query=self._missing.query(exclusion.part),
                weight=1.0 if exclusion.weight is None else exclusion.weight,
                text=self._text(best_window(windows, 1.0, self._document)[0]),
            )
            for number, exclusion in enumerate(topic.exclude)
            if (windows := exclusion.part.windows(self._found))
        )

    def _text(self, window: Window) -> str:
        """Return the text of a window; " … " stands where another field begins."""
        first, last, _ = window
        document = self._document
        starts = [0, document.split + 1]
        ends = [document.split - 1, document.page - 1]
        if document.text is not None:
            starts.append(document.page + 1)
            ends.append(last)
        pieces = [
            document.span(max(first, start), min(last, end), "").quote
            for start, end in zip(starts, ends, strict=True)
            if max(first, start) <= min(last, end)
        ]
        return " … ".join(pieces)


def _order(report: ClauseReport) -> tuple[bool, float, float, int]:
    return (
        not report.is_satisfied,
        -report.found,
        -report.weight,
        report.clause,
    )
