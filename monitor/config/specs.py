"""From the words of the file to the values of the core: topics, feeds, rules, routes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, cast

from monitor.alerting.lifecycle import STALE_AFTER, Course
from monitor.config.matchers import read_matcher
from monitor.config.schema import Webhook
from monitor.errors import Problem
from monitor.model import Feed, Receiver, Route
from monitor.rule_model import fits
from monitor.topics.spec import (
    ClauseSpec,
    ConceptSpec,
    DirectionSpec,
    ExclusionSpec,
    TopicSpec,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.alerting.lifecycle import Phase
    from monitor.config import schema
    from monitor.config.document import Keys
    from monitor.config.schema_feeds import AnyAuth, FeedDefaults, FeedSource
    from monitor.config.schema_topics import Clause, Condition, Exclusion, Topic

EXCEPT = "except"
"""The key of a concept that holds its exceptions, beside the languages."""

NO_ROUTE_RECEIVER = "console"
"""The receiver of a file that names none."""


def concept_specs(
    config: schema.Config, names: Iterable[str] = ()
) -> list[ConceptSpec]:
    """Return the concepts.

    Args:
        names: concepts that the file names; those that are wrong in themselves get a
            stand-in, so that topics that use them are not blamed.
    """
    specs = [
        ConceptSpec(
            name=name,
            terms={
                lang: tuple(terms) for lang, terms in written.items() if lang != EXCEPT
            },
            excepted=tuple(written.get(EXCEPT, ())),
        )
        for name, written in config.concepts.items()
    ]
    missing = [name for name in names if name not in config.concepts]
    return specs + [
        ConceptSpec(name=name, terms={"any": ("placeholder",)}) for name in missing
    ]


def topic_specs(config: schema.Config) -> list[TopicSpec]:
    """Return the topics in the order of the file."""
    return [topic_spec(name, topic) for name, topic in config.topics.items()]


def topic_spec(name: str, topic: Topic) -> TopicSpec:
    """Return one topic."""
    return TopicSpec(
        name=name,
        description=topic.description,
        threshold=topic.threshold,
        clauses=tuple(map(_clause, topic.clauses)),
        exclude=tuple(map(_exclusion, topic.exclude)),
        title_boost=topic.title_boost,
        direction=tuple(
            DirectionSpec(label=label, cues=tuple(cues))
            for each in topic.direction
            for label, cues in each.items()
        ),
        lifecycle=dict(topic.lifecycle),
        stale_after=topic.stale_after,
        actors=None if topic.actors is None else tuple(topic.actors),
        match=tuple(topic.examples.match),
        no_match=tuple(topic.examples.no_match),
    )


def course(topic: TopicSpec) -> Course:
    """Return how the directions of a topic lead from phase to phase."""
    return Course(
        phases=cast("dict[str, Phase]", topic.lifecycle),
        stale_after=topic.stale_after or STALE_AFTER,
    )


def direction_problems(name: str, topic: Topic) -> Iterator[Problem]:
    """Yield the directions of a topic that are not one label each."""
    for number, direction in enumerate(topic.direction):
        if len(direction) != 1:
            yield Problem(
                ("topics", name, "direction", number),
                f"a direction has one label, not {len(direction)}",
                'write "- label: [concepts]" lines',
            )


def _clause(clause: Clause) -> ClauseSpec:
    return ClauseSpec(**_condition(clause), weight=clause.weight)


def _exclusion(exclusion: Exclusion) -> ExclusionSpec:
    return ExclusionSpec(
        **_condition(exclusion), weight=exclusion.weight, veto=exclusion.veto
    )


def _condition(written: Condition) -> dict[str, Any]:
    distinct = written.require_distinct
    return {
        "all": tuple(written.all),
        "any": tuple(written.any),
        "near": written.near,
        "ordered": written.ordered,
        "same_sentence": written.same_sentence,
        "not_near": tuple(written.not_near),
        "not_within": written.not_within,
        "require_distinct": distinct if isinstance(distinct, bool) else tuple(distinct),
        "query": written.query or "",
    }


def feeds(config: schema.Config) -> tuple[Feed, ...]:
    """Return the feeds, with the defaults filled in."""
    return tuple(
        feed_spec(name, feed, config.defaults) for name, feed in config.feeds.items()
    )


def feed_spec(name: str, feed: FeedSource, defaults: FeedDefaults) -> Feed:
    """Return one feed."""
    return Feed(
        id=name,
        url=feed.url,
        interval=feed.interval or defaults.interval,
        max_interval=feed.max_interval or defaults.max_interval,
        timeout=feed.timeout or defaults.timeout,
        lang=feed.lang or "",
        source=feed.source or "",
        authorization=_authorization(feed.auth),
        full_text=defaults.full_text if feed.full_text is None else feed.full_text,
    )


def _authorization(auth: AnyAuth | None) -> str:
    """Return the value of an Authorization header (RFC 7617, RFC 6750)."""
    if auth is None:
        return ""
    if auth.type == "bearer":
        return f"Bearer {auth.token.get_secret_value()}"
    pair = f"{auth.username}:{auth.password.get_secret_value()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


class Heard:
    """The topics that rules listen to: a container of names, quick also for patterns.

    Args:
        written: names, and patterns in which `*` stands for any letters.
    """

    def __init__(self, written: Iterable[str]) -> None:
        self.names: set[str] = set()
        self._patterns: list[str] = []
        for each in written:
            if "*" in each:
                self._patterns.append(each)
            else:
                self.names.add(each)

    def __contains__(self, name: str) -> bool:
        """Tell whether a topic is one of them."""
        return name in self.names or any(fits(each, name) for each in self._patterns)


def receivers(config: schema.Config) -> dict[str, Receiver]:
    """Return the receivers by name; the console when the file names none."""
    if not config.receivers:
        return {NO_ROUTE_RECEIVER: Receiver(name=NO_ROUTE_RECEIVER, kind="console")}
    return {name: _receiver(name, one) for name, one in config.receivers.items()}


def _receiver(name: str, receiver: schema.AnyReceiver) -> Receiver:
    if receiver.type == "console":
        return Receiver(name=name, kind="console")
    keys = []
    if isinstance(receiver, Webhook):
        keys = [*receiver.secrets, *([receiver.secret] if receiver.secret else [])]
    return Receiver(
        name=name,
        kind=receiver.type,
        url=receiver.url.get_secret_value(),
        secrets=tuple(key.get_secret_value() for key in keys),
        timeout=receiver.timeout,
    )


def route(config: schema.Config, known: Mapping[str, Receiver]) -> Route:
    """Return the route tree; without one, every receiver hears of every alert."""
    if config.route is None:
        return Route(receivers=tuple(known))
    return _route(config.route, ())


def _route(written: schema.Route, above: tuple[str, ...]) -> Route:
    named = [*written.receivers, *([written.receiver] if written.receiver else [])]
    here = tuple(dict.fromkeys(named)) or above
    return Route(
        receivers=here,
        matchers=tuple(map(read_matcher, written.matchers)),
        continue_=written.continue_,
        routes=tuple(_route(child, here) for child in written.routes),
    )


def walk_routes(
    route: schema.Route, path: Keys = ("route",)
) -> Iterator[tuple[Keys, schema.Route]]:
    """Yield a route and all below it, with their paths."""
    yield path, route
    for number, child in enumerate(route.routes):
        yield from walk_routes(child, (*path, "routes", number))
