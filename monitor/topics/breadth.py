"""Hold topics against items: which terms are everywhere, which topics say the same.

Owns the limits and the counting. Where items come from is for the caller.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.errors import Problem
from monitor.text import is_cjk
from monitor.topics.compile import compile_topics
from monitor.topics.lint import Finding, written_terms
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.model import Entry

FEWEST = 5
"""Items in which something must be found before its share says anything."""

FEWEST_SWALLOWED = 3
"""Matches that a topic needs before another can be said to swallow it."""


class Limits(Struct, frozen=True, kw_only=True):
    """From where on something is too broad.

    Args:
        share: of the items of its script, above which a term or concept is warned of,
            from 0 to 1.
        per_thousand: items of a thousand, above which a topic is a finding.
    """

    share: float = 0.25
    per_thousand: float = 20.0


def breadth(
    concepts: Sequence[ConceptSpec],
    topics: Sequence[TopicSpec],
    sample: Sequence[Entry],
    *,
    limits: Limits,
    own: Iterable[str],
    stemming: bool = True,
) -> list[Finding]:
    """Return the terms, concepts and topics that a sample of items shows too broad.

    Args:
        concepts: all of them, also those of packs.
        topics: the topics to judge.
        sample: any items; a day of news does well.
        limits: from where on something is too broad.
        own: the concepts to judge.
        stemming: as in the configuration.
    """
    named = set(own)
    judged = [spec for spec in concepts if spec.name in named]
    return [
        *_terms(concepts, judged, sample, limits.share, stemming=stemming),
        *_topics(concepts, topics, sample, limits.per_thousand, stemming=stemming),
    ]


def _terms(
    concepts: Sequence[ConceptSpec],
    judged: Sequence[ConceptSpec],
    sample: Sequence[Entry],
    share: float,
    *,
    stemming: bool,
) -> Iterator[Finding]:
    """Count every term and concept by giving each a topic of its own."""
    terms = [written for spec in judged for written in written_terms(spec)]
    alone = [
        ConceptSpec(name=f"term {number}", terms={"any": (written.text,)})
        for number, written in enumerate(terms)
    ]
    counts, sizes = _count(
        [*concepts, *alone],
        [_probe(spec.name) for spec in (*judged, *alone)],
        sample,
        stemming=stemming,
    )
    blamed = set()
    for spec, written in zip(alone, terms, strict=True):
        if told := _too_often(counts[spec.name], sizes, share):
            blamed.add(written.concept)
            message = f'term "{written.text}" is found in {told}'
            hint = "make it narrower, or leave it to a clause with near"
            yield Finding("warning", Problem(written.path, message, hint))
    for spec in judged:
        told = _too_often(counts[spec.name], sizes, share)
        if told and spec.name not in blamed:
            path = ("concepts", spec.name)
            hint = "part it, or ask for more beside it"
            yield Finding(
                "warning", Problem(path, f"it is found in {told}", hint, on_key=True)
            )


def _probe(concept: str) -> TopicSpec:
    return TopicSpec(name=concept, clauses=(ClauseSpec(any=(concept,)),))


def _count(
    concepts: Sequence[ConceptSpec],
    topics: Sequence[TopicSpec],
    sample: Sequence[Entry],
    *,
    stemming: bool,
) -> tuple[Mapping[str, Counter[bool]], Counter[bool]]:
    """Return matches per topic, and items, with and without CJK characters."""
    index = compile_topics(concepts, topics, stemming=stemming).index
    counts: dict[str, Counter[bool]] = defaultdict(Counter)
    sizes: Counter[bool] = Counter()
    for entry in sample:
        script = any(map(is_cjk, entry.title))
        sizes[script] += 1
        for match in index.match(entry):
            counts[match.topic][script] += 1
    return counts, sizes


def _too_often(found: Counter[bool], sizes: Counter[bool], share: float) -> str:
    """Say in how many items of a script something is found, if in too many."""
    for script, count in sorted(found.items()):
        if count >= FEWEST and count > share * sizes[script]:
            percent = 100 * count / sizes[script]
            kind = "CJK items" if script else "items"
            return f"{count} of {sizes[script]} {kind} of the sample ({percent:.0f} %)"
    return ""


def _topics(
    concepts: Sequence[ConceptSpec],
    topics: Sequence[TopicSpec],
    sample: Sequence[Entry],
    per_thousand: float,
    *,
    stemming: bool,
) -> Iterator[Finding]:
    counts, sizes = _count(concepts, topics, sample, stemming=stemming)
    size = sizes.total()
    for topic in topics:
        found = counts[topic.name].total()
        if found >= FEWEST and 1000 * found > per_thousand * size:
            message = (
                f"it matches {found} of {size} items of the sample, "
                f"{1000 * found / size:.0f} in a thousand"
            )
            hint = "bring its concepts nearer together, or ask for another one"
            yield Finding(
                "finding", Problem(("topics", topic.name), message, hint, on_key=True)
            )


def swallowed(
    topics: Sequence[str], matched: Iterable[Iterable[str]]
) -> Iterator[Finding]:
    """Yield the topics that match wherever another one does.

    Args:
        topics: their names, in the order of the file.
        matched: for each item looked at, the topics it matches.
    """
    alone: Counter[str] = Counter()
    shared: Counter[tuple[str, str]] = Counter()
    for names in matched:
        here = sorted(set(names))
        alone.update(here)
        shared.update((one, other) for one in here for other in here if one != other)
    for one in topics:
        for other in topics:
            count = shared[(one, other)]
            if count < FEWEST_SWALLOWED or count < alone[one]:
                continue
            is_same = alone[other] == count
            if is_same and topics.index(other) > topics.index(one):
                continue  # told once, at the later of the two
            yield _swallow(one, other, count, is_same=is_same)


def _swallow(one: str, other: str, count: int, *, is_same: bool) -> Finding:
    too = ", and nowhere else" if is_same else ""
    return Finding(
        "warning",
        Problem(
            ("topics", one),
            f'topic "{other}" matches wherever it does{too} ({count} items)',
            "make one of them narrower, or one topic of both",
            on_key=True,
        ),
    )
