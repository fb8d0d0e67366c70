"""A query, ready to run: which windows of an entry satisfy it.

Each part also says by which atoms it can be found (`anchors`): an entry that holds
none of them cannot satisfy it, so the index need not try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from monitor.topics.document import WORD_WIDTH
from monitor.topics.windows import in_order, largest, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.topics.document import Document
    from monitor.topics.lexicon import Hits
    from monitor.topics.windows import Window


class Found(Struct, frozen=True):
    """An entry and what the lexicon found in it."""

    document: Document
    hits: Hits


class Anchors(Struct, frozen=True):
    """Atoms of which an entry must hold at least one, and how many entries may."""

    cost: float
    atoms: frozenset[int]


class Part(Protocol):
    """One part of a query."""

    def windows(self, found: Found) -> list[Window]:
        """Return the windows that satisfy this part, sorted by start and by end."""
        ...

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return by which atoms to file this part, given how common each one is."""
        ...


class Atom(Struct, frozen=True):
    """A concept, or a term that stands alone."""

    number: int

    def windows(self, found: Found) -> list[Window]:
        """Return each place where it is found."""
        return [
            (first, last, ((first, last, self.number),))
            for first, last in found.hits.get(self.number, ())
        ]

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return itself."""
        return Anchors(costs[self.number], frozenset((self.number,)))


class Either(Struct, frozen=True):
    """At least one of the parts."""

    parts: tuple[Part, ...]

    def windows(self, found: Found) -> list[Window]:
        """Return the windows of all parts."""
        return largest(window for part in self.parts for window in part.windows(found))

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the anchors of every part: any of them will do."""
        each = [part.anchors(costs) for part in self.parts]
        return Anchors(
            sum(anchors.cost for anchors in each),
            frozenset().union(*(anchors.atoms for anchors in each)),
        )


class Together(Struct, frozen=True):
    """All of the parts and none of the others.

    Args:
        near: the widest distance in words; None for any.
        ordered: the two parts must come in this order.
    """

    parts: tuple[Part, ...]
    none_of: tuple[Part, ...] = ()
    near: int | None = None
    ordered: bool = False

    def windows(self, found: Found) -> list[Window]:
        """Return the smallest windows that hold all parts."""
        lists = []
        for part in self.parts:
            windows = part.windows(found)
            if not windows:
                return []
            lists.append(windows)
        if any(part.windows(found) for part in self.none_of):
            return []
        limit = None if self.near is None else self.near * WORD_WIDTH
        if self.ordered and limit is not None:
            return in_order(lists[0], lists[1], limit, found.document.at)
        return together(lists, limit, found.document.at)

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the anchors of the rarest part."""
        each = (part.anchors(costs) for part in self.parts)
        return min(each, key=lambda anchors: anchors.cost)


class InTitle(Struct, frozen=True):
    """A part that the title alone must satisfy."""

    part: Part

    def windows(self, found: Found) -> list[Window]:
        """Return the part's windows in the title."""
        split = found.document.split
        title = {
            number: [place for place in places if place[1] < split]
            for number, places in found.hits.items()
        }
        return self.part.windows(Found(found.document, title))

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the part's anchors."""
        return self.part.anchors(costs)
