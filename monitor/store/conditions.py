"""Say in SQL what the conditions of a rule say of a sighting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, not_, or_, true

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import FromClause

    from monitor.rule_model import Conditions, Rule


def accepted(
    rule: Rule,
    table: FromClause,
    dialect: str,
    *,
    step: int = 0,
    in_topic: bool = False,
) -> ColumnElement[bool]:
    """Say what `Rule.accepts_as` says of a sighting.

    Args:
        table: `sightings`, or an alias of it.
        in_topic: the topic is known to be one the rule listens to. Asking again would
            let the database read the topic where it should read a story.
    """
    conditions = rule.step(step)
    parts = [true(), *_holds(conditions, table, dialect)]
    if not in_topic:
        parts.append(about(conditions.topics, table, dialect))
    if rule.lateness is not None:
        age = table.c.age
        parts.append(or_(age.is_(None), age <= rule.lateness.total_seconds()))
    parts += [
        not_(and_(true(), *_excepted(each, table, dialect))) for each in rule.exceptions
    ]
    return and_(*parts)


def about(
    topics: Iterable[str], table: FromClause, dialect: str
) -> ColumnElement[bool]:
    """Say what `Conditions.listens_to` says of a topic."""
    return named(topics, table.c.topic, dialect)


def named(
    names: Iterable[str], column: ColumnElement[str], dialect: str
) -> ColumnElement[bool]:
    """Say that a column is one of some names, or fits one with `*` in it."""
    names = list(names)
    exact = [each for each in names if "*" not in each]
    fitting = [_fits(each, column, dialect) for each in names if "*" in each]
    return or_(column.in_(exact), *fitting)


def _fits(
    pattern: str, column: ColumnElement[str], dialect: str
) -> ColumnElement[bool]:
    if dialect == "sqlite":
        # Here LIKE takes capitals for small letters.
        glob = pattern.replace("[", "[[]").replace("?", "[?]")
        return column.op("GLOB", is_comparison=True)(glob)
    like = pattern.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return column.like(like.replace("*", "%"), escape="\\")


def _holds(
    conditions: Conditions, table: FromClause, dialect: str
) -> list[ColumnElement[bool]]:
    """Say what `Conditions.accepts` says of a sighting, its topic aside."""
    of = table.c
    parts: list[ColumnElement[bool]] = []
    if conditions.min_score > 0:
        parts.append(of.score >= conditions.min_score)
    if conditions.directions:
        parts.append(of.direction.in_(conditions.directions))
    if conditions.languages:
        lang = func.lower(of.lang)
        parts.append(
            or_(
                lang.in_(conditions.languages),
                *(lang.like(f"{each}-%") for each in conditions.languages),
            )
        )
    if conditions.countries:
        parts.append(of.country.in_(conditions.countries))
    if conditions.publishers:
        wanted = conditions.publishers
        parts.append(
            or_(
                named(wanted, of.publisher, dialect),
                named(wanted, of.family, dialect),
            )
        )
    parts += [has_actor(each, table, dialect) for each in conditions.actors]
    if conditions.acts:
        parts.append(of.act.in_(conditions.acts))
    return parts


def has_actor(actor: str, table: FromClause, dialect: str) -> ColumnElement[bool]:
    """Say that somebody is among the actors of a sighting."""
    return _fits(f"*{json.dumps(actor)}*", table.c.actors, dialect)


def _excepted(
    conditions: Conditions, table: FromClause, dialect: str
) -> list[ColumnElement[bool]]:
    parts = _holds(conditions, table, dialect)
    if conditions.topics:
        parts.append(about(conditions.topics, table, dialect))
    return parts
