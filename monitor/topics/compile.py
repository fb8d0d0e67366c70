"""Turn what a user wrote about topics into an index, and name every mistake in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.errors import Problem, QueryError
from monitor.topics.atoms import Atoms
from monitor.topics.concepts import Concept, resolve_concepts, unknown_concept
from monitor.topics.direction import Direction
from monitor.topics.index import TopicIndex
from monitor.topics.lexicon import Lexicon
from monitor.topics.match import Clause, Topic, noisy_or, reaches
from monitor.topics.nodes import (
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
)
from monitor.topics.plan import Atom, Either, InTitle, Part, Together
from monitor.topics.query import parse_query
from monitor.topics.terms import is_term, parse_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec

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
) -> Compiled:
    """Compile topics; report every mistake by its path in the configuration."""
    problems: list[Problem] = []
    compiler = _Compiler(resolve_concepts(concepts, problems), problems)
    compiled = [compiler.topic(topic) for topic in topics]
    ready = sorted(
        (topic for topic in compiled if topic is not None),
        key=lambda topic: topic.name,
    )
    lexicon = Lexicon(stemming=stemming)
    atoms = compiler.atoms
    atoms.fill(lexicon)
    index = TopicIndex(ready, lexicon, atoms.names, atoms.costs())
    return Compiled(index, tuple(problems))


def _problem(path: Path, error: QueryError) -> Problem:
    return Problem(path, str(error), error.hint, error.offset)


class _Compiler:
    """Compile topics one by one, collecting the mistakes of all."""

    def __init__(self, concepts: dict[str, Concept], problems: list[Problem]) -> None:
        self.atoms = Atoms(concepts)
        self._concepts = concepts
        self._problems = problems

    def topic(self, spec: TopicSpec) -> Topic | None:
        """Return the topic, or None when it holds a mistake."""
        path: Path = ("topics", spec.name)
        before = len(self._problems)
        clauses = self._clauses(spec.clauses, (*path, "clauses"))
        exclude = self._clauses(spec.exclude, (*path, "exclude"))
        directions = self._directions(spec, (*path, "direction"))
        self._check_threshold(spec, path)
        if len(self._problems) > before:
            return None
        return Topic(
            name=spec.name,
            threshold=spec.threshold,
            clauses=tuple(clauses),
            exclude=tuple(clause.part for clause in exclude),
            directions=tuple(directions),
        )

    def _check_threshold(self, spec: TopicSpec, path: Path) -> None:
        if not spec.clauses:
            self._report((*path, "clauses"), "a topic needs at least one clause")
            return
        if not 0 < spec.threshold <= 1:
            self._report(
                (*path, "threshold"),
                f"threshold {spec.threshold:g} is not above 0 and up to 1",
            )
            return
        weights = [clause.weight for clause in spec.clauses]
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
            numbers = tuple(part.number for part in found)
            directions.append(Direction(written.label, numbers))
        return directions

    def _clauses(self, specs: Iterable[ClauseSpec], path: Path) -> list[Clause]:
        clauses = []
        for place, spec in enumerate(specs):
            part = self._clause(spec, (*path, place))
            if part is not None:
                clauses.append(Clause(part, spec.weight))
        return clauses

    def _clause(self, spec: ClauseSpec, path: Path) -> Part | None:
        if not 0 < spec.weight <= 1:
            self._report(
                (*path, "weight"), f"weight {spec.weight:g} is not above 0 and up to 1"
            )
        if spec.query and (spec.all or spec.any):
            self._report(path, "a clause takes either a query or all and any")
            return None
        if spec.query:
            return self._query(spec, path)
        if not spec.all and not spec.any:
            self._report(path, "the clause is empty", "write all, any or query")
            return None
        wanted: list[Part] = list(self._items(spec.all, (*path, "all")))
        choices = self._items(spec.any, (*path, "any"))
        if choices:
            wanted.append(Either(tuple(choices)))
        self._check_near(spec, path)
        return Together(tuple(wanted), near=spec.near) if wanted else None

    def _check_near(self, spec: ClauseSpec, path: Path) -> None:
        if spec.near is None:
            return
        if spec.near < 1:
            self._report((*path, "near"), f"near {spec.near} is not 1 or more")
        elif len(spec.all) + bool(spec.any) < len(("this", "that")):
            self._report(
                (*path, "near"),
                "near needs two things to be near each other",
                "add to all, or leave near out",
            )

    def _query(self, spec: ClauseSpec, path: Path) -> Part | None:
        where = (*path, "query")
        if spec.near is not None:
            self._report(
                (*path, "near"),
                "near belongs to all and any",
                f"write NEAR/{spec.near} in the query",
            )
        try:
            node = parse_query(spec.query)
        except QueryError as error:
            self._problems.append(_problem(where, error))
            return None
        return self._part(node, where)

    def _part(self, node: Node, path: Path) -> Part:
        match node:
            case TermNode(term):
                return Atom(self.atoms.of_term(term))
            case ConceptNode(name, offset):
                return self._concept(name, path, offset)
            case OrNode(parts):
                return Either(tuple(self._part(part, path) for part in parts))
            case AndNode(parts, none_of):
                return Together(
                    tuple(self._part(part, path) for part in parts),
                    tuple(self._part(part, path) for part in none_of),
                )
            case NearNode(parts, distance, ordered):
                inner = tuple(self._part(part, path) for part in parts)
                return Together(inner, near=distance, ordered=ordered)
            case FieldNode(_, part):
                return InTitle(self._part(part, path))

    def _items(self, items: Sequence[str], path: Path) -> list[Atom]:
        """Return an atom per item of a list of concepts and terms."""
        atoms = []
        for place, item in enumerate(items):
            where = (*path, place)
            if not is_term(item):
                atoms.append(self._concept(item, where, 0))
                continue
            try:
                atoms.append(Atom(self.atoms.of_term(parse_term(item))))
            except QueryError as error:
                self._problems.append(_problem(where, error))
        return atoms

    def _concept(self, name: str, path: Path, offset: int) -> Atom:
        if name in self._concepts:
            return Atom(self.atoms.of_concept(name))
        problem = unknown_concept(name, path, self._concepts, offset)
        if "did you mean" not in problem.hint:
            problem = replace(
                problem, hint=f"for the words themselves write '\"{name}\"'"
            )
        self._problems.append(problem)
        return Atom(-1)

    def _report(self, path: Path, message: str, hint: str = "") -> None:
        self._problems.append(Problem(path, message, hint))
