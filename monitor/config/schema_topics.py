"""The keys of `alerts.yaml` that say what is watched for: topics and their clauses.

Shape only, as in `schema`. The lines of topic files have the same keys.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.config.scalars import Interval, Name, Text

Weight = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class Model(BaseModel):
    """Refuse unknown keys, and never show a value in an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )


class TextOptions(Model):
    """How text is read, for all topics."""

    stemming: bool = Field(
        True,
        description="Let English terms match their inflections (cut: cuts, cutting)."
        " Default true.",
    )


class Condition(Model):
    """What to find together."""

    all: list[Text] = Field([], description="Every one of these must be there.")
    any: list[Text] = Field([], description="At least one of these must be there.")
    near: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Widest distance between what was found, in words, 1 to 1000."
        " Default: anywhere in the entry.",
    )
    ordered: bool = Field(
        False,
        description="It must stand in the order written, any last. Default false.",
    )
    same_sentence: bool = Field(
        False, description="All of it must stand in one sentence. Default false."
    )
    not_near: list[Text] = Field(
        [], description="A place near one of these does not count. Default none."
    )
    not_within: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="How near not_near looks, in words, 1 to 1000. Default 10.",
    )
    require_distinct: bool | list[Text] = Field(
        False,
        description="true: no two of what was found may overlap. A list of concepts:"
        " two different members of each must be found. Default false.",
    )
    query: Text | None = Field(
        None, description="A query in the boolean language instead of all the above."
    )


class Clause(Condition):
    """One way to satisfy a topic."""

    weight: Weight = Field(
        1.0, description="How much the clause says, above 0 and up to 1. Default 1."
    )


class Exclusion(Condition):
    """What forbids a match, or speaks against it."""

    weight: Weight | None = Field(
        None,
        description="Share of the score that it takes away, above 0 and up to 1."
        " Default: it forbids the match.",
    )
    veto: bool | None = Field(
        None,
        description="Forbid the match. Default: true without a weight, else false.",
    )


class Examples(Model):
    """Texts that `wirewatch check` holds a topic to."""

    match: list[Text] = Field([], description="Texts that must match the topic.")
    no_match: list[Text] = Field([], description="Texts that must not match it.")


class Topic(Model):
    """A standing interest."""

    description: str = Field("", description="What it watches for, in one sentence.")
    threshold: Weight = Field(
        0.5,
        description="Score from which an entry matches, above 0 and up to 1. The score"
        " is 1 - (1 - w1)(1 - w2)... over the weights of the clauses that hold."
        " Default 0.5.",
    )
    clauses: list[Clause] = Field(
        min_length=1, description="Ways to satisfy the topic; any of them may hold."
    )
    exclude: list[Exclusion] = Field(
        [],
        description="Clauses that forbid a match, or with a weight lower its score."
        " Default none.",
    )
    title_boost: float = Field(
        1.0,
        ge=1,
        le=100,
        allow_inf_nan=False,
        description="What the weight of a clause is multiplied by, up to 1, when the"
        " title alone satisfies it, 1 to 100. Default 1.",
    )
    direction: list[dict[Name, list[Text]]] = Field(
        [],
        description="Words for where things move, tried in this order: each a label"
        " and the concepts that signal it near the evidence; one without concepts"
        " always holds. Default none.",
    )
    actors: list[Text] | None = Field(
        None,
        description="Concepts that count as ones who act, such as states/any or one of"
        " your own; [] to name nobody. Default: the states and bodies of the packs.",
    )
    lifecycle: dict[Name, Literal["signalled", "acted", "easing", "resolved"]] = Field(
        {},
        description="The phase that a direction leads to: signalled, acted, easing or"
        " resolved. Default: by the direction and the act.",
    )
    stale_after: Interval = Field(
        timedelta(days=30),
        description="The silence after which a matter that is not resolved counts as"
        " stale. Default 30d.",
    )
    examples: Examples = Field(
        Examples(), description="Texts that must and must not match, for `check`."
    )
