"""Fill in what the file leaves to the environment: `${NAME}`, `file:PATH`, WIREWATCH_*.

Values from here may be secrets: no message built in this module holds one. What was
written literally is remembered per value, so that literal secrets can be refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.document import Keys

MAX_FILE_BYTES = 64 * 1024
"""The largest file that one value may be read from."""

OVERRIDES: dict[str, Keys] = {
    "WIREWATCH_LOG": ("log",),
    "WIREWATCH_STATE": ("state",),
    "WIREWATCH_LISTEN": ("web", "listen"),
}
"""Variables that stand above the file, and the keys they replace."""

DATA_DIR = "WIREWATCH_DATA_DIR"

REFERENCE = "\0"
"""What stands for a reference in the literal part of a value."""

_REFERENCE = re.compile(
    r"\$(?:(?P<escape>\$)(?=\{)|\{(?P<inside>[^{}]*)\}|(?P<open>\{))"
)
_INSIDE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-.*)?", re.DOTALL)


@dataclass(slots=True)
class Filled:
    """Values with every reference replaced.

    Args:
        literal: per value that had a reference, what was written outside of it.
        variables: per value that a WIREWATCH_* variable replaced, its name.
        outside: mistakes in variables that belong to no value of the file.
    """

    data: dict[str, Any] = field(default_factory=dict)
    literal: dict[Keys, str] = field(default_factory=dict)
    variables: dict[Keys, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    data_dir: str = "var"


def fill(data: dict[str, Any], environ: Mapping[str, str], folder: Path) -> Filled:
    """Return the values of a file with the environment's part filled in.

    Args:
        folder: where a relative `file:` path begins: the folder of the file.
    """
    filled = Filled()
    _Filler(filled, environ, folder).start(data)
    return filled


def may_be_file(path: Keys) -> bool:
    """Say whether a value may be given as `file:PATH`: those that hold secrets."""
    if path in (("log",), ("state",)):
        return True
    match path:
        case ("receivers", _, "url" | "secret" | "secrets", *_):
            return True
        case ("feeds", _, "auth", "username" | "password" | "token"):
            return True
    return False


class _Filler:
    def __init__(
        self, filled: Filled, environ: Mapping[str, str], folder: Path
    ) -> None:
        self._filled = filled
        self._environ = environ
        self._folder = folder

    def start(self, data: dict[str, Any]) -> None:
        filled = self._filled
        replaced = {
            path: (name, value)
            for name, path in OVERRIDES.items()
            if (value := self._variable(name)) is not None
        }
        kept = _without(data, replaced)
        filled.data = self._value(kept, ())
        for path, (name, value) in replaced.items():
            _put(filled.data, path, value)
            filled.variables[path] = name
            filled.literal[path] = REFERENCE
        filled.data_dir = self._variable(DATA_DIR) or filled.data_dir

    def _variable(self, name: str) -> str | None:
        """Return a WIREWATCH_* variable, or the content of the file its twin names."""
        value, file = self._environ.get(name), self._environ.get(name + "_FILE")
        if value and file:
            self._filled.outside.append(
                f"{name}: {name}_FILE is set too; unset one of them"
            )
            return None
        if not file:
            return value or None
        text, problem = _read(Path(file))
        if problem:
            self._filled.outside.append(f'{name}_FILE: "{file}" {problem}')
        return text or None

    def _value(self, value: Any, path: Keys) -> Any:
        if isinstance(value, dict):
            return {key: self._value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, (*path, at)) for at, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        if "${" in value:
            value = self._references(value, path)
        if value.startswith("file:") and may_be_file(path):
            return self._file(value.removeprefix("file:"), path)
        return value

    def _references(self, value: str, path: Keys) -> str:
        literal: list[str] = []
        filled: list[str] = []
        end = 0
        for found in _REFERENCE.finditer(value):
            between = value[end : found.start()]
            text, written = self._reference(found, path)
            filled += between, text
            literal += between, written
            end = found.end()
        rest = value[end:]
        self._filled.literal[path] = "".join([*literal, rest])
        return "".join([*filled, rest])

    def _reference(self, found: re.Match[str], path: Keys) -> tuple[str, str]:
        """Return what stands for a reference, and how much of it is literal."""
        if found["escape"]:
            return "$", "$"
        inside = _INSIDE.fullmatch(found["inside"] or "")
        if inside is None:
            problem = Problem(
                path,
                '"${" begins no variable',
                "write ${NAME}, ${NAME:-default}, or $${ for the characters themselves",
                offset=found.start(),
            )
            self._filled.problems.append(problem)
            return "", REFERENCE
        name, default = inside["name"], inside["default"]
        # A default counts as literal even when it is not used: it stands in the file.
        written = (default or "")[2:] or REFERENCE
        if value := self._environ.get(name):
            return value, written
        if default is not None:
            return default[2:], written
        known = name in self._environ
        problem = Problem(
            path,
            f'environment variable "{name}" is {"empty" if known else "not set"}',
            "set it" if may_be_file(path) else f"set it, or write ${{{name}:-default}}",
            offset=found.start(),
        )
        self._filled.problems.append(problem)
        return "", REFERENCE

    def _file(self, name: str, path: Keys) -> str:
        name = name.removeprefix("//")  # file:///run/secrets/key
        text, problem = _read(self._folder / name)
        if problem:
            self._filled.problems.append(
                Problem(path, f'file "{name}" {problem}', "check path and permissions")
            )
        self._filled.literal[path] = REFERENCE
        return text


def _read(path: Path) -> tuple[str, str]:
    """Return the text of a small file without its last line break, or a reason."""
    try:
        if not path.is_file():
            return "", "is no file" if path.exists() else "does not exist"
        with path.open("rb") as file:
            source = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return "", f"cannot be read ({(error.strerror or 'unknown reason').lower()})"
    except ValueError:
        return "", "is no file name"
    if len(source) > MAX_FILE_BYTES:
        return "", "is larger than 64 KiB"
    try:
        text = source.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return "", "is not UTF-8"
    return text, "" if text else "is empty"


def _without(data: dict[str, Any], paths: Mapping[Keys, object]) -> dict[str, Any]:
    """Return a copy that lacks some values, so that they are not even looked at."""
    copy = dict(data)
    for path in paths:
        inner: Any = copy
        for key in path[:-1]:
            child = inner.get(key)
            if not isinstance(child, dict):
                break
            inner[key] = dict(child)
            inner = inner[key]
        else:
            inner.pop(path[-1], None)
    return copy


def _put(data: dict[str, Any], path: Keys, value: str) -> None:
    inner = data
    for key in path[:-1]:
        child = inner.get(str(key))
        if not isinstance(child, dict):
            child = inner[str(key)] = {}
        inner = child
    inner[str(path[-1])] = value
