"""Tell what has changed between two ways in which topics were written.

A topic must be compiled anew when its own words changed, or when it may use a concept
that means something else now. The second is judged generously, by whether the name
occurs anywhere in the topic: compiling once too often costs time and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, msgpack

from monitor.topics.concepts import Concept

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.topics.spec import TopicSpec


class Written(Struct, frozen=True):
    """What topics were compiled from.

    Args:
        topics: the topics as written, by name, encoded to take little memory.
        concepts: the concepts they may use, by name.
    """

    topics: dict[str, bytes] = {}
    concepts: dict[str, Concept] = {}

    @classmethod
    def of(cls, topics: Iterable[TopicSpec], concepts: dict[str, Concept]) -> Written:
        """Return what was written as these topics and concepts."""
        return cls({topic.name: msgpack.encode(topic) for topic in topics}, concepts)


class Changes(Struct, frozen=True):
    """What to do to get from one state to another.

    Args:
        compile: the topics that are new or changed.
        remove: the names of those that are gone.
    """

    compile: tuple[TopicSpec, ...]
    remove: frozenset[str]


def changes_between(old: Written, new: Written, topics: Sequence[TopicSpec]) -> Changes:
    """Return what makes the new state out of the old.

    Args:
        topics: what the new state was written as.
    """
    concepts = _changed_concepts(old.concepts, new.concepts)
    return Changes(
        compile=tuple(
            topic
            for topic in topics
            if old.topics.get(topic.name) != new.topics[topic.name]
            or any(concept in new.topics[topic.name] for concept in concepts)
        ),
        # Names one by one, not as sets: a set of all would hold up other threads.
        remove=frozenset(name for name in old.topics if name not in new.topics),
    )


def _changed_concepts(
    old: dict[str, Concept], new: dict[str, Concept]
) -> tuple[bytes, ...]:
    names = old.keys() | new.keys()
    changed = (name for name in names if old.get(name) != new.get(name))
    return tuple(name.encode() for name in changed)
