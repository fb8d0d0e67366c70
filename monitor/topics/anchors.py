"""Choose by which atoms a part of a query is filed.

An anchor is a pair of atoms that must both be there: the rarest that the part asks for,
and the second rarest. Most candidates that have the one lack the other, and finding
that out costs one look-up; only the rest are held against their positions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair: TypeAlias = tuple[int, int]
"""Two atoms to be found both, the rarer first; one atom twice when it is enough."""

# Pairing two lists of alternatives multiplies them; more is not worth its memory.
_MOST_PAIRS = 12


class Anchors(Struct, frozen=True):
    """Pairs of atoms of which an entry must hold one, and how many entries may."""

    cost: float
    pairs: frozenset[Pair]


def one(atom: int, costs: Sequence[float]) -> Anchors:
    """Return the anchors of an atom."""
    return Anchors(costs[atom], frozenset(((atom, atom),)))


def any_of(each: Sequence[Anchors]) -> Anchors:
    """Return the anchors of alternatives: those of all."""
    return Anchors(
        sum(anchors.cost for anchors in each),
        frozenset().union(*(anchors.pairs for anchors in each)),
    )


def all_of(each: Sequence[Anchors]) -> Anchors:
    """Return the anchors of parts that must all be there: of the two rarest."""
    rarest, *others = sorted(each, key=lambda anchors: anchors.cost)
    if not others:
        return rarest
    second = others[0]
    pairs = frozenset(
        (first, other if first == again else again)
        for first, again in rarest.pairs
        for other in {other for other, _ in second.pairs}
    )
    if len(pairs) > max(_MOST_PAIRS, len(rarest.pairs)):
        return rarest
    return Anchors(rarest.cost, pairs)
