"""Match an entry against many topics while looking at few of them.

Every clause is filed under the rarest atoms that it requires, with the next rarest
beside them. The atoms found in an entry therefore name the few clauses that may hold;
only those are evaluated.

An index never changes: `with_changes` returns another, to be put in its place. The two
share a shelf, to which the second adds and of which each sees its own topics, so a
change costs what it adds and not what was there.
"""

from __future__ import annotations

from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from monitor.topics.changes import Written
from monitor.topics.lexicon import Lexicon, Reader
from monitor.topics.match import Topic, match_topic
from monitor.topics.plan import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.model import Entry, Match
    from monitor.topics.atoms import Atoms
    from monitor.topics.lexicon import Hits

_Filed: TypeAlias = tuple[int, int, int]
"""Which atom must also be there, the slot of a topic, and the number of its clause."""

# Slots of topics that are gone are given up once they outnumber the others by this.
_WASTE = 1000

_by_topic = attrgetter("topic")
_by_name = attrgetter("name")


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
        self.filed: dict[int, list[_Filed]] = {}
        self.slots = 0

    def file(self, topics: Iterable[Topic]) -> dict[int, Topic]:
        """File topics, and return them by the slots they were given."""
        self.atoms.fill(self.lexicon)
        costs = self.atoms.costs()
        placed: dict[int, Topic] = {}
        for slot, topic in enumerate(topics, self.slots):
            placed[slot] = topic
            for number, clause in enumerate(topic.clauses):
                for atom, other in clause.part.anchors(costs).pairs:
                    self.filed.setdefault(atom, []).append((other, slot, number))
        self.slots += len(placed)
        return placed


class TopicIndex:
    """All topics of a configuration, ready to match entries.

    Meant for one thread: it remembers words between entries.

    Args:
        shelf: where the topics are filed.
        topics: the topics by slot.
        written: what they were compiled from.
    """

    def __init__(
        self,
        shelf: Shelf,
        topics: Mapping[int, Topic] | None = None,
        written: Written | None = None,
    ) -> None:
        self.shelf = shelf
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

    @property
    def labels(self) -> Sequence[str]:
        """Return how each atom is written in a query, for explanations."""
        return self.shelf.atoms.labels

    @property
    def is_worn(self) -> bool:
        """Tell whether so much was changed that it is better built anew."""
        return self.shelf.slots > 2 * len(self._topics) + _WASTE

    def with_changes(
        self,
        added: Iterable[Topic],
        removed: Iterable[str] = (),
        written: Written | None = None,
    ) -> TopicIndex:
        """Return an index with some topics more and some fewer; this one stays.

        Args:
            added: topics compiled with the shelf's atoms; one whose name is there
                already takes its place.
            removed: names of topics to leave out.
            written: what all its topics were compiled from.
        """
        added = list(added)
        gone = {*removed, *(topic.name for topic in added)}
        kept = {
            slot: topic
            for slot, topic in self._topics.items()
            if topic.name not in gone
        }
        kept.update(self.shelf.file(added))
        return TopicIndex(self.shelf, kept, written)

    def find(self, entry: Entry) -> Found:
        """Return an entry and what all topics look for in it."""
        document = self._reader.read(entry)
        return Found(document, self._reader.find(document))

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

    def _candidates(self, hits: Hits) -> dict[int, tuple[int, ...]]:
        """Return by slot the clauses that may hold."""
        candidates: dict[int, tuple[int, ...]] = {}
        filed_under = self.shelf.filed
        for atom in hits:
            for other, slot, number in filed_under.get(atom, ()):
                if other in hits:
                    known = candidates.get(slot, ())
                    if number not in known:
                        candidates[slot] = (*known, number)
        return candidates
