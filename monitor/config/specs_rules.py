"""From the words of the file to the rules of the core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.rule_model import Conditions, Realert, Rule

if TYPE_CHECKING:
    from monitor.config import schema, schema_rules


def rule_topics(rule: schema_rules.Conditions) -> tuple[str, ...]:
    """Return the topics a rule listens to, as written, each once."""
    return tuple(dict.fromkeys([*rule.topics, *([rule.topic] if rule.topic else [])]))


def heard_topics(rule: schema_rules.Rule) -> tuple[str, ...]:
    """Return the topics a rule listens to, at any step."""
    steps = (topic for step in rule.then for topic in rule_topics(step))
    return tuple(dict.fromkeys([*rule_topics(rule), *steps]))


def rules(config: schema.Config) -> tuple[Rule, ...]:
    """Return the rules in the order of the file."""
    return tuple(map(rule_spec, config.rules, config.rules.values()))


def rule_spec(name: str, rule: schema_rules.Rule) -> Rule:
    """Return one rule."""
    topics = rule_topics(rule)
    return Rule(
        **_conditions(rule),
        **_of_kind(rule),
        name=name,
        kind=rule.type,
        exceptions=tuple(Conditions(**_conditions(each)) for each in rule.exceptions),
        only_countries=tuple(rule.only_countries),
        then=tuple(Conditions(**_conditions(each, topics)) for each in rule.then),
        lateness=rule.lateness,
        confirmed=rule.confirmed,
        realert=Realert(
            after=rule.realert.after, unless_new=tuple(rule.realert.unless_new)
        ),
        severity=rule.severity,
        labels=dict(rule.labels),
        description=rule.description,
    )


def _of_kind(rule: schema_rules.Rule) -> dict[str, Any]:
    """Return what belongs to some kinds; the core's own defaults where it is not given."""
    given: dict[str, Any] = {
        "count": rule.count,
        "within": rule.within,
        "factor": rule.factor,
        "baseline": rule.baseline,
        "families": rule.families,
        "same_actors": rule.same_actors,
        "feeds": tuple(rule.feeds) or None,
        "fresh": rule.fresh,
        "to": tuple(rule.to) or None,
    }
    return {key: value for key, value in given.items() if value is not None}


def _conditions(
    written: schema_rules.Conditions, topics: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "topics": rule_topics(written) or topics,
        "directions": tuple(written.directions),
        "min_score": written.min_score,
        "languages": tuple(
            each.partition("-")[0].lower() for each in written.languages
        ),
        "countries": tuple(written.countries),
        "publishers": tuple(written.publishers),
        "actors": tuple(written.actors),
        "acts": tuple(written.acts),
    }
