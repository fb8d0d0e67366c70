"""Resolve what concepts say of each other: the terms of each, and its exceptions.

A concept may take in another by naming it as a term, `$other`, and gets the other's
terms and exceptions with it. Mistakes are collected; what is left still resolves.
"""

from __future__ import annotations

from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.errors import Problem, QueryError
from monitor.topics.terms import Term, parse_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.topics.spec import ConceptSpec

Path = tuple[str | int, ...]


class Concept(Struct, frozen=True):
    """One idea, resolved.

    Args:
        terms: its own terms and those of the concepts it takes in.
        excepted: terms within which none of the others counts.
        members: what it is made of: concepts by name, and its own terms.
    """

    terms: tuple[Term, ...]
    excepted: tuple[Term, ...] = ()
    members: tuple[str | Term, ...] = ()


class _Written(Struct):
    """A concept with its terms read, before it is resolved.

    `terms` and `excepted` hold the names of other concepts with the path of each.
    """

    terms: list[Term | tuple[str, Path]]
    excepted: list[Term | tuple[str, Path]]

    def named(self) -> list[tuple[str, Path]]:
        """Return the concepts it names."""
        both = (*self.terms, *self.excepted)
        return [item for item in both if not isinstance(item, Term)]

    def forget(self, lost: tuple[str, Path]) -> None:
        """Take a concept out that cannot be resolved."""
        self.terms = [item for item in self.terms if item != lost]
        self.excepted = [item for item in self.excepted if item != lost]


def resolve_concepts(
    specs: Sequence[ConceptSpec], problems: list[Problem]
) -> dict[str, Concept]:
    """Return every concept by name; add what is wrong with them to `problems`."""
    written = {spec.name: _read(spec, problems) for spec in specs}
    for concept in written.values():
        for item in concept.named():
            if item[0] not in written:
                problems.append(unknown_concept(item[0], item[1], written))
                concept.forget(item)
    order = _in_order(written, problems)
    resolved: dict[str, Concept] = {}
    for name in order:
        resolved[name] = _resolve(written[name], resolved)
    return {name: resolved[name] for name in written}


def unknown_concept(
    name: str, path: Path, known: Iterable[str], offset: int = 0
) -> Problem:
    """Return the problem of a name that no concept bears."""
    near = get_close_matches(name, list(known), n=1)
    hint = f'did you mean "{near[0]}"?' if near else "add it under concepts"
    return Problem(path, f'no concept named "{name}"', hint, offset)


def _read(spec: ConceptSpec, problems: list[Problem]) -> _Written:
    path = ("concepts", spec.name)
    terms: list[Term | tuple[str, Path]] = []
    for language, texts in spec.terms.items():
        terms += _items(texts, (*path, language), problems)
    if not any(spec.terms.values()):
        problems.append(
            Problem(
                path,
                f'concept "{spec.name}" has no terms',
                'write some, such as "en: [word, two words]"',
            )
        )
    return _Written(terms, list(_items(spec.excepted, (*path, "except"), problems)))


def _items(
    texts: Sequence[str], path: Path, problems: list[Problem]
) -> Iterator[Term | tuple[str, Path]]:
    for place, text in enumerate(texts):
        where = (*path, place)
        if text.startswith("$"):
            yield text[1:], where
            continue
        try:
            yield parse_term(text)
        except QueryError as error:
            problems.append(Problem(where, str(error), error.hint, error.offset))


def _in_order(written: dict[str, _Written], problems: list[Problem]) -> list[str]:
    """Return the names, each after those it takes in; break up and report cycles."""
    while True:
        graph = {
            name: {inner for inner, _ in concept.named()}
            for name, concept in written.items()
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            # Each name in this list is taken in by the one after it.
            cycle = list(reversed(error.args[1]))
            _break(cycle, written, problems)


def _break(
    cycle: list[str], written: dict[str, _Written], problems: list[Problem]
) -> None:
    """Report a cycle once, from its alphabetically first concept, and open it there."""
    start = cycle.index(min(cycle))
    names = [*cycle[start:-1], *cycle[:start], cycle[start]]
    concept = written[names[0]]
    for item in concept.named():
        if item[0] == names[1]:
            concept.forget(item)
            problems.append(
                Problem(
                    item[1],
                    f'concept "{names[0]}" takes itself in: ' + " > ".join(names),
                    f'remove "${names[1]}" here, or a later one of these',
                )
            )


def _resolve(concept: _Written, resolved: dict[str, Concept]) -> Concept:
    excepted = [
        *_flat(concept.excepted, resolved),
        *(
            term
            for item in concept.terms
            if not isinstance(item, Term)
            for term in resolved[item[0]].excepted
        ),
    ]
    members = [item if isinstance(item, Term) else item[0] for item in concept.terms]
    return Concept(
        terms=tuple(dict.fromkeys(_flat(concept.terms, resolved))),
        excepted=tuple(dict.fromkeys(excepted)),
        members=tuple(dict.fromkeys(members)),
    )


def _flat(
    items: Iterable[Term | tuple[str, Path]], resolved: dict[str, Concept]
) -> Iterator[Term]:
    for item in items:
        if isinstance(item, Term):
            yield item
        else:
            yield from resolved[item[0]].terms
