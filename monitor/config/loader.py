"""Load `alerts.yaml`, or say every mistake in it at once, each with its place."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from monitor.config.addresses import folder_mistake
from monitor.config.build import build
from monitor.config.checks import check
from monitor.config.checks_rules import OF_TYPES
from monitor.config.document import UnreadableError, read_document
from monitor.config.environment import DATA_DIR, fill
from monitor.config.feed_files import read_feed_files
from monitor.config.packs import read_packs
from monitor.config.repeats import expand
from monitor.config.schema import Config
from monitor.config.secrets import secret_problems
from monitor.config.topic_files import read_topic_files
from monitor.config.wording import shape_problem, told
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from os import PathLike

    from monitor.config.document import Document, Keys
    from monitor.config.environment import Filled
    from monitor.config.feed_files import FeedFiles
    from monitor.config.places import Place
    from monitor.config.repeats import Expanded
    from monitor.config.settings import Settings
    from monitor.config.topic_files import TopicFiles
    from monitor.errors import Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without mistakes, its words, and where they stand.

    Args:
        lists: the feed files, as they stand.
        warnings: what is odd but no mistake.
        place: finds the file of a value, and its place there.
    """

    settings: Settings
    config: Config
    lists: FeedFiles
    warnings: tuple[Problem, ...]
    place: Callable[[Problem], tuple[str, Place]]


def load(
    path: str | PathLike[str],
    *,
    environ: Mapping[str, str],
    running: Settings | None = None,
) -> Settings:
    """Read and check a configuration file.

    Args:
        environ: the environment, for `${NAME}` and the WIREWATCH_* variables.
        running: settings in use. Topics that are written as they were are taken over
            from them, which may go on matching in another thread meanwhile.

    Raises:
        ConfigError: with every mistake, in the order of the file.
    """
    return load_whole(path, environ=environ, running=running).settings


def load_whole(
    path: str | PathLike[str],
    *,
    environ: Mapping[str, str],
    running: Settings | None = None,
) -> Loaded:
    """Read and check a configuration file, and keep its words and their places.

    Raises:
        ConfigError: with every mistake, in the order of the file.
    """
    name, folder = str(path), Path(path).parent
    index = running.index if running else None
    document = _read(name)
    filled = fill(_sections(document.data), environ, folder)
    if mistake := folder_mistake(filled.data_dir):
        filled.outside.append(f"{DATA_DIR}: {mistake[0]}; {mistake[1]}")
    expanded = expand(filled.data)
    filled.data = expanded.data
    config, shape = _validate(filled.data, filled.problems)
    shape += expanded.problems
    shape = [*_not_yet_told(shape, document), *secret_problems(filled)]
    packs = read_packs(config.packs, folder)
    files = read_topic_files(
        config.topic_files,
        folder,
        taken=_section(filled.data, "topics"),
        running={each.name: each for each in running.topics} if running else None,
    )
    lists = read_feed_files(config.feed_files, folder, _section(filled.data, "feeds"))
    checked = check(config, filled, packs, files, index, lists=lists)
    reporter = _Reporter(name, document, filled, files, expanded)
    lines = reporter.lines(
        [
            *filled.problems,
            *shape,
            *_independent(checked.problems, [*shape, *filled.problems]),
        ]
    )
    lines += [*packs.lines, *lists.lines()]
    if lines:
        raise ConfigError(lines)
    sources = [document.source, *packs.sources]
    sources += [each.digest for each in files.files]
    sources += [each.digest for each in lists.files]
    settings = build(
        config,
        concepts=checked.concepts,
        topics=checked.topics,
        index=checked.index,
        listed=lists.feeds(config.defaults),
        path=name,
        data_dir=Path(filled.data_dir),
        digest=hashlib.sha256(b"".join(sources)).hexdigest(),
        warnings=tuple(reporter.lines(checked.warnings)),
    )
    return Loaded(settings, config, lists, tuple(checked.warnings), reporter.place)


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, object]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _read(name: str) -> Document:
    try:
        return read_document(Path(name))
    except UnreadableError as error:
        place, message, hint = error.placed
        where = f"{name}:{place.line}:{place.column}" if place.line else name
        raise ConfigError([f"{where}: {message}; {hint}"]) from None


def _not_yet_told(shape: list[Problem], document: Document) -> list[Problem]:
    """Leave out what is wrong with values that could not even be read."""
    unread = {problem.path for problem, _ in document.problems}
    return [problem for problem in shape if problem.path not in unread]


def _independent(later: list[Problem], first: list[Problem]) -> list[Problem]:
    """Leave out mistakes that may only come from what was taken out of an item."""
    spoilt = {
        problem.path[:length]
        for problem in first
        for length in range(1, len(problem.path) + 1)
    }
    return [problem for problem in later if problem.path not in spoilt]


class _Reporter:
    """Write mistakes with their places."""

    def __init__(
        self,
        name: str,
        document: Document,
        filled: Filled,
        files: TopicFiles,
        expanded: Expanded,
    ) -> None:
        self._name = name
        self._document = document
        self._filled = filled
        self._files = files
        self._expanded = expanded

    def place(self, problem: Problem) -> tuple[str, Place]:
        """Return the file that a problem is in, and its place there."""
        problem = self._expanded.in_file(problem)
        file = self._files.owner(problem)
        if file is None:
            return self._name, self._document.place(problem)
        return file.path, file.place(problem)

    def lines(self, problems: Iterable[Problem]) -> list[str]:
        """Return these and what was found on reading, each once, by line."""
        found = {(place, told(problem)) for problem, place in self._document.problems}
        outside = dict.fromkeys(self._filled.outside)
        in_files: dict[str, list[Problem]] = {}
        for problem in map(self._expanded.in_file, problems):
            if file := self._files.owner(problem):
                in_files.setdefault(file.path, []).append(problem)
            elif variable := self._filled.variables.get(problem.path):
                outside[f"{variable}: {told(problem)}"] = None
            else:
                found.add((self._document.place(problem), told(problem)))
        lines = [*outside, *_placed(self._name, sorted(found))]
        for file in self._files.files:
            placed, more = file.told(in_files.get(file.path, ()))
            lines += _placed(file.path, [(at, told(each)) for at, each in placed])
            if more:
                lines.append(f"{file.path}: and {more} more; correct these first")
        return lines


def _placed(name: str, found: Iterable[tuple[Place, str]]) -> list[str]:
    return [f"{name}:{at.line}:{at.column}: {text}" for at, text in found]


def _sections(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out sections whose lines are all commented out, and `x-` keys.

    As in a compose file, a key that begins with `x-` holds what aliases repeat.
    """
    return {
        key: value
        for key, value in data.items()
        if value is not None and not key.startswith("x-")
    }


def _validate(
    data: dict[str, Any], unfilled: list[Problem]
) -> tuple[Config, list[Problem]]:
    """Return the mistakes of shape, and the configuration without what has them.

    What is left is checked further, so that one round shows every mistake.
    """
    rest = copy.deepcopy(data)
    problems: list[Problem] = []
    for problem in unfilled:
        _drop(rest, problem.path)
    for depth in (None, 2, 1):
        try:
            return Config.model_validate(rest), problems
        except ValidationError as error:
            found = [shape_problem(detail, rest) for detail in error.errors()]
        if depth is None:
            problems = [each for each in found if not _is_beside(each, unfilled)]
        for problem in found:
            _drop(rest, problem.path[:depth])
    return Config(), problems


def _is_beside(problem: Problem, unfilled: list[Problem]) -> bool:
    """Say whether a key is only missing because it could not be filled in."""
    return any(each.path == problem.path for each in unfilled)


def _drop(data: dict[str, Any], path: Keys) -> None:
    """Remove a value, or the list that holds it.

    A list goes as a whole: without one item the others would change their places.
    """
    while path and isinstance(path[-1], int):
        path = path[:-1]
    inner: Any = data
    for key in path[:-1]:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return
    if path and isinstance(inner, dict):
        inner.pop(path[-1], None)
        if path[-1] == "type":
            # Without its type nobody knows which of a rule's keys belong to it.
            for key in OF_TYPES:
                inner.pop(key, None)
