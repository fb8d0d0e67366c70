"""What a user writes about topics, as plain values, before it is compiled.

A *term* below is a word or phrase, with `*` at its end for any ending, or `=Exact`
for exactly these letters. Where a list takes concepts, an item names a concept; an
item in double quotes (`"pull out"`), beginning with `=`, or ending with `*` is a term
of its own.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

NOT_WITHIN = 10
"""Words within which `not_near` looks unless told otherwise."""


class ConceptSpec(Struct, frozen=True, kw_only=True):
    """One idea and the terms that express it, per language ("en", "ja", "zh").

    The language "any" holds terms to look for in every language. An item `$other`
    stands for all terms of that concept, and brings its exceptions along.

    Args:
        excepted: terms and concepts (`$other`); a place inside one of them does not
            count.
    """

    name: str
    terms: dict[str, tuple[str, ...]]
    excepted: tuple[str, ...] = ()


class ConditionSpec(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What to find together: concepts, or a query.

    Args:
        all: every one of these must be there.
        any: at least one of these must be there.
        near: the widest distance, in words, between what `all` and `any` found;
            None for anywhere in the entry.
        ordered: what was found stands in the order written, `any` last.
        same_sentence: all of it stands in one sentence.
        not_near: a place near one of these does not count.
        not_within: how near that is, in words; None for `NOT_WITHIN`.
        require_distinct: true when no two may be found at overlapping places; or
            concepts, of each of which two different members must be found.
        query: a query in the boolean language instead of all the above.
    """

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    near: int | None = None
    ordered: bool = False
    same_sentence: bool = False
    not_near: tuple[str, ...] = ()
    not_within: int | None = None
    require_distinct: bool | tuple[str, ...] = False
    query: str = ""


class ClauseSpec(
    ConditionSpec, frozen=True, kw_only=True, gc=False, omit_defaults=True
):
    """One way to satisfy a topic.

    Args:
        weight: how much the clause says, above 0 and up to 1.
    """

    weight: float = 1.0


class ExclusionSpec(
    ConditionSpec, frozen=True, kw_only=True, gc=False, omit_defaults=True
):
    """What speaks against a topic.

    Args:
        weight: the share of the score that it takes away, above 0 and up to 1; None to
            forbid the match.
        veto: forbid the match; None for so exactly when there is no weight.
    """

    weight: float | None = None
    veto: bool | None = None


class DirectionSpec(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A direction and the concepts that signal it near the evidence.

    Directions are tried in the order written; one without cues always holds.
    """

    label: str
    cues: tuple[str, ...] = ()


class TopicSpec(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A named standing interest, as written.

    Args:
        threshold: the score from which an entry matches, above 0 and up to 1. The
            score of an entry is 1 - (1 - w1)(1 - w2)... over its satisfied clauses.
        exclude: clauses that forbid a match or lower its score.
        title_boost: what a clause's weight is multiplied by, up to a weight of 1, when
            the title alone satisfies it; 1 or more.
        actors: concepts that count as ones who act, `states/any` for all of a pack;
            None for the states and bodies of the packs, empty to name nobody.
        lifecycle: the phase that a direction leads to, for those that do not go as
            usual.
        stale_after: the silence after which a matter is stale; None as usual.
        match: texts that must match, run by `wirewatch check`.
        no_match: texts that must not.
    """

    name: str
    description: str = ""
    threshold: float = 0.5
    clauses: tuple[ClauseSpec, ...]
    exclude: tuple[ExclusionSpec, ...] = ()
    title_boost: float = 1.0
    direction: tuple[DirectionSpec, ...] = ()
    actors: tuple[str, ...] | None = None
    lifecycle: dict[str, str] = {}
    stale_after: timedelta | None = None
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()
