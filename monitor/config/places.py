"""Say where in a file a mistake stands: lines and columns, from 1.

Columns count characters, as editors do. Inside a quoted or folded text the place is
worked back from the offset in the value to the characters of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ruamel.yaml.nodes import ScalarNode


class Place(NamedTuple):
    """A line and a column, from 1."""

    line: int
    column: int


NOWHERE = Place(0, 0)
"""The place of a mistake that is about the file as a whole."""


class Placed(NamedTuple):
    """A mistake with its place."""

    place: Place
    message: str
    hint: str


_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|.", re.DOTALL
)
_ANCHOR = re.compile(r"(?:[&!]\S*\s+)+")
_SINGLE = re.compile(r"''|.", re.DOTALL)


def place_in_scalar(node: ScalarNode, offset: int, lines: Sequence[str]) -> Place:
    """Return where the character at `offset` of a scalar's value stands in the file.

    Exact for literal blocks and for text on one line; for folded text exact as long
    as no line is blank or indented further.
    """
    line, column = node.start_mark.line, node.start_mark.column
    if offset <= 0:
        return Place(line + 1, column + 1)
    if node.style == "|":
        return _in_literal(node.value, offset, line, lines)
    if node.style == ">":
        return _in_folded(offset, line + 1, lines)
    if before := _ANCHOR.match(lines[line], column):
        column = before.end()
    if node.end_mark.line > line:
        column += 1 if node.style else 0
        return _in_flow(offset, line, column, lines)
    if node.style in ("'", '"'):
        source = lines[line][column + 1 : node.end_mark.column - 1]
        return Place(line + 1, column + 2 + _in_quotes(source, offset, node.style))
    return Place(line + 1, column + 1 + offset)


def _in_quotes(source: str, offset: int, style: str) -> int:
    """Count the characters of the file that the first `offset` of a value take."""
    units = (_SINGLE if style == "'" else _ESCAPE).finditer(source)
    taken = [unit.end() for _, unit in zip(range(offset), units, strict=False)]
    return taken[-1] if taken else 0


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _in_literal(value: str, offset: int, line: int, lines: Sequence[str]) -> Place:
    before = value[:offset]
    number = line + 1 + before.count("\n")
    first = next((text for text in lines[line + 1 :] if text.strip()), "")
    column = _indent(first) + len(before.rpartition("\n")[2])
    return Place(number + 1, column + 1)


def _in_folded(offset: int, line: int, lines: Sequence[str]) -> Place:
    """Count through lines that were joined by one space each."""
    number = line
    for number in range(line, len(lines)):
        text = lines[number].strip(" ")
        if offset <= len(text):
            return Place(number + 1, _indent(lines[number]) + offset + 1)
        offset -= len(text) + 1
    return Place(number + 1, 1)


def _in_flow(offset: int, line: int, column: int, lines: Sequence[str]) -> Place:
    """Count through a plain or quoted text that goes on over several lines."""
    first = lines[line][column:].rstrip(" ")
    if offset <= len(first):
        return Place(line + 1, column + offset + 1)
    return _in_folded(offset - len(first) - 1, line + 1, lines)
