"""Find queries that cannot be meant: that never match, or that match whatever is read.

Only what is certain is named. `Sense` reasons about what one part says of another
(`"pull out"` says `pull`, `title:a` says `a`), never about how words are used.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.text import stem
from monitor.topics.nodes import (
    QUALIFIERS,
    TEXT_FIELDS,
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
    bare,
    children,
    is_qualifier,
)
from monitor.topics.printer import print_query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.topics.concepts import Concept
    from monitor.topics.terms import Term

_LONGEST_LANGUAGE = 3
_SHOWN = 60


class Sense:
    """Judge queries.

    Args:
        concepts: the concepts by name.
        stemming: whether words are compared by their stems.
    """

    def __init__(self, concepts: Mapping[str, Concept], *, stemming: bool) -> None:
        self._concepts = concepts
        self._stemming = stemming
        self._known: dict[tuple[int, int], bool] = {}

    def mistakes(self, node: Node) -> Iterator[QueryError]:
        """Yield what is wrong with a whole query, each with its place and a remedy."""
        if is_qualifier(node):
            yield QueryError(
                f'"{_shown(node)}" would match every entry from there',
                offset=node.offset,
                hint="add a term to find in the text, with AND",
            )
        yield from self._inside(node, "")

    def says(self, node: Node, other: Node) -> bool:
        """Tell whether whatever satisfies `node` certainly satisfies `other`."""
        self._known.clear()
        return self._surely(node, other)

    def _surely(self, node: Node, other: Node) -> bool:
        # Without a memory, groups inside groups would be compared over and over.
        key = (id(node), id(other))
        if key not in self._known:
            self._known[key] = self._says(node, other)
        return self._known[key]

    def _says(self, node: Node, other: Node) -> bool:
        if _same(node, other):
            return True
        if isinstance(other, OrNode) and any(
            self._surely(node, part) for part in other.parts
        ):
            return True
        if isinstance(other, AndNode) and not other.none_of:
            return all(self._surely(node, part) for part in other.parts)
        return self._part_says(node, other)

    def _part_says(self, node: Node, other: Node) -> bool:
        match node:
            case OrNode(parts):
                return all(self._surely(part, other) for part in parts)
            case AndNode(parts) | NearNode(parts):
                return _is_nearer(node, other) or any(
                    self._surely(part, other) for part in parts
                )
            case FieldNode(field, part):
                return self._field_says(field, part, other)
        return self._terms_say(node, other)

    def _field_says(self, field: str, part: Node, other: Node) -> bool:
        if isinstance(other, FieldNode):
            return field == other.field and self._surely(part, other.part)
        # What the title does not hold, the summary may.
        return field in TEXT_FIELDS and not _denies(other) and self._surely(part, other)

    def _terms_say(self, node: Node, other: Node) -> bool:
        """Compare what are terms or concepts."""
        match node, other:
            case TermNode(term), TermNode(wanted):
                return self._term_says(term, wanted)
            case TermNode(term), ConceptNode(name):
                concept = self._concepts.get(name)
                # An exception might cancel the very place.
                return (
                    concept is not None
                    and not concept.excepted
                    and any(self._term_says(term, wanted) for wanted in concept.terms)
                )
            case ConceptNode(name), _:
                concept = self._concepts.get(name)
                return concept is not None and all(
                    self._terms_say(TermNode(term), other) for term in concept.terms
                )
        return False

    def _term_says(self, term: Term, wanted: Term) -> bool:
        if term == wanted:
            return True
        if wanted.exact is not None:
            return term.exact is not None and _holds(term.exact, wanted.exact)
        if not wanted.prefix:
            words = term.words[:-1] if term.prefix else term.words
            return _holds(self._stems(words), self._stems(wanted.words))
        return self._says_beginning(term, wanted)

    def _says_beginning(self, term: Term, wanted: Term) -> bool:
        """Compare with a term of any ending: letters count there, not stems."""
        *before, start = wanted.words
        surely = term.exact is not None or not self._stemming
        size = len(wanted.words)
        for at in range(len(term.words) - size + 1):
            *head, last = term.words[at : at + size]
            by_letters = surely or (term.prefix and at + size == len(term.words))
            if not by_letters or not last.startswith(start):
                continue
            if self._stems(tuple(head)) == self._stems(tuple(before)):
                return True
        return False

    def _stems(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(stem, words)) if self._stemming else words

    def _inside(self, node: Node, field: str) -> Iterator[QueryError]:
        """Yield what is wrong with a part that stands in a field, "" for none."""
        match node:
            case FieldNode():
                yield from self._field(node, field)
                return
            case OrNode(parts):
                yield from _mixed(parts)
            case NearNode():
                yield from _distance(node)
            case AndNode():
                yield from self._contradictions(node)
        if field in QUALIFIERS and isinstance(node, NearNode | ConceptNode):
            yield QueryError(
                f'"{field}:" takes names, not "{_shown(node)}"',
                offset=node.offset,
                hint=f'write "{field}:name" or "{field}:(one OR other)"',
            )
            return
        if field == "lang" and isinstance(node, TermNode):
            yield from _language(node)
        for part in children(node):
            yield from self._inside(part, field)

    def _field(self, node: FieldNode, around: str) -> Iterator[QueryError]:
        if around:
            yield QueryError(
                f'"{node.field}:" stands inside "{around}:"',
                offset=node.offset,
                hint="put one beside the other, with AND",
            )
            return
        yield from self._inside(node.part, node.field)

    def _contradictions(self, node: AndNode) -> Iterator[QueryError]:
        if all(map(is_qualifier, node.parts)) and not is_qualifier(node):
            yield QueryError(
                f'"{_shown(node)}" asks for nothing that must stand in the text',
                offset=node.offset,
                hint="add a term to find there, with AND, inside the same brackets",
            )
        for unwanted in node.none_of:
            if any(self.says(part, unwanted) for part in node.parts):
                yield QueryError(
                    f'this can never match: it asks for "{_shown(unwanted)}" and '
                    "forbids it",
                    offset=unwanted.offset,
                    hint="take it out, or make it narrower",
                )
        for field in ("lang", "feed"):
            yield from self._two_values(node, field)

    def _two_values(self, node: AndNode, field: str) -> Iterator[QueryError]:
        """An entry has one feed and one language."""
        values = [
            part
            for part in node.parts
            if isinstance(part, FieldNode)
            and part.field == field
            and isinstance(part.part, TermNode)
            and not part.part.term.prefix
        ]
        for first, second in pairwise(values):
            one, other = _words(first), _words(second)
            shorter = min(len(one), len(other)) if field == "lang" else None
            if one[:shorter] != other[:shorter]:
                yield QueryError(
                    f'this can never match: "{_shown(first)}" and "{_shown(second)}" '
                    "exclude each other",
                    offset=second.offset,
                    hint="write OR between them, in brackets",
                )


def _words(node: FieldNode) -> tuple[str, ...]:
    return node.part.term.words if isinstance(node.part, TermNode) else ()


def _is_nearer(node: Node, other: Node) -> bool:
    """Tell whether the same parts stand at least as near."""
    return (
        isinstance(node, NearNode)
        and isinstance(other, NearNode)
        and len(node.parts) == len(other.parts)
        and all(map(_same, node.parts, other.parts))
        and (
            other.distance is None
            or (node.distance or other.distance + 1) <= other.distance
        )
        and (node.ordered or not other.ordered)
    )


def _same(one: Node, other: Node) -> bool:
    return type(one) is type(other) and bare(one) == bare(other)


def _denies(node: Node) -> bool:
    """Tell whether a part asks for something not to be there."""
    return (isinstance(node, AndNode) and bool(node.none_of)) or any(
        map(_denies, children(node))
    )


def _holds(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Tell whether a run of words stands in another."""
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def _mixed(parts: tuple[Node, ...]) -> Iterator[QueryError]:
    """Find a qualifier that is an alternative to words."""
    where = [part for part in parts if is_qualifier(part)]
    if where and len(where) < len(parts):
        yield QueryError(
            f'OR puts "{_shown(where[0])}" beside words, so it would match every '
            "entry from there",
            offset=where[0].offset,
            hint="join it to terms with AND, inside brackets",
        )


def _distance(node: NearNode) -> Iterator[QueryError]:
    name = "ONEAR" if node.ordered else "NEAR"
    for part in node.parts:
        if is_qualifier(part):
            yield QueryError(
                f'"{_shown(part)}" has no place in the text to be near to',
                offset=part.offset,
                hint=f"join it with AND instead of {name}",
            )
    first, last = node.parts[0], node.parts[-1]
    if not node.ordered and _same(first, last):
        yield QueryError(
            f'both sides of NEAR are "{_shown(first)}", so it always holds',
            offset=last.offset,
            hint="write ONEAR for one after another, or change a side",
        )
    if node.ordered and _field_of(first) == "summary" and _field_of(last) == "title":
        yield QueryError(
            "this can never match: the title comes before the summary",
            offset=first.offset,
            hint='put "title:" first, or write NEAR',
        )


def _field_of(node: Node) -> str:
    return node.field if isinstance(node, FieldNode) else ""


def _language(node: TermNode) -> Iterator[QueryError]:
    first = node.term.words[0]
    if len(first) > _LONGEST_LANGUAGE or not first.isascii():
        yield QueryError(
            f'"{first}" is no language',
            offset=node.offset,
            hint='write its code, such as "lang:en" or "lang:zh-Hant"',
        )


def _shown(node: Node) -> str:
    text = print_query(node)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
