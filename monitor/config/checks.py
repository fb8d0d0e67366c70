"""Check what one value owes another: rules their topics, routes their receivers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from monitor.config.addresses import log_mistake, state_mistake
from monitor.config.checks_rules import Known, check_rules
from monitor.config.feed_files import FeedFiles
from monitor.config.matchers import MatcherError, read_matcher
from monitor.config.oddities import oddities
from monitor.config.packs import pack_names
from monitor.config.publishers import publisher_problems
from monitor.config.specs import (
    concept_specs,
    direction_problems,
    topic_specs,
    walk_routes,
)
from monitor.config.wording import choice
from monitor.errors import Problem, QueryError
from monitor.topics import compile_topics
from monitor.topics.printer import print_term
from monitor.topics.qualifiers import is_feed, named_feeds
from monitor.topics.query import parse_query

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from monitor.config.document import Keys
    from monitor.config.environment import Filled
    from monitor.config.packs import Packs
    from monitor.config.schema import Config, Route
    from monitor.config.topic_files import TopicFiles
    from monitor.topics import TopicIndex
    from monitor.topics.spec import ConceptSpec, TopicSpec


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found, and the topics they compiled on the way."""

    problems: list[Problem]
    warnings: list[Problem]
    topics: tuple[TopicSpec, ...]
    index: TopicIndex
    concepts: tuple[ConceptSpec, ...]


class _TopicNames:
    """The topics of the file and of topic files, without a copy of them all."""

    def __init__(self, own: Collection[str], files: TopicFiles) -> None:
        self._own = own
        self._files = files

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._files

    def __iter__(self) -> Iterator[str]:
        return chain(self._own, self._files)


@dataclass(frozen=True, slots=True)
class _Names:
    """Every name the file gives, also of items that are wrong in themselves."""

    topics: _TopicNames
    receivers: tuple[str, ...]
    concepts: tuple[str, ...]
    feeds: tuple[str, ...]

    @classmethod
    def of(cls, filled: Filled, files: TopicFiles, listed: tuple[str, ...]) -> _Names:
        def names(section: str) -> tuple[str, ...]:
            found = filled.data.get(section)
            return tuple(found) if isinstance(found, dict) else ()

        return cls(
            _TopicNames(dict.fromkeys(names("topics")), files),
            names("receivers"),
            names("concepts"),
            (*names("feeds"), *listed),
        )


def check(
    config: Config,
    filled: Filled,
    packs: Packs,
    files: TopicFiles,
    running: TopicIndex | None = None,
    *,
    lists: FeedFiles | None = None,
) -> Checked:
    """Check a configuration whose every value is well formed.

    Args:
        filled: the file's values, also of the items that were taken out of `config`
            for being wrong: their names exist.
        packs: where concepts named `pack/concept` come from.
        files: the topics that stand in files of their own.
        running: an index in use, which the new one is to take topics over from.
        lists: the feeds that stand in files of their own.
    """
    lists = lists or FeedFiles()
    names = _Names.of(filled, files, lists.names)
    topics = tuple(chain(topic_specs(config), files.topics()))
    concepts = (
        *concept_specs(config, names.concepts),
        *packs.concepts(pack_names(config, topics)),
    )
    compiled = compile_topics(
        concepts,
        topics,
        stemming=config.text.stemming,
        running=running,
        packs=packs.cast(),
    )
    known = Known(names.topics, topics, names.feeds, _actors(packs, topics))
    problems = [
        *packs.problems,
        *files.problems,
        *lists.problems,
        *_addresses(config),
        *_intervals(config),
        *publisher_problems(config),
        *_directions(config),
        *(_in_file(problem, filled) for problem in compiled.problems),
        *_feeds_in_queries(topics, names),
        *check_rules(config, known, filled.data),
        *_receivers(config),
        *_routes(config, names),
    ]
    warnings = [*packs.warnings, *oddities(config, topics, files)]
    return Checked(problems, warnings, topics, compiled.index, concepts)


def _actors(packs: Packs, topics: Iterable[TopicSpec]) -> dict[str, None]:
    """Return who may act: the states and bodies, and who topics name besides."""
    shipped = (
        each for each in packs.names() if each.startswith(("states/", "bodies/"))
    )
    named = (actor for topic in topics for actor in topic.actors or ())
    return dict.fromkeys([*shipped, *named])


def _in_file(problem: Problem, filled: Filled) -> Problem:
    """Drop an offset that counts characters which the environment put there."""
    return replace(problem, offset=0) if problem.path in filled.literal else problem


def _addresses(config: Config) -> Iterator[Problem]:
    found = {
        "log": log_mistake(config.log),
        "state": state_mistake(config.state.get_secret_value()),
    }
    for key, mistake in found.items():
        if mistake:
            yield Problem((key,), f'"{key}" {mistake[0]}', mistake[1])


def _intervals(config: Config) -> Iterator[Problem]:
    """Yield the longest intervals that are shorter than the interval itself."""
    usual = config.defaults
    found: dict[Keys, bool] = {
        ("defaults",): usual.max_interval is not None
        and usual.max_interval < usual.interval
    }
    for name, feed in config.feeds.items():
        interval = feed.interval or usual.interval
        longest = feed.max_interval
        found["feeds", name] = longest is not None and longest < interval
    for path, is_short in found.items():
        if is_short:
            yield Problem(
                (*path, "max_interval"),
                '"max_interval" is shorter than the interval',
                "give at least as much, or leave it out",
            )


def _directions(config: Config) -> Iterator[Problem]:
    for name, topic in config.topics.items():
        yield from direction_problems(name, topic)


def _feeds_in_queries(topics: Iterable[TopicSpec], names: _Names) -> Iterator[Problem]:
    for topic in topics if names.feeds else ():
        for key, clauses in (("clauses", topic.clauses), ("exclude", topic.exclude)):
            for number, clause in enumerate(clauses):
                if "feed:" in clause.query:
                    path = ("topics", topic.name, key, number, "query")
                    yield from _feeds_in_query(clause.query, path, names.feeds)


def _feeds_in_query(
    query: str, path: Keys, feeds: tuple[str, ...]
) -> Iterator[Problem]:
    try:
        wanted = list(named_feeds(parse_query(query)))
    except QueryError:
        return  # told where topics are compiled
    for node in wanted:
        if not any(is_feed(node.term, feed) for feed in feeds):
            written = print_term(node.term)
            yield Problem(
                path,
                f'no feed named "{written}", so this never matches',
                choice(written, feeds, "known are"),
                node.offset,
            )


def _receivers(config: Config) -> Iterator[Problem]:
    for name, receiver in config.receivers.items():
        if receiver.type == "webhook" and receiver.secret and receiver.secrets:
            path = ("receivers", name, "secret")
            yield Problem(path, '"secret" stands beside "secrets"', "keep one")


def _routes(config: Config, names: _Names) -> Iterator[Problem]:
    if config.route is None:
        return
    root = config.route
    if not root.receiver and not root.receivers:
        yield Problem(("route", "receiver"), '"receiver" is missing', "add its name")
    for key, given in (("matchers", root.matchers), ("continue", root.continue_)):
        if given:
            yield Problem(
                ("route", key),
                f'the first route takes every alert and has no "{key}"',
                "move it to a route below",
                on_key=True,
            )
    for path, route in walk_routes(root):
        yield from _route(path, route, names)


def _route(path: Keys, route: Route, names: _Names) -> Iterator[Problem]:
    if route.receiver and route.receivers:
        yield Problem(
            (*path, "receiver"), '"receiver" stands beside "receivers"', "keep one"
        )
    wanted = [
        ((*path, "receivers", at), name) for at, name in enumerate(route.receivers)
    ]
    if route.receiver:
        wanted.append(((*path, "receiver"), route.receiver))
    for place, name in wanted:
        if name not in (names.receivers or ("console",)):
            hint = choice(name, names.receivers, "known are")
            yield Problem(place, f'no receiver named "{name}"', hint)
    for number, text in enumerate(route.matchers):
        try:
            read_matcher(text)
        except MatcherError as error:
            yield Problem((*path, "matchers", number), error.message, error.hint)
