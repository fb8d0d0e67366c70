"""A query, ready to run: which windows of an entry satisfy it.

Each part also says by which atoms it can be found (`anchors`): an entry that holds
none of them cannot satisfy it, so the index need not try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, cast

from msgspec import Struct
from msgspec.structs import force_setattr

from monitor.topics.anchors import Anchors, all_of, any_of, one
from monitor.topics.document import WORD_WIDTH
from monitor.topics.sentences import sentence_numbers
from monitor.topics.windows import (
    apart,
    by_sentence,
    closest,
    in_order,
    joined,
    largest,
    narrowest,
    near_any,
    together,
    two_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.topics.actors import Actors
    from monitor.topics.document import Document
    from monitor.topics.lexicon import Hits
    from monitor.topics.qualifiers import Condition
    from monitor.topics.windows import Window


class Found(Struct, frozen=True):
    """An entry and what the lexicon found in it.

    Args:
        known: the windows of the atoms asked for so far.
        actors: names who acts in a match; None to name nobody.
    """

    document: Document
    hits: Hits
    known: dict[int, list[Window]] = {}
    actors: Actors | None = None


class Part(Protocol):
    """One part of a query."""

    def windows(self, found: Found) -> list[Window]:
        """Return the windows that satisfy this part, sorted by start and by end."""
        ...

    def closest(self, found: Found) -> Window | None:
        """Return the window that spans the least text; of several, the first."""
        ...

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return by which atoms to file this part, given how common each one is."""
        ...


# Parts hold no reference back to what holds them, so the garbage collector, which
# would stop matching to look at each of a hundred thousand, may leave them alone.
class _Part(Struct, frozen=True, gc=False):
    def windows(self, found: Found) -> list[Window]:
        raise NotImplementedError

    def closest(self, found: Found) -> Window | None:
        """Return the window that spans the least text; of several, the first."""
        windows = self.windows(found)
        if len(windows) <= 1:
            return windows[0] if windows else None
        return narrowest(windows, found.document.at)


class Atom(_Part, frozen=True, gc=False):
    """A concept, or a term that stands alone."""

    number: int

    def windows(self, found: Found) -> list[Window]:
        """Return each place where it is found."""
        windows = found.known.get(self.number)
        if windows is None:
            windows = found.known[self.number] = [
                (first, last, ((first, last, self.number),))
                for first, last in found.hits.get(self.number, ())
            ]
        return windows

    def closest(self, found: Found) -> Window | None:
        """Return the window that spans the least text; of several, the first."""
        places = found.hits.get(self.number)
        if not places:
            return None
        first, last = places[0]
        # Nothing is narrower than one word.
        if first == last or len(places) == 1:
            return first, last, ((first, last, self.number),)
        return super().closest(found)

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return itself."""
        return one(self.number, costs)


class Either(_Part, frozen=True, gc=False):
    """At least one of the parts."""

    parts: tuple[Part, ...]

    def windows(self, found: Found) -> list[Window]:
        """Return the windows of all parts."""
        return largest(window for part in self.parts for window in part.windows(found))

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the anchors of every part: any of them will do."""
        return any_of([part.anchors(costs) for part in self.parts])


class Together(_Part, frozen=True, gc=False):
    """All of the parts and none of the others.

    Args:
        near: the widest distance in words; None for any.
        ordered: the parts come in this order, one after another.
        distinct: no two parts are found at places that overlap.
        one_sentence: all parts stand in one sentence.
        numbers: of the parts when all are atoms that may stand anywhere, each once, to
            save the way to them.
    """

    parts: tuple[Part, ...]
    none_of: tuple[Part, ...] = ()
    near: int | None = None
    ordered: bool = False
    distinct: bool = False
    one_sentence: bool = False
    numbers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Note the atoms, when all parts are atoms that may stand anywhere."""
        if (
            len(self.parts) > 1
            and all(isinstance(part, Atom) for part in self.parts)
            and not self._is_bound()
        ):
            atoms = cast("tuple[Atom, ...]", self.parts)
            numbers = tuple(dict.fromkeys(atom.number for atom in atoms))
            force_setattr(self, "numbers", numbers)

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
        if not self.one_sentence:
            return self._combined(lists, found.document)
        combined: list[Window] = []
        entry = found.document.entry
        sentences = sentence_numbers(entry.title, entry.summary, entry.text)
        for inside in by_sentence(lists, sentences):
            combined += self._combined(inside, found.document)
        return combined

    def closest(self, found: Found) -> Window | None:
        """Return the window that spans the least text; of several, the first."""
        if self.numbers:
            return self._closest_atoms(found)
        if self._is_bound():
            return super().closest(found)
        lists = []
        for part in self.parts:
            windows = part.windows(found)
            if not windows:
                return None
            lists.append(windows)
        if any(part.windows(found) for part in self.none_of):
            return None
        if len(lists) == 1:
            return narrowest(lists[0], found.document.at)
        return joined(closest(lists, found.document))

    def _is_bound(self) -> bool:
        """Tell whether the parts must stand in some way to each other."""
        return bool(self.near or self.ordered or self.distinct or self.one_sentence)

    def _closest_atoms(self, found: Found) -> Window | None:
        lists = []
        for number in self.numbers:
            places = found.hits.get(number)
            if not places:
                return None
            lists.append(places)
        for part in self.none_of:
            if part.windows(found):
                return None
        chosen = closest(lists, found.document)
        if len(chosen) == 2:  # noqa: PLR2004
            (first, last), (start, end) = chosen
            one, other = self.numbers
            left, right = (first, last, one), (start, end, other)
            if left < right:
                return first, max(last, end), (left, right)
            return start, max(last, end), (right, left)
        hits = [
            (first, last, number)
            for (first, last), number in zip(chosen, self.numbers, strict=True)
        ]
        hits.sort()
        return hits[0][0], max([hit[1] for hit in hits]), tuple(hits)

    def _combined(
        self, lists: Sequence[Sequence[Window]], document: Document
    ) -> list[Window]:
        limit = None if self.near is None else self.near * WORD_WIDTH
        if self.ordered:
            return in_order(lists, limit, document.at)
        if self.distinct:
            return apart(lists, limit, document.at)
        return together(lists, limit, document.at if limit else ())

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the anchors of the rarest parts."""
        return all_of([part.anchors(costs) for part in self.parts])


class TwoOf(_Part, frozen=True, gc=False):
    """Two different members of a concept.

    A word that names two of them counts; a name inside a longer name does not.

    Args:
        number: the concept, by which this is found.
        members: what it is made of.
    """

    number: int
    members: tuple[int, ...]

    def windows(self, found: Found) -> list[Window]:
        """Return the smallest windows that hold two members."""
        members: dict[tuple[int, int], list[int]] = {}
        for number in self.members:
            for place in found.hits.get(number, ()):
                members.setdefault(place, []).append(number)
        places = largest((first, last, ()) for first, last in members)
        return two_of(
            [(first, last, members[first, last]) for first, last, _ in places]
        )

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the concept."""
        return one(self.number, costs)


class InField(_Part, frozen=True, gc=False):
    """A part that the title alone, or the summary alone, must satisfy."""

    part: Part
    field: Literal["title", "summary"] = "title"

    def windows(self, found: Found) -> list[Window]:
        """Return the part's windows in the field."""
        document = found.document
        start, end = 0, document.split
        if self.field == "summary":
            start, end = end, document.page
        inside = {
            number: [place for place in places if start <= place[1] < end]
            for number, places in found.hits.items()
        }
        return self.part.windows(Found(found.document, inside))

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the part's anchors."""
        return self.part.anchors(costs)


class Away(_Part, frozen=True, gc=False):
    """A part found without the places that stand near something else.

    Args:
        unwanted: the atoms to keep away from.
        within: the distance in words at which a place no longer counts.
    """

    part: Part
    unwanted: tuple[int, ...]
    within: int

    def windows(self, found: Found) -> list[Window]:
        """Return the part's windows away from the unwanted."""
        unwanted = [
            place for number in self.unwanted for place in found.hits.get(number, ())
        ]
        if not unwanted:
            return self.part.windows(found)
        limit = self.within * WORD_WIDTH
        spoilt = near_any(unwanted, limit, found.document.at)
        away = {
            number: [place for place in places if not spoilt(place)]
            for number, places in found.hits.items()
        }
        return self.part.windows(Found(found.document, away))

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the part's anchors."""
        return self.part.anchors(costs)


class From(_Part, frozen=True, gc=False):
    """A part that counts only in entries from somewhere."""

    part: Part
    condition: Condition

    def windows(self, found: Found) -> list[Window]:
        """Return the part's windows when the entry is from there."""
        if not self.condition.holds(found.document.entry):
            return []
        return self.part.windows(found)

    def anchors(self, costs: Sequence[float]) -> Anchors:
        """Return the part's anchors."""
        return self.part.anchors(costs)
