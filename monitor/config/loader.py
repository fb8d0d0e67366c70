"""Load `alerts.yaml`, or say every mistake in it at once, each with its place."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from monitor.config.addresses import folder_mistake
from monitor.config.build import build
from monitor.config.checks import check
from monitor.config.document import UnreadableError, read_document
from monitor.config.environment import DATA_DIR, fill
from monitor.config.schema import Config
from monitor.config.secrets import secret_problems
from monitor.config.wording import shape_problem, told
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from monitor.config.document import Document, Keys
    from monitor.config.environment import Filled
    from monitor.config.settings import Settings
    from monitor.errors import Problem


def load(path: str | PathLike[str], *, environ: Mapping[str, str]) -> Settings:
    """Read and check a configuration file.

    Args:
        environ: the environment, for `${NAME}` and the WIREWATCH_* variables.

    Raises:
        ConfigError: with every mistake, in the order of the file.
    """
    name = str(path)
    try:
        document = read_document(Path(path))
    except UnreadableError as error:
        place, message, hint = error.placed
        where = f"{name}:{place.line}:{place.column}" if place.line else name
        raise ConfigError(
            [f"{where}: {message}" + (f"; {hint}" if hint else "")]
        ) from None
    filled = fill(_without_empty(document.data), environ, Path(path).parent)
    if mistake := folder_mistake(filled.data_dir):
        filled.outside.append(f"{DATA_DIR}: {mistake[0]}; {mistake[1]}")
    read = [*document.problems, *filled.problems]
    spoilt = {problem.path for problem in read}
    config, shape = _validate(filled.data, spoilt)
    checked = check(config, filled)
    shape += secret_problems(filled)
    problems = [
        *read,
        *(found for found in shape if found.path not in spoilt),
        *_independent(checked.problems, [*read, *shape]),
    ]
    reporter = _Reporter(name, document, filled)
    if problems or filled.outside:
        raise ConfigError([*filled.outside, *reporter.lines(problems)])
    return build(
        config,
        index=checked.index,
        path=name,
        data_dir=Path(filled.data_dir),
        digest=hashlib.sha256(document.source).hexdigest(),
        warnings=tuple(reporter.lines(checked.warnings)),
        place=document.place,
    )


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

    def __init__(self, name: str, document: Document, filled: Filled) -> None:
        self._name = name
        self._document = document
        self._filled = filled

    def lines(self, problems: Iterable[Problem]) -> list[str]:
        """Return each mistake once, in the order of the file."""
        found: dict[tuple[int, int, str], None] = {}
        outside: dict[str, None] = {}
        for problem in problems:
            if variable := self._filled.variables.get(problem.path):
                outside[f"{variable}: {told(problem)}"] = None
                continue
            place = self._document.place(problem)
            found[(place.line, place.column, told(problem))] = None
        return [*outside] + [
            f"{self._name}:{line}:{column}: {text}"
            for line, column, text in sorted(found)
        ]


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    """Take a section whose lines are all commented out as absent."""
    return {key: value for key, value in data.items() if value is not None}


def _validate(data: dict[str, Any], spoilt: set[Keys]) -> tuple[Config, list[Problem]]:
    """Return the mistakes of shape, and the configuration without what has them.

    What is left is checked further, so that one round shows every mistake.
    """
    rest = copy.deepcopy(data)
    problems: list[Problem] = []
    for path in spoilt:
        _drop(rest, path)
    for depth in (None, 2, 1):
        try:
            return Config.model_validate(rest), problems
        except ValidationError as error:
            found = [shape_problem(detail, rest) for detail in error.errors()]
        if depth is None:
            problems = found
        for problem in found:
            _drop(rest, problem.path[:depth])
    return Config(), problems


def _drop(data: dict[str, Any], path: Keys) -> None:
    """Remove a value, or the list that holds it.

    A list goes as a whole: without one item the others would change their places.
    """
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return
    inner: Any = data
    for key in path[:-1]:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(inner, dict):
        inner.pop(path[-1], None)
