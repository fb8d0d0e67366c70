"""Notice what is no mistake but hardly meant: names that nobody uses, and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.alerting.route import holds
from monitor.config.matchers import MatcherError, read_matcher
from monitor.config.specs import Heard, walk_routes
from monitor.config.specs_rules import heard_topics
from monitor.config.wording import choice
from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.config.schema import Config
    from monitor.config.topic_files import TopicFiles
    from monitor.model import Matcher
    from monitor.topics.spec import TopicSpec

_IN_QUERY = re.compile(r"\$([^\s()\"]+)")


def oddities(
    config: Config, topics: Sequence[TopicSpec], files: TopicFiles
) -> Iterator[Problem]:
    """Yield what is no mistake but hardly meant.

    Args:
        topics: those of the file and of topic files.
    """
    yield from _unused_concepts(config, topics)
    heard = Heard(name for rule in config.rules.values() for name in heard_topics(rule))
    yield from _unheard(config, files, heard)
    yield from _unused_receivers(config)
    yield from _idle_matchers(config, topics, heard)
    seen: dict[str, str] = {}
    for name, feed in config.feeds.items():
        first = seen.setdefault(feed.url, name)
        if first != name:
            yield Problem(
                ("feeds", name), f'same address as feed "{first}"', "keep one"
            )
        if feed.auth is not None and feed.url.lower().startswith("http:"):
            yield Problem(
                ("feeds", name, "url"),
                "its password or token goes over the network unprotected",
                "use https://",
            )


def _unheard(config: Config, files: TopicFiles, heard: Heard) -> Iterator[Problem]:
    for name in config.topics:
        if name not in heard:
            yield Problem(
                ("topics", name), "no rule listens to it", "add one", on_key=True
            )
    for file in files.files:
        left = [name for name in file.topics if name not in heard]
        if left:
            # One warning for all: they are written by a program, not one by one.
            yield Problem(
                ("topics", left[0]),
                f"no rule listens to it ({len(left)} of {len(file.topics)} topics here)"
                if len(left) > 1
                else "no rule listens to it",
                "name them in a rule; * stands for any letters",
            )


def _unused_concepts(config: Config, topics: Iterable[TopicSpec]) -> Iterator[Problem]:
    used: set[str] = set()
    for topic in topics if config.concepts else ():
        for clause in (*topic.clauses, *topic.exclude):
            used.update(clause.all, clause.any, clause.not_near)
            if not isinstance(clause.require_distinct, bool):
                used.update(clause.require_distinct)
            if "$" in clause.query:
                used.update(_IN_QUERY.findall(clause.query))
        for each in topic.direction:
            used.update(each.cues)
        used.update(topic.actors or ())
    for concept in config.concepts.values():
        used.update(
            item[1:] for items in concept.values() for item in items if item[:1] == "$"
        )
    for name in config.concepts:
        if name not in used:
            yield Problem(
                ("concepts", name), "no topic uses it", "remove it", on_key=True
            )


def _unused_receivers(config: Config) -> Iterator[Problem]:
    if config.route is None:
        return
    used = {
        name
        for _, route in walk_routes(config.route)
        for name in (route.receiver, *route.receivers)
    }
    for name in config.receivers:
        if name not in used:
            yield Problem(
                ("receivers", name), "no route names it", "add one", on_key=True
            )


def _idle_matchers(
    config: Config, topics: Iterable[TopicSpec], heard: Heard
) -> Iterator[Problem]:
    """Warn of conditions that no alert of these rules can meet."""
    if config.route is None or not any(
        route.matchers for _, route in walk_routes(config.route)
    ):
        return
    values = _label_values(config, topics, heard)
    for path, route in walk_routes(config.route):
        for number, text in enumerate(route.matchers):
            try:
                matcher = read_matcher(text)
            except MatcherError:
                continue
            if not _can_hold(matcher, values):
                known = sorted(values.get(matcher.label, {""}) - {""})
                hint = choice(matcher.value, known, "known are")
                if matcher.label not in values:
                    hint = choice(matcher.label, values, "known labels are")
                yield Problem(
                    (*path, "matchers", number),
                    f'no alert has {matcher.label}{matcher.op}"{matcher.value}"',
                    hint,
                )


def _can_hold(matcher: Matcher, values: dict[str, set[str]]) -> bool:
    possible = values.get(matcher.label, {""})
    return any(holds(matcher, {matcher.label: value}) for value in possible)


def _label_values(
    config: Config, topics: Iterable[TopicSpec], heard: Heard
) -> dict[str, set[str]]:
    values: dict[str, set[str]] = {
        "rule": set(config.rules),
        "topic": set(heard.names),
        "severity": {rule.severity for rule in config.rules.values()},
        "direction": {""},
    }
    for topic in topics:
        if topic.name in heard:
            values["topic"].add(topic.name)
            values["direction"].update(each.label for each in topic.direction)
    for rule in config.rules.values():
        for label, value in rule.labels.items():
            values.setdefault(label, {""}).add(value)
    return values
