"""Check rules: that their keys belong to their type, and that their names exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.config.countries import COUNTRIES, MEANT
from monitor.config.specs import Heard
from monitor.config.specs_rules import rule_topics
from monitor.config.wording import choice
from monitor.errors import Problem
from monitor.rule_model import fits
from monitor.topics.plover import CODES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from monitor.config.document import Keys
    from monitor.config.schema import Config
    from monitor.config.schema_rules import Conditions, Rule
    from monitor.topics.spec import TopicSpec

RESERVED_LABELS = ("rule", "topic", "severity", "direction", "tier")
"""Labels that every alert gets from its rule and match."""

_TYPES: dict[str, tuple[str, ...]] = {
    "count": ("frequency", "spike"),
    "within": ("frequency", "spike", "new_publisher", "sequence", "absence"),
    "factor": ("spike",),
    "baseline": ("spike",),
    "families": ("corroboration",),
    "then": ("sequence",),
    "same_actors": ("sequence",),
    "feeds": ("absence",),
    "fresh": ("absence",),
    "to": ("transition",),
}
"""The types of rule that a key belongs to; the other keys belong to all."""

OF_TYPES = tuple(_TYPES)
"""The keys that belong to some types of rule only."""

_EXAMPLES = {
    "count": "count: 5",
    "within": "within: 6h",
    "then": "then: [{directions: [action]}]",
}
"""Keys that the types they belong to cannot do without."""

_ISO = 'write two letters of ISO 3166-1, such as "jp"'

_NOT_OF_ABSENCE = ("only_countries",)

FEWEST_WEEKS, MOST_WEEKS = timedelta(weeks=3), timedelta(weeks=52)
_STEP, _WEEK = timedelta(minutes=10), timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Known:
    """The names that rules may use.

    Args:
        topics: of the file and of topic files, also those that are wrong in themselves.
        specs: the topics that are well formed.
    """

    topics: Collection[str] | Iterable[str]
    specs: Sequence[TopicSpec]
    feeds: Collection[str]
    actors: Collection[str]


def check_rules(
    config: Config, known: Known, data: dict[str, Any]
) -> Iterator[Problem]:
    """Yield the mistakes of rules whose every value is well formed.

    Args:
        data: the values as written, also those that were taken out for being wrong.
    """
    for name, rule in config.rules.items():
        path = ("rules", name)
        yield from _what(path, rule, data["rules"][name])
        yield from _keys(path, rule)
        yield from _times(path, rule, config.retention.state.age)
        yield from _conditions(path, rule, rule_topics(rule), known)
        for at, step in enumerate(rule.then):
            topics = rule_topics(step) or rule_topics(rule)
            yield from _conditions((*path, "then", at), step, topics, known)
        for at, each in enumerate(rule.exceptions):
            topics = rule_topics(each) or rule_topics(rule)
            yield from _conditions((*path, "exceptions", at), each, topics, known)
        yield from _feeds(path, rule, known)
        for label in rule.labels:
            if label in RESERVED_LABELS:
                yield Problem(
                    (*path, "labels", label),
                    f'label "{label}" is set by Wirewatch',
                    "choose another name",
                    on_key=True,
                )


def _what(path: Keys, rule: Rule, written: dict[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the choice of topics or feeds."""
    has_topics = bool(written.get("topic") or written.get("topics"))
    if rule.type == "absence" and written.get("feeds"):
        if has_topics:
            yield Problem(
                (*path, "feeds"), '"feeds" stands beside topics', "make two rules"
            )
    elif not has_topics:
        yield Problem((*path, "topics"), '"topics" is missing', "add topics: [NAME]")


def _keys(path: Keys, rule: Rule) -> Iterator[Problem]:
    for key, types in _TYPES.items():
        value = getattr(rule, key)
        given = value is not None and value != []
        if given and rule.type not in types:
            told = types[0] if len(types) == 1 else ", ".join(types[:-1])
            told += f" or {types[-1]}" if len(types) > 1 else ""
            yield Problem(
                (*path, key),
                f'"{key}" belongs to rules of type {told}',
                f"add type: {types[0]}, or remove it",
                on_key=True,
            )
        if not given and rule.type in types and key in _EXAMPLES:
            yield Problem(
                (*path, key), f'"{key}" is missing', f'add "{_EXAMPLES[key]}"'
            )
    for key in _NOT_OF_ABSENCE:
        if rule.type == "absence" and getattr(rule, key):
            yield Problem(
                (*path, key),
                f'"{key}" means nothing where nothing is seen',
                "remove it",
                on_key=True,
            )


def _times(path: Keys, rule: Rule, kept: timedelta) -> Iterator[Problem]:
    """Yield spans of time that a rule cannot look back over."""
    within, baseline = rule.within, rule.baseline or timedelta(weeks=4)
    if rule.type == "spike":
        if within is not None and not _STEP <= within <= _WEEK:
            yield Problem(
                (*path, "within"), '"within" must be 10m to 7d', 'write "within: 6h"'
            )
        if not FEWEST_WEEKS <= baseline <= MOST_WEEKS:
            yield Problem(
                (*path, "baseline"),
                '"baseline" must be 3w to 52w',
                'write "baseline: 4w"',
            )
    spans = {"baseline": baseline} if rule.type == "spike" else {}
    if within is not None and rule.type != "absence":
        spans["within"] = within
    for key, span in spans.items():
        if span >= kept:
            yield Problem(
                (*path, key),
                f'"{key}" is longer than anything is remembered',
                "give less, or raise retention.state.age",
            )


def _conditions(
    path: Keys, written: Conditions, topics: tuple[str, ...], known: Known
) -> Iterator[Problem]:
    yield from _topics(path, written, known)
    yield from _directions(path, written, topics, known)
    yield from _countries(path, written)
    for key, names, what in (
        ("actors", known.actors, "actor"),
        ("acts", CODES, "act"),
    ):
        for at, name in enumerate(getattr(written, key)):
            if name not in names:
                word = name if key == "actors" else name.upper()
                hint = choice(word, names, "known are")
                if word in names:
                    hint = f'did you mean "{word}"?'
                yield Problem((*path, key, at), f'no {what} named "{name}"', hint)


def _countries(path: Keys, written: Conditions) -> Iterator[Problem]:
    for key in ("countries", "only_countries"):
        for at, name in enumerate(getattr(written, key, ())):
            if name not in COUNTRIES:
                meant = MEANT.get(name)
                hint = f'did you mean "{meant}"?' if meant else _ISO
                yield Problem((*path, key, at), f'no country has code "{name}"', hint)


def _topics(path: Keys, written: Conditions, known: Known) -> Iterator[Problem]:
    if written.topic is not None and written.topics:
        yield Problem((*path, "topic"), '"topic" stands beside "topics"', "keep one")
    wanted = [((*path, "topics", at), each) for at, each in enumerate(written.topics)]
    if written.topic is not None:
        wanted.append(((*path, "topic"), written.topic))
    for place, topic in wanted:
        if "*" in topic:
            if not any(fits(topic, name) for name in known.topics):
                message = f'no topic fits "{topic}"'
                yield Problem(place, message, "correct it, or add such a topic")
        elif topic not in known.topics:
            hint = choice(topic, known.topics, "known are")
            yield Problem(place, f'no topic named "{topic}"', hint)


def _directions(
    path: Keys, written: Conditions, topics: tuple[str, ...], known: Known
) -> Iterator[Problem]:
    if not written.directions:
        return
    heard = Heard(topics)
    about = [topic for topic in known.specs if topic.name in heard]
    if len(about) < sum(name in heard for name in known.topics) or any(
        name not in known.topics for name in heard.names
    ):
        return  # a topic is wrong in itself; its directions are not known
    labels = {each.label for topic in about for each in topic.direction}
    for number, direction in enumerate(written.directions):
        if direction not in labels:
            hint = choice(direction, sorted(labels), "known are")
            yield Problem(
                (*path, "directions", number),
                f'its topics have no direction "{direction}"',
                hint or "remove it",
            )


def _feeds(path: Keys, rule: Rule, known: Known) -> Iterator[Problem]:
    for at, name in enumerate(rule.feeds):
        if not any(fits(name, feed) for feed in known.feeds):
            hint = choice(name, known.feeds, "known are") or "correct it"
            yield Problem((*path, "feeds", at), f'no feed fits "{name}"', hint)
