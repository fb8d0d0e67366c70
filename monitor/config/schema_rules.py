"""The keys of `alerts.yaml` that say when news deserves an alert: rules.

Shape only, as in `schema`; which key belongs to which type of rule is checked in
`checks_rules`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from monitor.config.scalars import (
    Country,
    Duration,
    Interval,
    LabelName,
    Lang,
    Text,
)
from monitor.config.schema_topics import Model
from monitor.rule_model import News, RuleKind

Macro = dict[str, Any]
"""Keys of a rule, checked in the rules that use them."""

ToldPhase = Literal["signalled", "acted", "easing", "resolved"]


class Conditions(Model):
    """What a match and its publisher must be like."""

    topic: Text | None = Field(None, description="The one topic it listens to.")
    topics: list[Text] = Field(
        [], description="The topics it listens to; * in a name stands for any letters."
    )
    directions: list[Text] = Field(
        [], description="Only these directions of its topics. Default all."
    )
    min_score: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Only matches of at least this score, 0 to 1. Default 0.",
    )
    languages: list[Lang] = Field(
        [], description="Only entries in these languages, such as ja. Default all."
    )
    countries: list[Country] = Field(
        [],
        description="Only publishers of these countries, two letters each, such as jp."
        " Default all.",
    )
    publishers: list[Text] = Field(
        [],
        description="Only publishers or families of these names; * stands for any"
        " letters. Default all.",
    )
    actors: list[Text] = Field(
        [],
        description="All of these must act or be acted upon, such as states/japan."
        " Default anybody.",
    )
    acts: list[Text] = Field(
        [], description="Only these acts (PLOVER), such as THREATEN. Default all."
    )


class Realert(Model):
    """When a rule speaks again about the same development."""

    after: Duration = Field(
        timedelta(0),
        description="For this long after its last message, another story of the topic"
        " joins the alert that was told. Default 0s: each story has its own alert.",
    )
    unless_new: list[News] = Field(
        ["act", "actor", "tier"],
        description="What is told at once, as an update: an act or direction, an actor,"
        " or enough independent publishers (tier). Default all three.",
    )


class Rule(Conditions):
    """When sightings of topics deserve an alert."""

    type: RuleKind = Field(
        "any",
        description="What is looked for, as docs/rules.md tells. Default any: every"
        " story, once.",
    )
    use: list[Text] = Field(
        [],
        description="Macros whose keys it takes; a later one wins over an earlier, and"
        " the rule's own keys over all. Default none.",
    )
    exceptions: list[Conditions] = Field(
        [],
        description="What meets all conditions of one of these is passed over. Default"
        " none.",
    )
    only_countries: list[Country] = Field(
        [],
        description="Only while all independent publishers of the story are of these"
        " countries. Default any.",
    )
    count: int | None = Field(
        None,
        ge=2,
        le=10_000,
        description="Stories needed, 2 to 10000 (frequency, spike).",
    )
    within: Interval | None = Field(
        None,
        description="Time in which they must come, such as 6h (frequency, spike,"
        " sequence); for which a publisher was silent (new_publisher); for which"
        " nothing came (absence).",
    )
    factor: float | None = Field(
        None,
        gt=0,
        le=100,
        allow_inf_nan=False,
        description="How many times the usual spread above what is usual, above 0, up"
        " to 100 (spike). Default 3.",
    )
    baseline: Interval | None = Field(
        None,
        description="How far back the usual is learnt from, 3w to 52w (spike)."
        " Default 4w.",
    )
    families: int | None = Field(
        None,
        ge=2,
        le=100,
        description="Independent publishers needed, 2 to 100 (corroboration). Default"
        " 3.",
    )
    then: list[Conditions] = Field(
        [],
        max_length=5,
        description="What must follow, in this order, up to 5 steps; without a topic"
        " of its own a step listens to the rule's (sequence).",
    )
    same_actors: bool | None = Field(
        None,
        description="Whether all steps must share an actor (sequence). Default true.",
    )
    feeds: list[Text] = Field(
        [],
        description="Feeds that must bring something new, in place of topics; * stands"
        " for any letters (absence).",
    )
    fresh: float | None = Field(
        None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Share of feeds that must be fresh for silence to mean something,"
        " 0 to 1 (absence). Default 0.5.",
    )
    to: list[ToldPhase] = Field(
        [],
        description="Only moves to these phases: signalled, acted, easing, resolved"
        " (transition). Default all.",
    )
    lateness: Duration | None = Field(
        None,
        description="What was published longer ago than this when it was fetched"
        " opens and counts for nothing. Default no limit.",
    )
    confirmed: int = Field(
        3,
        ge=1,
        le=100,
        description="Independent publishers from which an alert is confirmed, 1 to"
        " 100. Default 3.",
    )
    realert: Realert = Field(
        Realert(),
        description="When it speaks again about the same development.",
    )
    severity: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")] = Field(
        "info",
        max_length=40,
        description="How much it matters; routes match on it. Default info.",
    )
    labels: dict[LabelName, str] = Field(
        {}, description="More labels for routes to match on. Default none."
    )
    description: str = Field("", description="A sentence for the reader of the alert.")
