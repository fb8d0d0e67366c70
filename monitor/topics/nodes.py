"""The parts of a query, as read and before anything is looked up.

Every part knows where it stood in the text (`offset`, in characters), so that a later
mistake can be shown at its place.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from monitor.topics.terms import Term

TEXT_FIELDS = ("title", "summary")
"""Fields in which words stand."""

QUALIFIERS = ("source", "lang", "feed")
"""Fields that say where an entry is from; what they hold is no evidence."""


class TermNode(Struct, frozen=True):
    """A term of its own."""

    term: Term
    offset: int = 0


class ConceptNode(Struct, frozen=True):
    """A concept, by name."""

    name: str
    offset: int = 0


class AndNode(Struct, frozen=True):
    """All of these, and none of those."""

    parts: tuple[Node, ...]
    none_of: tuple[Node, ...] = ()
    offset: int = 0


class OrNode(Struct, frozen=True):
    """At least one of these."""

    parts: tuple[Node, ...]
    offset: int = 0


class NearNode(Struct, frozen=True):
    """All of these within `distance` words, in this order if `ordered`.

    Args:
        distance: the widest distance, in words; None for any.
    """

    parts: tuple[Node, ...]
    distance: int | None
    ordered: bool = False
    offset: int = 0


class FieldNode(Struct, frozen=True):
    """A query that must be satisfied inside one field of the entry."""

    field: str
    part: Node
    offset: int = 0


Node: TypeAlias = TermNode | ConceptNode | AndNode | OrNode | NearNode | FieldNode


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a part, those that must not be there last."""
    match node:
        case AndNode(parts, none_of):
            return (*parts, *none_of)
        case OrNode(parts) | NearNode(parts):
            return parts
        case FieldNode(_, part):
            return (part,)
    return ()


def bare(node: Node) -> Node:
    """Return a part without its places, to compare it with another."""
    match node:
        case AndNode(parts, none_of):
            return AndNode(tuple(map(bare, parts)), tuple(map(bare, none_of)))
        case OrNode(parts):
            return OrNode(tuple(map(bare, parts)))
        case NearNode(parts, distance, ordered):
            return NearNode(tuple(map(bare, parts)), distance, ordered)
        case FieldNode(field, part):
            return FieldNode(field, bare(part))
    return replace(node, offset=0)


def is_qualifier(node: Node) -> bool:
    """Tell whether a part speaks only of where an entry is from."""
    match node:
        case FieldNode(field):
            return field in QUALIFIERS
        case AndNode() | OrNode():
            return all(map(is_qualifier, children(node)))
    return False
