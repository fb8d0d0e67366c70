"""Try a topic with one more term, without touching the topic that is in force."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from msgspec.structs import replace

from monitor.topics.compile import compile_topics
from monitor.topics.lint import ANY, written_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.model import Entry
    from monitor.topics.spec import ConceptSpec, TopicSpec
    from monitor.topics.terms import Term

_IN_QUERY = re.compile(r"\$([^\s()\"]+)")


class Trial:
    """One topic, the items to try it on, and the concepts that it reads.

    Args:
        concepts: all that there are.
        topic: the topic to try.
        entries: the items.
        stemming: as in the configuration.
    """

    def __init__(
        self,
        concepts: Sequence[ConceptSpec],
        topic: TopicSpec,
        entries: Sequence[Entry],
        *,
        stemming: bool = True,
    ) -> None:
        named = {spec.name: spec for spec in concepts}
        self._topic = replace(topic, direction=())
        self._entries = entries
        self._stemming = stemming
        self.concepts = sorted(_names(topic.clauses) & named.keys())
        """The concepts that its clauses name."""
        self._needed = _with_inner(_names((topic.clauses, topic.exclude)), named)
        self.matched = self._matched(self._needed, range(len(entries)))
        """The items that the topic matches as it is."""

    def known_terms(self) -> list[Term]:
        """Return the terms that the topic already looks for."""
        return [
            written.term for spec in self._needed for written in written_terms(spec)
        ]

    def with_term(self, concept: str, term: str, places: Iterable[int]) -> set[int]:
        """Return which of some items it would match with one more term in a concept."""
        concepts = [
            _plus(spec, term) if spec.name == concept else spec for spec in self._needed
        ]
        return self._matched(concepts, places)

    def _matched(
        self, concepts: Sequence[ConceptSpec], places: Iterable[int]
    ) -> set[int]:
        compiled = compile_topics(concepts, [self._topic], stemming=self._stemming)
        return {at for at in places if compiled.index.match(self._entries[at])}


def _plus(spec: ConceptSpec, term: str) -> ConceptSpec:
    terms = spec.terms | {ANY: (*spec.terms.get(ANY, ()), term)}
    return replace(spec, terms=terms)


def _names(written: Any) -> set[str]:
    """Return everything in a piece of a topic that may name a concept."""
    return {
        name
        for text in _texts(to_builtins(written))
        for name in (text, *_IN_QUERY.findall(text))
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _with_inner(
    names: Iterable[str], named: dict[str, ConceptSpec]
) -> list[ConceptSpec]:
    """Return concepts by name, and those that they take in."""
    wanted = sorted(names)
    found: dict[str, ConceptSpec] = {}
    while wanted:
        name = wanted.pop()
        if name in named and name not in found:
            found[name] = spec = named[name]
            items = [text for texts in spec.terms.values() for text in texts]
            items += spec.excepted
            wanted += [text[1:] for text in items if text.startswith("$")]
    return list(found.values())
