"""Topics: what analysts watch for, compiled once and matched against every entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.model import Entry, Match
    from monitor.topics.spec import ConceptSpec, TopicSpec


class TopicIndex:
    """All topics of a configuration, ready to match entries."""

    def match(
        self,
        entry: Entry,
        on_error: Callable[[str, Exception], None] | None = None,
    ) -> list[Match]:
        """Return a match per topic that the entry satisfies, in order of topic name.

        A topic that raises is passed to `on_error` with its name; the others go on.
        """
        raise NotImplementedError


class Compiled(Struct, frozen=True):
    """The index of the topics that compiled, and what is wrong with the others."""

    index: TopicIndex
    problems: tuple[Problem, ...]


def compile_topics(
    concepts: Sequence[ConceptSpec],
    topics: Sequence[TopicSpec],
    *,
    stemming: bool = True,
) -> Compiled:
    """Compile topics; report every mistake by its path in the configuration."""
    raise NotImplementedError
