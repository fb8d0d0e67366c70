"""Where an entry is from: its feed, its publisher, its language.

A qualifier is compared word by word, so case, width and punctuation do not matter:
`feed:bbc-world` and `feed:"BBC world"` are one. What it finds is no evidence.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol, cast

from msgspec import Struct

from monitor.language import language_of
from monitor.text import letters, words
from monitor.topics.nodes import (
    AndNode,
    FieldNode,
    Node,
    OrNode,
    TermNode,
    children,
)
from monitor.topics.terms import Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Entry


class Condition(Protocol):
    """Something that holds of an entry or not."""

    def holds(self, entry: Entry) -> bool:
        """Tell whether it holds."""
        ...


class Says(Struct, frozen=True):
    """The field of an entry says this.

    A feed is named whole, or by its beginning with `*`; a language covers its regions
    and scripts (zh: zh-Hant); of a publisher's name any words will do.
    """

    field: Literal["source", "lang", "feed"]
    term: Term

    def holds(self, entry: Entry) -> bool:
        """Tell whether it holds."""
        if self.field == "source":
            return _stands_in(self.term, entry.source)
        if self.field == "feed":
            return is_feed(self.term, entry.feed)
        return _begins(self.term, _words(language_of(entry)))


class Every(Struct, frozen=True):
    """All of these hold, and none of those."""

    parts: tuple[Condition, ...]
    none_of: tuple[Condition, ...] = ()

    def holds(self, entry: Entry) -> bool:
        """Tell whether it holds."""
        return all(part.holds(entry) for part in self.parts) and not any(
            part.holds(entry) for part in self.none_of
        )


class Some(Struct, frozen=True):
    """At least one of these holds."""

    parts: tuple[Condition, ...]

    def holds(self, entry: Entry) -> bool:
        """Tell whether it holds."""
        return any(part.holds(entry) for part in self.parts)


def condition(node: Node, field: str = "") -> Condition:
    """Return the condition of a part that `is_qualifier`."""
    match node:
        case FieldNode(name, part):
            return condition(part, name)
        case AndNode(parts, none_of):
            return Every(
                tuple(condition(part, field) for part in parts),
                tuple(condition(part, field) for part in none_of),
            )
        case OrNode(parts):
            return Some(tuple(condition(part, field) for part in parts))
        case TermNode(term):
            return Says(cast('Literal["source", "lang", "feed"]', field), term)
    raise AssertionError(node)


def named_feeds(node: Node, field: str = "") -> Iterator[TermNode]:
    """Yield what a query names after `feed:`."""
    if isinstance(node, FieldNode):
        field = node.field
    if isinstance(node, TermNode) and field == "feed":
        yield node
    for part in children(node):
        yield from named_feeds(part, field)


def is_feed(term: Term, feed: str) -> bool:
    """Tell whether a term names a feed."""
    found = _words(feed)
    return _begins(term, found) and (term.prefix or len(found) == len(term.words))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(words(text))


def _stands_in(term: Term, text: str) -> bool:
    if term.exact is not None:
        found = letters(text)
        return any(
            tuple(found[at : at + len(term.exact)]) == term.exact
            for at in range(len(found))
        )
    named = _words(text)
    return any(_begins(term, named[at:]) for at in range(len(named)))


def _begins(term: Term, found: Sequence[str]) -> bool:
    wanted = term.words
    if len(found) < len(wanted):
        return False
    if not term.prefix:
        return tuple(found[: len(wanted)]) == wanted
    last = len(wanted) - 1
    return tuple(found[:last]) == wanted[:last] and found[last].startswith(wanted[last])
