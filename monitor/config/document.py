"""Read a YAML file into plain values, and remember where each of them stands.

The file is composed into ruamel.yaml's node tree and walked by hand: that keeps the
marks of keys and values and the style of scalars, and lets us report every duplicate
key and bound what aliases may blow up. Knows nothing of what the keys mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from monitor.config.places import NOWHERE, Place, Placed, place_in_scalar
from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024
"""The largest configuration file read; YAML takes about seven seconds a megabyte."""

MAX_REPEATED = 100_000
"""Values and keys that aliases may repeat, so that no small file fills the memory."""

MAX_REPEATED_CHARACTERS = 16 * 1024 * 1024
"""Characters of text that aliases may repeat."""

MAX_DEPTH = 50
"""Levels of nesting; a real configuration has about eight."""

_TAG = "tag:yaml.org,2002:"

Keys = tuple[str | int, ...]


class UnreadableError(Exception):
    """Say why a file is no YAML mapping at all.

    Args:
        placed: the mistake; line 0 when it has no place inside the file.
    """

    def __init__(self, placed: Placed) -> None:
        super().__init__(placed.message)
        self.placed = placed


@dataclass(slots=True)
class Document:
    """The plain values of a file and the places they came from.

    Args:
        data: mappings, lists, text, numbers, booleans and None.
        problems: duplicate keys and the like, found while reading, with their places.
    """

    source: bytes = b""
    data: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    problems: list[tuple[Problem, Place]] = field(default_factory=list)
    keys: dict[Keys, Place] = field(default_factory=dict)
    nodes: dict[Keys, Node] = field(default_factory=dict)

    def place(self, problem: Problem) -> Place:
        """Return where a problem stands; the nearest enclosing value if it has none."""
        path = problem.path
        if problem.on_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.nodes:
            path = path[:-1]
        node = self.nodes.get(path)
        if isinstance(node, ScalarNode) and (node.value or node.style):
            return place_in_scalar(node, problem.offset, self.lines)
        is_there = path == problem.path and not isinstance(node, ScalarNode)
        if not is_there and path in self.keys:
            # What is missing belongs to what lacks it: point at its name.
            return self.keys[path]
        return _place(node) if node else Place(1, 1)


def read_document(path: Path) -> Document:
    """Read a configuration file.

    Raises:
        UnreadableError: there is no such file, or it is no YAML mapping.
    """
    return read_text(_read_bytes(path))


def read_text(source: bytes) -> Document:
    """Read the bytes of a configuration file, or of a value within a file.

    Raises:
        UnreadableError: they are no YAML mapping.
    """
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        raise _unreadable(
            "the file is not UTF-8", "save it as UTF-8", Place(line, column)
        ) from error
    document = Document(source=source, lines=text.splitlines())
    root = _compose(text)
    if root is None:
        raise _unreadable(
            "the file is empty", 'start with "feeds:" and "topics:"', Place(1, 1)
        )
    if not isinstance(root, MappingNode):
        raise _unreadable(
            "the file must hold a mapping", 'write "key: value" lines', _place(root)
        )
    _Walk(document).start(root)
    return document


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise _unreadable("this is a directory", "name a file") from error
    except FileNotFoundError as error:
        raise _unreadable(
            "there is no such file", "name one with --config, or create it"
        ) from error
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise _unreadable(
            f"the file cannot be read ({reason})", "check its name and permissions"
        ) from error
    except ValueError as error:  # a NUL in the name
        raise _unreadable("this is no file name", "name a file") from error
    if len(source) > MAX_BYTES:
        raise _unreadable(
            f"the file is larger than {MAX_BYTES // 1024**2} MiB", "make it smaller"
        )
    return source


def _compose(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # YAML 1.2 allows an anchor again
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        raise _unreadable(*_syntax(error)) from None
    except ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        raise _unreadable(
            f"character U+{int(error.character):04X} is not allowed",
            "remove it",
            place,
        ) from None
    except RecursionError:
        raise _unreadable("nested too deeply", f"at most {MAX_DEPTH} levels") from None
    except (YAMLError, ValueError) as error:
        name = type(error).__name__
        raise _unreadable(f"not readable as YAML ({name})", "check it") from None
    return node


def _syntax(error: MarkedYAMLError) -> tuple[str, str, Place]:
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    problem = str(error.problem or error.context or "not readable as YAML")
    if "'\\t'" in problem:
        return "a tab stands where only spaces may", "indent with spaces", place
    if "mapping values are not allowed" in problem:
        return (
            'a second ": " on this line',
            "put the text in quotes, or indent the line as its neighbours",
            place,
        )
    if "another document" in problem:
        return 'a second document begins with "---"', "keep one a file", place
    if "undefined alias" in problem:
        name = problem.split("'")[1]
        return f'no anchor named "{name}"', f"write &{name} before its use", place
    problem = problem.replace("'", '"').lower()
    context = str(error.context or "").lower()
    message = f"{context}: {problem}" if context else problem
    return message, "check indentation, brackets and quotes", place


def _unreadable(message: str, hint: str, place: Place = NOWHERE) -> UnreadableError:
    return UnreadableError(Placed(place, message, hint))


def _place(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


class _Walk:
    """Turn nodes into plain values, noting places and mistakes in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._repeated = 0
        self._repeated_characters = 0
        self._scalars = YAML(typ="safe", pure=True).constructor

    def start(self, root: Node) -> None:
        self._document.data = self._value(root, ())

    def _value(self, node: Node, path: Keys) -> Any:
        self._count(node)
        self._document.nodes[path] = node
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            self._report(path, "this alias contains itself", "write it out", node)
            return None
        if len(path) > MAX_DEPTH:
            raise _unreadable(
                "nested too deeply", f"at most {MAX_DEPTH} levels", _place(node)
            )
        self._check_tag(node, path)
        self._open.add(id(node))
        value: Any
        if isinstance(node, MappingNode):
            value = self._mapping(node, path)
        else:
            value = [
                self._value(item, (*path, number))
                for number, item in enumerate(node.value)
            ]
        self._open.discard(id(node))
        return value

    def _count(self, node: Node) -> None:
        if id(node) not in self._seen:
            self._seen.add(id(node))
            return
        self._repeated += 1
        if isinstance(node, ScalarNode):
            self._repeated_characters += len(node.value)
        if (
            self._repeated > MAX_REPEATED
            or self._repeated_characters > MAX_REPEATED_CHARACTERS
        ):
            raise _unreadable(
                "aliases repeat too much",
                f"at most {MAX_REPEATED} values may come from aliases",
                _place(node),
            )

    def _mapping(self, node: MappingNode, path: Keys) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                continue
            if not isinstance(key_node, ScalarNode):
                self._report(path, "a key must be text", "put it in quotes", key_node)
                continue
            key = key_node.value
            here = (*path, key)
            if key in values:
                first = self._document.keys[here].line
                self._report(
                    here,
                    f'"{key}" is given twice',
                    f"the first is on line {first}; keep one",
                    key_node,
                )
                continue
            self._document.keys[here] = _place(key_node)
            values[key] = self._value(value_node, here)
        for key_node, value_node in self._merged(node, path):
            key = str(key_node.value)
            if key not in values:
                self._document.keys[(*path, key)] = _place(key_node)
                values[key] = self._value(value_node, (*path, key))
        return values

    def _merged(
        self, node: MappingNode, path: Keys
    ) -> Iterator[tuple[ScalarNode, Node]]:
        for key_node, value_node in node.value:
            if key_node.tag != _TAG + "merge":
                continue
            many = isinstance(value_node, SequenceNode)
            for source in value_node.value if many else (value_node,):
                if not isinstance(source, MappingNode):
                    message = '"<<" must name a mapping'
                    self._report(path, message, "write <<: *anchor", key_node)
                    return
                if id(source) in self._open:
                    message = "this alias contains itself"
                    self._report(path, message, "write it out", key_node)
                    return
                self._open.add(id(source))
                yield from (
                    pair
                    for pair in source.value
                    if isinstance(pair[0], ScalarNode) and pair[0].tag != _TAG + "merge"
                )
                yield from self._merged(source, path)
                self._open.discard(id(source))

    def _scalar(self, node: ScalarNode, path: Keys) -> Any:
        tag = str(node.tag).removeprefix(_TAG)
        if tag in ("str", "timestamp"):
            return node.value
        if tag in ("null", "bool", "int", "float"):
            try:
                return self._scalars.construct_object(node)
            except (ValueError, KeyError):  # an explicit !!int on words; 5,000 digits
                self._report(path, f"the value is no {tag}", "write it out", node)
                return None
        self._check_tag(node, path)
        return node.value

    def _check_tag(self, node: Node, path: Keys) -> None:
        tag = str(node.tag)
        if tag.removeprefix(_TAG) not in ("str", "map", "seq"):
            shown = tag.replace(_TAG, "!!")
            self._report(path, f'tag "{shown}" means nothing here', "remove it", node)

    def _report(self, path: Keys, message: str, hint: str, node: Node) -> None:
        problem = Problem(path, message, hint)
        self._document.problems.append((problem, _place(node)))
