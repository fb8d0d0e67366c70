"""Turn clauses and queries into parts of a plan, and name every mistake in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from monitor.errors import Problem, QueryError
from monitor.topics.concepts import Concept, unknown_concept
from monitor.topics.nodes import (
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
    children,
    is_qualifier,
)
from monitor.topics.plan import (
    Atom,
    Away,
    Either,
    From,
    InField,
    Part,
    Together,
    TwoOf,
)
from monitor.topics.qualifiers import condition
from monitor.topics.query import parse_query
from monitor.topics.sense import Sense
from monitor.topics.spec import NOT_WITHIN
from monitor.topics.terms import is_term, parse_term

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.topics.atoms import Atoms
    from monitor.topics.spec import ConditionSpec

Path = tuple[str | int, ...]

MOST_DISTINCT = 8
"""Things that one clause may require at distinct places; the work doubles with each."""


class ClauseCompiler:
    """Compile clauses one by one, collecting the mistakes of all.

    Args:
        concepts: the concepts by name.
        atoms: numbers what clauses look for.
        sense: judges queries.
        problems: where mistakes go.
    """

    def __init__(
        self,
        concepts: Mapping[str, Concept],
        atoms: Atoms,
        sense: Sense,
        problems: list[Problem],
    ) -> None:
        self._concepts = concepts
        self._atoms = atoms
        self._sense = sense
        self._problems = problems

    def compile(self, spec: ConditionSpec, path: Path) -> tuple[Part, Node] | None:
        """Return what satisfies a clause, and what it asks for; None for a mistake."""
        if spec.query:
            return self._query(spec, path)
        if not spec.all and not spec.any:
            self._report(path, "the clause is empty", "write all, any or query")
            return None
        return self._together(spec, path)

    def items(self, items: Sequence[str], path: Path) -> list[tuple[Atom, Node]]:
        """Return an atom per item of a list of concepts and terms."""
        found: list[tuple[Atom, Node]] = []
        for place, item in enumerate(items):
            node = self._item(item, (*path, place))
            if node is not None:
                found.append((self._atom(node), node))
        return found

    def _item(self, item: str, path: Path) -> TermNode | ConceptNode | None:
        if not is_term(item):
            return ConceptNode(item) if self._is_known(item, path, 0) else None
        try:
            return TermNode(parse_term(item))
        except QueryError as error:
            self._problems.append(problem_at(path, error))
            return None

    def _atom(self, node: TermNode | ConceptNode) -> Atom:
        if isinstance(node, TermNode):
            return Atom(self._atoms.of_term(node.term))
        return Atom(self._atoms.of_concept(node.name))

    def _together(self, spec: ConditionSpec, path: Path) -> tuple[Part, Node] | None:
        self._check_numbers(spec, path)
        wanted = self.items(spec.all, (*path, "all"))
        choices = self.items(spec.any, (*path, "any"))
        parts: list[Part] = [part for part, _ in wanted]
        nodes = [node for _, node in wanted]
        if choices:
            parts.append(Either(tuple(part for part, _ in choices)))
            nodes.append(OrNode(tuple(node for _, node in choices)))
        parts += self._two_of(spec, (*path, "require_distinct"))
        unwanted = self.items(spec.not_near, (*path, "not_near"))
        if not nodes:
            return None
        part: Part = Together(
            tuple(parts),
            near=spec.near,
            ordered=spec.ordered,
            distinct=spec.require_distinct is True,
            one_sentence=spec.same_sentence,
        )
        if unwanted:
            numbers = tuple(atom.number for atom, _ in unwanted)
            within = NOT_WITHIN if spec.not_within is None else spec.not_within
            part = Away(part, numbers, within)
        return part, _asked(nodes, spec)

    def _two_of(self, spec: ConditionSpec, path: Path) -> list[Part]:
        if isinstance(spec.require_distinct, bool):
            return []
        found: list[Part] = []
        for place, name in enumerate(spec.require_distinct):
            where = (*path, place)
            if is_term(name):
                self._report(
                    where, f"{name} is a term and has no members", "name a concept"
                )
            elif self._is_known(name, where, 0):
                found.append(self._members(name, where))
        return found

    def _members(self, name: str, path: Path) -> TwoOf:
        members = self._concepts[name].members
        if len(members) < len(("this", "that")):
            self._report(
                path,
                f'concept "{name}" has no two members',
                "name one that takes in others, or lists several terms",
            )
        numbers = [
            self._atoms.of_concept(member)
            if isinstance(member, str)
            else self._atoms.of_term(member)
            for member in members
        ]
        return TwoOf(self._atoms.of_concept(name), tuple(numbers))

    def _check_numbers(self, spec: ConditionSpec, path: Path) -> None:
        things = len(spec.all) + bool(spec.any)
        if not isinstance(spec.require_distinct, bool):
            things += len(spec.require_distinct)
        if spec.near is not None and spec.near < 1:
            self._report((*path, "near"), f"near {spec.near} is not 1 or more")
        for key, meaning, given in (
            ("near", "near each other", spec.near is not None),
            ("ordered", "in order", spec.ordered),
            ("require_distinct", "told apart", spec.require_distinct is True),
        ):
            if given and things < len(("this", "that")):
                self._report(
                    (*path, key),
                    f"{key} needs two things to be {meaning}",
                    f"add to all, or leave {key} out",
                )
        if spec.require_distinct is True and things > MOST_DISTINCT:
            self._report(
                (*path, "require_distinct"),
                f"require_distinct can tell apart {MOST_DISTINCT} things, not {things}",
                "split the clause",
            )
        if spec.not_within is not None and not spec.not_near:
            self._report(
                (*path, "not_within"),
                "not_within says how near, and not_near is missing",
                "add not_near: [concepts]",
            )

    def _query(self, spec: ConditionSpec, path: Path) -> tuple[Part, Node] | None:
        where = (*path, "query")
        if spec.all or spec.any:
            self._report(path, "a clause takes either a query or all and any")
            return None
        self._refuse_beside_query(spec, path)
        try:
            node = parse_query(spec.query)
        except QueryError as error:
            self._problems.append(problem_at(where, error))
            return None
        before = len(self._problems)
        self._problems += [
            problem_at(where, error) for error in self._sense.mistakes(node)
        ]
        self._check_concepts(node, where)
        return None if len(self._problems) > before else (self._part(node), node)

    def _refuse_beside_query(self, spec: ConditionSpec, path: Path) -> None:
        instead = {
            "near": f"write NEAR/{spec.near} in the query",
            "ordered": "write ONEAR/10 in the query",
        }
        for key in (
            "near",
            "ordered",
            "same_sentence",
            "not_near",
            "not_within",
            "require_distinct",
        ):
            if getattr(spec, key) not in (None, False, ()):
                hint = instead.get(key, "write all and any instead of the query")
                self._report((*path, key), f"{key} belongs to all and any", hint)

    def _check_concepts(self, node: Node, path: Path) -> None:
        if isinstance(node, ConceptNode):
            self._is_known(node.name, path, node.offset)
        for part in children(node):
            self._check_concepts(part, path)

    def _part(self, node: Node) -> Part:
        match node:
            case TermNode() | ConceptNode():
                return self._atom(node)
            case OrNode(parts):
                return Either(tuple(map(self._part, parts)))
            case AndNode():
                return self._and(node)
            case NearNode(parts, distance, ordered):
                inner = tuple(map(self._part, parts))
                return Together(inner, near=distance, ordered=ordered)
            case FieldNode(field, part):
                name = cast('Literal["title", "summary"]', field)
                return InField(self._part(part), name)

    def _and(self, node: AndNode) -> Part:
        part: Part = Together(
            tuple(self._part(part) for part in node.parts if not is_qualifier(part)),
            tuple(self._part(part) for part in node.none_of if not is_qualifier(part)),
        )
        where = AndNode(
            tuple(filter(is_qualifier, node.parts)),
            tuple(filter(is_qualifier, node.none_of)),
        )
        return From(part, condition(where)) if children(where) else part

    def _is_known(self, name: str, path: Path, offset: int) -> bool:
        if name in self._concepts:
            return True
        problem = unknown_concept(name, path, self._concepts, offset)
        if "did you mean" not in problem.hint:
            hint = f"for the words themselves write '\"{name}\"'"
            problem = replace(problem, hint=hint)
        self._problems.append(problem)
        return False

    def _report(self, path: Path, message: str, hint: str = "") -> None:
        self._problems.append(Problem(path, message, hint))


def _asked(nodes: Sequence[Node], spec: ConditionSpec) -> Node:
    """Return as a query what a clause asks for at the least."""
    if len(nodes) == 1:
        return nodes[0]
    if spec.near is None and not spec.ordered:
        return AndNode(tuple(nodes))
    return NearNode(tuple(nodes), spec.near, spec.ordered)


def problem_at(path: Path, error: QueryError) -> Problem:
    """Return the problem of a term or query at a path."""
    return Problem(path, str(error), error.hint, error.offset)
