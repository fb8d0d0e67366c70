"""Topic files: many topics, one a line, that programs write and YAML is too slow for.

A line is a JSON object: `{"name": "...", "query": "..."}`, or a name with the keys that
a topic has in `alerts.yaml`. A line that is wrong leaves the others as they are. Only
lines with a mistake are looked at a second time, to say where in the line it stands.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import DecodeError, Meta, Struct
from pydantic import Field, ValidationError

from monitor.config.document import UnreadableError, read_text
from monitor.config.places import Place
from monitor.config.scalars import Name, Text
from monitor.config.schema_topics import Clause, Topic
from monitor.config.specs import direction_problems, topic_spec
from monitor.config.wording import choice, shape_problem
from monitor.errors import Problem
from monitor.topics.spec import ClauseSpec, TopicSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from monitor.config.document import Keys

MAX_BYTES = 256 * 1024 * 1024
"""The largest topic file read; a hundred thousand topics take about ten MiB."""

MAX_TOLD = 50
"""Mistakes told of one file; the rest is counted."""

_BOM = b"\xef\xbb\xbf"
_SHORT_KEYS = (b'"name"', b'"query"', b'"description"')
_WRITE = 'write {"name": "...", "query": "..."}'


class _Short(Struct, forbid_unknown_fields=True):
    """A line that is only a query, as most are, read without detours."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=100)]
    query: Annotated[str, Meta(min_length=1)]
    description: str = ""


class _Line(Topic):
    """Any line; a query of its own stands for the one clause."""

    name: Name
    query: Text | None = None
    clauses: list[Clause] = Field([])


_NO_JSON = (DecodeError, UnicodeDecodeError, RecursionError)
_KEYS = ("name", "query", *Topic.model_fields)
_short = msgspec.json.Decoder(_Short)
_anything = msgspec.json.Decoder()


@dataclass(slots=True)
class TopicFile:
    """The topics of one file, and the mistakes in it.

    Args:
        path: the file, as a user finds it.
        lines: where each topic stands, by name, from 1.
        problems: what is wrong, each with its line; and its column if it is no value.
    """

    path: str
    topics: dict[str, TopicSpec] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, Problem, int]] = field(default_factory=list)
    digest: bytes = b""
    source: bytes = b""
    _rows: list[bytes] = field(default_factory=list)

    def told(
        self, problems: Iterable[Problem]
    ) -> tuple[list[tuple[Place, Problem]], int]:
        """Return what is wrong, with places, by line, and how much more there is.

        Args:
            problems: what was found later about topics of this file.
        """
        later = ((self.lines[str(p.path[1])], p, 0) for p in problems)
        every = sorted({*self.problems, *later}, key=_by_line)
        placed = [
            (Place(line, column or self._column(line, problem)), problem)
            for line, problem, column in every[:MAX_TOLD]
        ]
        return sorted(placed, key=_by_place), len(every) - len(placed)

    def place(self, problem: Problem) -> Place:
        """Return where a problem of one of the topics stands."""
        line = self.lines[str(problem.path[1])]
        return Place(line, self._column(line, problem))

    def _column(self, line: int, problem: Problem) -> int:
        if not self._rows:
            self._rows = list(BytesIO(self.source))
        return _column(self._rows[line - 1], problem)


@dataclass(slots=True)
class TopicFiles:
    """The topic files of a configuration.

    Args:
        problems: what is wrong with the list under `topic_files:` itself.
    """

    files: list[TopicFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def topics(self) -> Iterator[TopicSpec]:
        """Yield the topics that are well formed, in the order of the files."""
        for each in self.files:
            # Unlike `yield from`, a loop lets other threads run in between.
            for topic in each.topics.values():  # noqa: UP028
                yield topic

    def __contains__(self, name: object) -> bool:
        """Tell whether a topic is there, be it with mistakes."""
        return any(name in each.lines for each in self.files)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all topics, also of those with mistakes."""
        for each in self.files:
            for name in each.lines:  # noqa: UP028 - as above
                yield name

    def owner(self, problem: Problem) -> TopicFile | None:
        """Return the file that holds the topic which a problem is about, if any."""
        if problem.path[:1] != ("topics",) or len(problem.path) < len(("topics", "x")):
            return None
        name = problem.path[1]
        return next((each for each in self.files if name in each.lines), None)


def read_topic_files(
    paths: Sequence[str],
    folder: Path,
    taken: Mapping[str, object],
    running: Mapping[str, TopicSpec] | None = None,
) -> TopicFiles:
    """Return the topics of the user's files, and every mistake in them.

    Args:
        folder: where relative paths begin.
        taken: the topics of the configuration itself, by name.
        running: topics in use; one that is written as before is taken over, so that a
            reload neither keeps nor frees a second copy of all.
    """
    found = TopicFiles()
    for number, path in enumerate(paths):
        try:
            source = _read_bytes(folder / path)
        except (OSError, ValueError) as error:
            found.problems.append(_unreadable(error, number, folder / path))
            continue
        if len(source) > MAX_BYTES:
            message = (
                f'topic file "{folder / path}" is larger than {MAX_BYTES >> 20} MiB'
            )
            found.problems.append(Problem(("topic_files", number), message, "split it"))
            continue
        reader = _Reader(TopicFile(str(folder / path)), found, taken, running or {})
        reader.read(source)
        found.files.append(reader.file)
    return found


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        source = file.read(1 << 20)
        while len(source) <= MAX_BYTES and (more := file.read(len(source))):
            source += more
    return source


def _unreadable(error: Exception, number: int, path: Path) -> Problem:
    where = ("topic_files", number)
    if isinstance(error, FileNotFoundError):
        return Problem(where, f'there is no file "{path}"', "correct its name")
    if isinstance(error, IsADirectoryError):
        return Problem(where, f'topic file "{path}" is a directory', "name a file")
    if isinstance(error, OSError):
        reason = (error.strerror or "unknown reason").lower()
        message = f'topic file "{path}" cannot be read ({reason})'
        return Problem(where, message, "check its name and permissions")
    return Problem(where, "this is no file name", "name a file")  # a NUL in it


class _Reader:
    """Read one file, line by line: other threads get their turn in between."""

    def __init__(
        self,
        file: TopicFile,
        before: TopicFiles,
        taken: Mapping[str, object],
        running: Mapping[str, TopicSpec],
    ) -> None:
        self.file = file
        self._before = tuple(before.files)
        self._taken = taken
        self._running = running

    def read(self, source: bytes) -> None:
        self.file.source = source = source.removeprefix(_BOM)
        self.file.digest = hashlib.sha256(source).digest()
        for number, row in enumerate(BytesIO(source), start=1):
            if row.isspace():
                continue
            try:
                line = _short.decode(row)
                if any(row.count(key) > 1 for key in _SHORT_KEYS):
                    raise DecodeError  # perhaps a key is there twice
            except _NO_JSON:
                self._full(row, number)
            else:
                clauses = (ClauseSpec(query=line.query),)
                spec = TopicSpec(
                    name=line.name, description=line.description, clauses=clauses
                )
                self._add(spec, number)

    def _add(self, spec: TopicSpec, number: int) -> None:
        before = self._running.get(spec.name)
        if before == spec:
            spec = before
        if self._is_new(spec.name, number):
            self.file.topics[spec.name] = spec

    def _is_new(self, name: str, number: int) -> bool:
        """Note where a topic stands, or that it stands elsewhere too."""
        path = ("topics", name, "name")
        if name in self._taken:
            where = "in the configuration itself"
        elif name in self.file.lines:
            where = f"on line {self.file.lines[name]}"
        else:
            first = (each for each in self._before if name in each.lines)
            other = next(first, None)
            if other is None:
                self.file.lines[name] = number
                return True
            where = f'in "{other.path}"'
        self._report(number, Problem(path, f"the name is also {where}", "rename one"))
        return False

    def _full(self, row: bytes, number: int) -> None:
        """Read a line with more than a query, or with a mistake."""
        nameless = ("line", number)
        try:
            data = _anything.decode(row)
        except _NO_JSON:
            message, column = _malformed(row)
            self._report(number, Problem(nameless, message, _WRITE), column)
            return
        if not isinstance(data, dict):
            problem = Problem(nameless, "the line must hold an object", _WRITE)
            self._report(number, problem, 1)
            return
        name = data.get("name")
        path = ("topics", name) if isinstance(name, str) else nameless
        line, problems = _validate(data, path)
        problems += _repeated(row, path)
        if line is not None and not problems:
            self._add(topic_spec(line.name, line), number)
            return
        for problem in problems:
            self._report(number, problem)
        if isinstance(name, str) and name not in self._taken:
            # Rules that name it are not to blame.
            self.file.lines.setdefault(name, number)

    def _report(self, number: int, problem: Problem, column: int = 0) -> None:
        self.file.problems.append((number, problem, column))


def _malformed(row: bytes) -> tuple[str, int]:
    """Return what keeps a line from being JSON, and the column."""
    try:
        json.loads(row.rstrip().decode())  # says the place better
    except UnicodeDecodeError as error:
        before = row[: error.start].decode("utf-8", "replace")
        return "the line is not UTF-8", len(before) + 1
    except json.JSONDecodeError as told:
        what = told.msg.lower().replace("'", '"')
        return f"the line is no JSON ({what})", told.colno
    except ValueError:
        return "the line is no JSON (a number is too long)", 1
    except RecursionError:
        return "the line is nested too deeply", 1
    return "the line is no JSON", 1


def _repeated(row: bytes, path: Keys) -> list[Problem]:
    """Return the keys that an object of a line has twice; JSON decoders take the last."""
    found: dict[str, None] = {}

    def look(pairs: list[tuple[str, object]]) -> None:
        counted = Counter(key for key, _ in pairs)
        found.update((key, None) for key, count in counted.items() if count > 1)

    with contextlib.suppress(ValueError, RecursionError):  # told of elsewhere
        json.loads(row.decode(), object_pairs_hook=look)
    return [
        Problem((*path, key), f'"{key}" is given twice', "keep one", on_key=True)
        for key in found
    ]


def _validate(data: dict[str, Any], path: Keys) -> tuple[_Line | None, list[Problem]]:
    problems = [
        Problem(
            (*path, key),
            f'unknown key "{key}"',
            choice(key, _KEYS, "known are"),
            on_key=True,
        )
        for key in data
        if key not in _KEYS
    ]
    known = {key: value for key, value in data.items() if key in _KEYS}
    try:
        line = _Line.model_validate(known)
    except ValidationError as error:
        whole = {"topics": {str(path[1]): data}}
        problems += [_shape(detail, path, whole) for detail in error.errors()]
        return None, problems
    if line.query is None:
        if not line.clauses:
            message, hint = '"query" is missing', 'add "query", or "clauses"'
            problems.append(Problem((*path, "query"), message, hint))
        return line, problems + list(direction_problems(str(path[1]), line))
    if line.clauses:
        message = '"query" stands beside "clauses"'
        problems.append(Problem((*path, "query"), message, "keep one"))
    whole_query = Clause(query=line.query)
    line = line.model_copy(update={"clauses": [whole_query]})
    return line, problems + list(direction_problems(str(path[1]), line))


def _shape(detail: ErrorDetails, path: Keys, data: dict[str, Any]) -> Problem:
    return shape_problem({**detail, "loc": (*path, *detail["loc"])}, data)


def _by_place(found: tuple[Place, Problem]) -> tuple[Place, str]:
    return found[0], found[1].message


def _by_line(found: tuple[int, Problem, int]) -> tuple[int, int, str]:
    line, problem, column = found
    return line, column, problem.message


def _column(row: bytes, problem: Problem) -> int:
    """Return the column of a mistake in a line, by reading it as the YAML it also is."""
    path = problem.path[2:]
    try:
        document = read_text(row)
    except UnreadableError:
        return 1
    if path[:2] == ("clauses", 0) and "query" in document.data:
        path = path[2:]  # the query stands for the clause
    place = document.place(replace(problem, path=path))
    return place.column if place.line == 1 else 1
