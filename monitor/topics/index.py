"""Match an entry against many topics while looking at few of them.

Every clause is filed under the rarest atoms that it requires, with the next rarest
beside them. The atoms found in an entry therefore name the few clauses that may hold;
only those are evaluated.

An index never changes: `with_changes` returns another, to be put in its place. The two
share a shelf, to which the second adds and of which each sees its own topics, so a
change costs what it adds and not what was there.
"""

from __future__ import annotations

from array import array
from functools import cached_property
from itertools import chain, compress, islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, TypeAlias

from monitor.topics.actors import Actors
from monitor.topics.changes import Written
from monitor.topics.lexicon import Lexicon, Reader
from monitor.topics.match import Topic, match_topic
from monitor.topics.near import is_near
from monitor.topics.plan import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.model import Entry, Match
    from monitor.topics.atoms import Atoms
    from monitor.topics.cast import Cast
    from monitor.topics.lexicon import Hits

_Filed: TypeAlias = tuple["array[int]", "array[int]"]
"""The clauses filed under an atom, and for each which atom must also be there.

A clause is written as `slot << _CLAUSE_BITS | number`."""

_CLAUSE_BITS = 16
_CLAUSE_MASK = (1 << _CLAUSE_BITS) - 1

_NOTHING_FILED: _Filed = (array("Q"), array("L"))

# Slots of topics that are gone are given up once they outnumber the others by this.
_WASTE = 1000

# Topics filed at once: enough to put most of an atom's together, and few enough to need
# little memory on the way.
_BATCH = 2000

MOST_LOOKED_AT = 2_000
"""Clauses looked at for one entry when near matches are sought."""

_by_topic = attrgetter("topic")
_by_name = attrgetter("name")
_clauses, _others = itemgetter(0), itemgetter(1)


class Shelf:
    """The terms and the filed clauses that the states of an index share.

    It only grows, and in an order that lets a thread match while another adds: terms
    before the clauses that ask for them, and both before any state that shows them.
    Only one thread at a time may add.

    Args:
        atoms: numbers all terms and concepts.
        stemming: whether English words are compared by their stems.
    """

    def __init__(self, atoms: Atoms, *, stemming: bool) -> None:
        self.atoms = atoms
        self.stemming = stemming
        self.lexicon = Lexicon(stemming=stemming)
        self.filed: dict[int, _Filed] = {}
        self.slots = 0

    def file(self, topics: Iterable[Topic]) -> dict[int, Topic]:
        """File topics, and return them by the slots they were given."""
        self.atoms.fill(self.lexicon)
        costs = self.atoms.costs()
        placed = dict(enumerate(topics, self.slots))
        slots = iter(placed.items())
        while batch := list(islice(slots, _BATCH)):
            self._file(batch, costs)
        self.slots += len(placed)
        return placed

    def _file(self, batch: list[tuple[int, Topic]], costs: Sequence[float]) -> None:
        new: dict[int, list[tuple[int, int]]] = {}
        for slot, topic in batch:
            for number, clause in enumerate(topic.clauses):
                written = slot << _CLAUSE_BITS | number
                for atom, other in clause.part.anchors(costs).pairs:
                    new.setdefault(atom, []).append((written, other))
        for atom, pairs in new.items():
            clauses, others = self.filed.get(atom, _NOTHING_FILED)
            # Never changed in place: a thread may be looking at it.
            self.filed[atom] = (
                clauses + array("Q", [clause for clause, _ in pairs]),
                others + array("L", [other for _, other in pairs]),
            )


class TopicIndex:
    """All topics of a configuration, ready to match entries.

    Meant for one thread: it remembers words between entries.

    Args:
        shelf: where the topics are filed.
        topics: the topics by slot.
        written: what they were compiled from.
        cast: who may act in a match; None to name nobody.
    """

    def __init__(
        self,
        shelf: Shelf,
        topics: Mapping[int, Topic] | None = None,
        written: Written | None = None,
        cast: Cast | None = None,
    ) -> None:
        self.shelf = shelf
        self.cast = cast
        self._actors = None if cast is None else Actors(cast)
        self.written = written or Written()
        self._topics = topics or {}
        self._reader = Reader(shelf.lexicon)

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """Return the topics, in order of name."""
        return tuple(sorted(self._topics.values(), key=_by_name))

    @property
    def concepts(self) -> Sequence[str]:
        """Return the concept's name for each atom, "" for a term."""
        return self.shelf.atoms.names

    def label(self, atom: int) -> str:
        """Return how an atom is written in a query, for explanations."""
        return self.shelf.atoms.label(atom)

    @property
    def is_worn(self) -> bool:
        """Tell whether so much was changed that it is better built anew."""
        return self.shelf.slots > 2 * len(self._topics) + _WASTE

    def with_changes(
        self,
        added: Iterable[Topic],
        removed: Iterable[str] = (),
        written: Written | None = None,
        cast: Cast | None = None,
    ) -> TopicIndex:
        """Return an index with some topics more and some fewer; this one stays.

        Args:
            added: topics compiled with the shelf's atoms; one whose name is there
                already takes its place.
            removed: names of topics to leave out.
            written: what all its topics were compiled from.
            cast: who may act in a match.
        """
        added = list(added)
        gone = {*removed, *(topic.name for topic in added)}
        kept = {
            slot: topic
            for slot, topic in self._topics.items()
            if topic.name not in gone
        }
        kept.update(self.shelf.file(added))
        return TopicIndex(self.shelf, kept, written, cast)

    def find(self, entry: Entry) -> Found:
        """Return an entry and what all topics look for in it."""
        document = self._reader.read(entry)
        hits = self._reader.find(document)
        return Found(document, hits, actors=self._actors)

    def match(
        self,
        entry: Entry,
        on_error: Callable[[str, Exception], None] | None = None,
    ) -> list[Match]:
        """Return a match per topic that the entry satisfies, in order of topic name.

        A topic that raises is passed to `on_error` with its name; the others go on.
        """
        if not self._topics:
            return []
        found = self.find(entry)
        concepts = self.shelf.atoms.names
        matches = []
        for slot, numbers in self._candidates(found.hits).items():
            topic = self._topics.get(slot)
            if topic is None:
                continue  # filed for another state of the index
            try:
                match = match_topic(topic, numbers, found, concepts)
            except Exception as error:
                # Whatever one topic does, its neighbours must still be matched.
                if on_error is not None:
                    on_error(topic.name, error)
                continue
            if match is not None:
                matches.append(match)
        matches.sort(key=_by_topic)
        return matches

    def near(self, entry: Entry) -> list[str]:
        """Return the topics that an entry nearly matched, in order of name.

        What that means stands in `monitor.topics.near`. Only clauses are looked at of
        which the rarest thing they ask for was found, and no more than
        `MOST_LOOKED_AT`, so the work does not grow with the number of topics.
        """
        found = self.find(entry)
        concepts = self.shelf.atoms.names
        near = []
        for slot, numbers in self._anchored(found.hits).items():
            topic = self._topics.get(slot)
            if topic is None:
                continue
            try:
                if match_topic(topic, numbers, found, concepts) is not None:
                    continue
                if is_near(topic, numbers, found):
                    near.append(topic.name)
            except Exception:  # noqa: S112 - told when the entry was matched
                continue
        return sorted(near)

    def _anchored(self, hits: Hits) -> dict[int, tuple[int, ...]]:
        """Return by slot the clauses whose rarest atom was found."""
        filed_under = self.shelf.filed
        # In one order, so that the limit cuts the same way each time.
        atoms = sorted(filed_under.keys() & hits.keys())
        clauses = chain.from_iterable(filed_under[atom][0] for atom in atoms)
        found: dict[int, dict[int, None]] = {}
        for clause in islice(clauses, MOST_LOOKED_AT):
            numbers = found.setdefault(clause >> _CLAUSE_BITS, {})
            numbers[clause & _CLAUSE_MASK] = None
        return {slot: tuple(numbers) for slot, numbers in found.items()}

    def _candidates(self, hits: Hits) -> dict[int, tuple[int, ...]]:
        """Return by slot the clauses that may hold."""
        filed_under = self.shelf.filed
        filed = [filed_under[atom] for atom in filed_under.keys() & hits.keys()]
        clauses = chain.from_iterable(map(_clauses, filed))
        others = chain.from_iterable(map(_others, filed))
        candidates: dict[int, tuple[int, ...]] = {}
        for clause in compress(clauses, map(hits.__contains__, others)):
            slot = clause >> _CLAUSE_BITS
            number = clause & _CLAUSE_MASK
            known = candidates.get(slot)
            if known is None:
                candidates[slot] = (number,)
            elif number not in known:
                candidates[slot] = (*known, number)
        return candidates
