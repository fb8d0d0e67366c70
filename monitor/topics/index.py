"""Match an entry against many topics while looking at few of them.

Every clause is filed under the rarest atoms that it requires, with the next rarest
beside them. The atoms found in an entry therefore name the few clauses that may hold;
only those are evaluated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from monitor.topics.lexicon import Reader
from monitor.topics.match import Topic, match_topic
from monitor.topics.plan import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.model import Entry, Match
    from monitor.topics.lexicon import Hits, Lexicon

_Filed: TypeAlias = tuple[int, int, tuple[int, ...]]
"""Which atom must also be there, for which topic, and for which clauses of it."""


class TopicIndex:
    """All topics of a configuration, ready to match entries.

    Meant for one thread: it remembers words between entries.

    Args:
        topics: the topics, in order of name.
        lexicon: knows all their terms.
        concepts: the concept's name for each atom, "" for a term.
        costs: how common each atom is expected to be, in any unit.
        labels: how each atom is written in a query, for explanations.
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        lexicon: Lexicon,
        concepts: Sequence[str],
        costs: Sequence[float],
        labels: Sequence[str] = (),
    ) -> None:
        self._topics = tuple(topics)
        self._reader = Reader(lexicon)
        self._concepts = tuple(concepts)
        self.labels = tuple(labels)
        self._filed: dict[int, list[_Filed]] = {}
        for place, topic in enumerate(self._topics):
            for number, clause in enumerate(topic.clauses):
                for atom, other in clause.part.anchors(costs).pairs:
                    filed = (other, place, (number,))
                    self._filed.setdefault(atom, []).append(filed)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Return the topics, in order of name."""
        return self._topics

    @property
    def concepts(self) -> tuple[str, ...]:
        """Return the concept's name for each atom, "" for a term."""
        return self._concepts

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
        matches = []
        for place, numbers in sorted(self._candidates(found.hits).items()):
            topic = self._topics[place]
            try:
                match = match_topic(topic, numbers, found, self._concepts)
            except Exception as error:
                # Whatever one topic does, its neighbours must still be matched.
                if on_error is not None:
                    on_error(topic.name, error)
                continue
            if match is not None:
                matches.append(match)
        return matches

    def _candidates(self, hits: Hits) -> dict[int, tuple[int, ...]]:
        candidates: dict[int, tuple[int, ...]] = {}
        for atom in hits:
            for other, place, numbers in self._filed.get(atom, ()):
                if other in hits:
                    known = candidates.setdefault(place, numbers)
                    if known is not numbers:
                        candidates[place] = (*known, *numbers)
        return candidates
