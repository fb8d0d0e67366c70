"""The parts of a query, as read and before anything is looked up.

Every part knows where it stood in the text (`offset`, in characters), so that a later
mistake can be shown at its place.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from monitor.topics.terms import Term


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
