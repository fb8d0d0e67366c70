"""Who may act in the news: the states and bodies of the packs, and a user's concepts.

The words of pack `states`, `bodies`, `armed-forces`, `offices` and `acts` are found by
a lexicon of their own, compiled once and only when the first entry has matched: most
entries match nothing, and cost nothing here. What a word says about who acts is left
to `actors`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from monitor.topics.concepts import Concept, resolve_concepts
from monitor.topics.lexicon import Lexicon
from monitor.topics.terms import parse_term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.topics.spec import ConceptSpec

PACKS = ("states", "bodies", "armed-forces", "offices", "acts")
"""The packs that tell who acts, and what is done."""

_STATES, _BODIES, _FORCES, _OFFICES, _ACTS = PACKS
_PAIRS = "states/pairs"

# What names a state and stands in no list of states, since topics have no use for it.
_MORE: Mapping[str, tuple[str, ...]] = {
    "states/japan": ("chief cabinet secretary", "官房长官", "官房長官"),
    "states/china": ("sino", "cross-strait"),
    "states/taiwan": ("cross-strait",),
    "states/usa": ("国務長官", "国務省", "国务卿"),
    "states/india": ("indo-pakistani",),
    "states/greece": ("greco-turkish",),
    "states/russia": ("russo",),
}

Kind = Literal["actor", "office", "act"]


class Part(Struct, frozen=True):
    """What an atom of the cast stands for.

    Args:
        name: of an actor as it is told ("states/japan"); of an act without the pack.
    """

    kind: Kind
    name: str


class Cast:
    """Who may act, and what may be done.

    Args:
        packs: the concepts of `PACKS`.
        more: concepts of the user's that topics name under `actors`.
        stemming: whether English words are compared by their stems.
    """

    def __init__(
        self,
        packs: Sequence[ConceptSpec],
        more: Mapping[str, Concept] | None = None,
        *,
        stemming: bool = True,
    ) -> None:
        self._packs = tuple(packs)
        self._more = dict(more or {})
        self._stemming = stemming
        self.parts: list[Part | None] = [None]

    def is_like(self, other: Cast) -> bool:
        """Tell whether another finds the very same."""
        return (
            self._packs == other._packs
            and self._more == other._more
            and self._stemming == other._stemming
        )

    @cached_property
    def lexicon(self) -> Lexicon:
        """Return the words, compiled at the first call."""
        lexicon = Lexicon(stemming=self._stemming)
        parts: list[Part | None] = [None]
        for part, concept in self._concepts():
            number = len(parts)
            parts.append(part)
            for term in dict.fromkeys(concept.terms):
                lexicon.add(term, number)
            if concept.excepted:
                parts.append(None)
                for term in concept.excepted:
                    lexicon.add(term, number + 1)
                lexicon.except_inside(number + 1, number)
        # Last, and whole: another thread may be here too, and finds the same.
        self.parts = parts
        return lexicon

    def _concepts(self) -> Iterator[tuple[Part, Concept]]:
        resolved = resolve_concepts(self._packs, [])
        for name, concept in resolved.items():
            part = _part(name, resolved)
            if part is not None:
                yield part, concept
        for name, texts in _MORE.items():
            if name in resolved:
                terms = tuple(map(parse_term, texts))
                yield Part("actor", name), Concept(terms)
        for name, concept in self._more.items():
            yield Part("actor", name), concept


def _part(name: str, known: Mapping[str, Concept]) -> Part | None:
    pack, _, concept = name.partition("/")
    if name == _PAIRS or concept == "any":
        return None  # the states' own lists hold the pairs, each of its own
    if pack == _FORCES and f"{_STATES}/{concept}" in known:
        return Part("actor", f"{_STATES}/{concept}")
    if pack in (_STATES, _BODIES):
        return Part("actor", name)
    if pack in (_FORCES, _OFFICES):
        return Part("office", concept)
    return Part("act", concept) if pack == _ACTS else None


def counts(name: str, wanted: Sequence[str] | None) -> bool:
    """Tell whether an actor counts for a topic.

    Args:
        wanted: what the topic names under `actors`; None for all of the packs.
    """
    pack, slash, _ = name.partition("/")
    if wanted is None:
        return bool(slash) and pack in (_STATES, _BODIES)
    return name in wanted or (bool(slash) and f"{pack}/any" in wanted)
