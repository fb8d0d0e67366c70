"""Turn what a user wrote about topics into an index, and name every mistake in it."""

from __future__ import annotations

from difflib import get_close_matches
from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.errors import Problem
from monitor.topics.atoms import Atoms
from monitor.topics.cast import Cast
from monitor.topics.changes import Written, changes_between
from monitor.topics.clauses import ClauseCompiler
from monitor.topics.concepts import Concept, resolve_concepts, unknown_concept
from monitor.topics.direction import Direction
from monitor.topics.index import Shelf, TopicIndex
from monitor.topics.match import (
    Clause,
    Exclusion,
    Topic,
    boosted,
    noisy_or,
    reaches,
)
from monitor.topics.sense import Sense

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.topics.nodes import Node
    from monitor.topics.spec import ConceptSpec, ExclusionSpec, TopicSpec

Path = tuple[str | int, ...]


class Compiled(Struct, frozen=True):
    """The index of the topics that compiled, and what is wrong with the others."""

    index: TopicIndex
    problems: tuple[Problem, ...]


def compile_topics(
    concepts: Sequence[ConceptSpec],
    topics: Sequence[TopicSpec],
    *,
    stemming: bool = True,
    running: TopicIndex | None = None,
    packs: Sequence[ConceptSpec] = (),
) -> Compiled:
    """Compile topics; report every mistake by its path in the configuration.

    Args:
        stemming: compare English words by their stems.
        running: an index to change; topics that it holds as they are written now are
            taken over. It may go on matching meanwhile, in another thread.
    """
    problems: list[Problem] = []
    resolved = resolve_concepts(concepts, problems)
    base = running
    if base is None or base.is_worn or base.shelf.stemming != stemming:
        base = TopicIndex(Shelf(Atoms(), stemming=stemming))
    written = Written.of(topics, resolved)
    changes = changes_between(base.written, written, topics)
    compiler = _Compiler(base.shelf, resolved, problems)
    compiled = {spec.name: compiler.topic(spec) for spec in changes.compile}
    broken = {name for name, topic in compiled.items() if topic is None}
    for name in broken:
        del written.topics[name]
    ready = [topic for topic in compiled.values() if topic is not None]
    cast = _cast(packs, resolved, topics, stemming=stemming)
    if running is not None and cast is not None and running.cast is not None:
        # What was compiled for it goes on serving.
        cast = running.cast if running.cast.is_like(cast) else cast
    index = base.with_changes(ready, changes.remove | broken, written, cast)
    return Compiled(index, tuple(problems))


def _cast(
    packs: Sequence[ConceptSpec],
    concepts: Mapping[str, Concept],
    topics: Sequence[TopicSpec],
    *,
    stemming: bool,
) -> Cast | None:
    if not packs:
        return None
    named = {name for topic in topics if topic.actors for name in topic.actors}
    known = {spec.name for spec in packs}
    more = {
        name: concepts[name]
        for name in sorted(named - known)
        if name in concepts and not name.endswith("/any")
    }
    return Cast(packs, more, stemming=stemming)


class _Compiler:
    """Compile topics one by one, collecting the mistakes of all."""

    def __init__(
        self, shelf: Shelf, concepts: dict[str, Concept], problems: list[Problem]
    ) -> None:
        shelf.atoms.use(concepts)
        self._sense = Sense(concepts, stemming=shelf.stemming)
        clauses = ClauseCompiler(concepts, shelf.atoms, self._sense, problems)
        self._compile = clauses.compile
        self._items = clauses.items
        self._problems = problems
        self._concepts = concepts

    def topic(self, spec: TopicSpec) -> Topic | None:
        """Return the topic, or None when it holds a mistake."""
        path: Path = ("topics", spec.name)
        before = len(self._problems)
        clauses = self._clauses(spec, path)
        exclude = self._exclusions(spec, [node for _, node in clauses], path)
        directions = self._directions(spec, (*path, "direction"))
        self._check_threshold(spec, path)
        self._check_actors(spec, (*path, "actors"))
        self._check_lifecycle(spec, (*path, "lifecycle"))
        if len(self._problems) > before:
            return None
        return Topic(
            name=spec.name,
            threshold=spec.threshold,
            clauses=tuple(clause for clause, _ in clauses),
            exclude=tuple(exclude),
            directions=tuple(directions),
            title_boost=spec.title_boost,
            actors=spec.actors,
        )

    def _check_actors(self, spec: TopicSpec, path: Path) -> None:
        for place, name in enumerate(spec.actors or ()):
            if name not in self._concepts:
                self._problems.append(
                    unknown_concept(name, (*path, place), self._concepts)
                )

    def _check_lifecycle(self, spec: TopicSpec, path: Path) -> None:
        known = sorted({each.label for each in spec.direction})
        for label in spec.lifecycle:
            if label not in known:
                near = get_close_matches(label, known, n=1)
                hint = f'did you mean "{near[0]}"?' if near else "add it to direction"
                self._report(
                    (*path, label), f'the topic has no direction "{label}"', hint
                )

    def _check_threshold(self, spec: TopicSpec, path: Path) -> None:
        if not 1 <= spec.title_boost < inf:
            self._report(
                (*path, "title_boost"),
                f"title_boost {spec.title_boost:g} is not 1 or more",
            )
            return
        if not spec.clauses:
            self._report((*path, "clauses"), "a topic needs at least one clause")
            return
        if not 0 < spec.threshold <= 1:
            self._report(
                (*path, "threshold"),
                f"threshold {spec.threshold:g} is not above 0 and up to 1",
            )
            return
        weights = [boosted(clause.weight, spec.title_boost) for clause in spec.clauses]
        best = noisy_or(weights)
        if all(0 < weight <= 1 for weight in weights) and not reaches(
            best, spec.threshold
        ):
            self._report(
                (*path, "threshold"),
                f"threshold {spec.threshold:g} is out of reach: all clauses together "
                f"give {best:.2f}",
                "lower the threshold or raise the weights",
            )

    def _directions(self, spec: TopicSpec, path: Path) -> list[Direction]:
        directions: list[Direction] = []
        cued: set[str] = set()
        for place, written in enumerate(spec.direction):
            where = (*path, place, written.label)
            # The label that always holds may repeat one that also has cues.
            if written.label in cued and written.cues:
                self._report(
                    where,
                    f'direction "{written.label}" is written twice',
                    "put its cues into one list",
                )
            if not written.cues and written is not spec.direction[-1]:
                self._report(
                    where,
                    f'direction "{written.label}" has no cues, so it always holds',
                    "put it last",
                )
            cued.add(written.label)
            found = self._items(written.cues, where)
            numbers = tuple(atom.number for atom, _ in found)
            directions.append(Direction(written.label, numbers))
        return directions

    def _clauses(self, spec: TopicSpec, path: Path) -> list[tuple[Clause, Node]]:
        clauses = []
        for place, written in enumerate(spec.clauses):
            where = (*path, "clauses", place)
            self._check_weight(written.weight, where)
            found = self._compile(written, where)
            if found is not None:
                clauses.append((Clause(found[0], written.weight), found[1]))
        return clauses

    def _exclusions(
        self, spec: TopicSpec, asked: Sequence[Node], path: Path
    ) -> list[Exclusion]:
        exclusions = []
        for place, written in enumerate(spec.exclude):
            where = (*path, "exclude", place)
            self._check_exclusion(written, where)
            found = self._compile(written, where)
            if found is None:
                continue
            exclusions.append(Exclusion(found[0], written.weight))
            if written.weight is None and _is_plain(written):
                self._check_possible(asked, found[1], where)
        return exclusions

    def _check_exclusion(self, spec: ExclusionSpec, path: Path) -> None:
        if spec.weight is not None:
            self._check_weight(spec.weight, path)
            if spec.veto:
                self._report(
                    (*path, "veto"),
                    "a veto forbids the match, so a weight has no use beside it",
                    "keep one of them",
                )
        elif spec.veto is False:
            self._report(
                (*path, "veto"),
                "without a veto the exclusion needs a weight",
                'add "weight: 0.5" to take away half of the score',
            )

    def _check_possible(
        self, asked: Sequence[Node], unwanted: Node, path: Path
    ) -> None:
        """Report an exclusion that forbids whatever a clause asks for."""
        for number, node in enumerate(asked):
            if self._sense.says(node, unwanted):
                self._report(
                    path,
                    f"clause {number} can never match: this forbids what it asks for",
                    "take it out, or make it narrower",
                )

    def _check_weight(self, weight: float, path: Path) -> None:
        if not 0 < weight <= 1:
            self._report(
                (*path, "weight"), f"weight {weight:g} is not above 0 and up to 1"
            )

    def _report(self, path: Path, message: str, hint: str = "") -> None:
        self._problems.append(Problem(path, message, hint))


def _is_plain(spec: ExclusionSpec) -> bool:
    """Tell whether an exclusion asks for no more than its items and their distance."""
    return not (spec.same_sentence or spec.not_near or spec.require_distinct)
