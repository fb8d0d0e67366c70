"""Put mistakes into words: "rule "x": no topic named "y"; did you mean "z"?".

Pydantic's own texts are not used: they speak of inputs and schemas, and may quote a
secret. Nothing here quotes a value, except from a fixed choice of words.
"""

from __future__ import annotations

import difflib
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from monitor.config.editor import known_keys
from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from monitor.config.document import Keys

_SECTIONS = {
    "feeds": "feed",
    "publishers": "publisher",
    "concepts": "concept",
    "topics": "topic",
    "lists": "list",
    "macros": "macro",
    "rules": "rule",
    "receivers": "receiver",
}
_NAME_RULE = (
    "use letters, digits, dots, hyphens and underscores, a letter or digit first"
)
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": ("is no name", _NAME_RULE),
    r"^[A-Za-z_][A-Za-z0-9_]*$": (
        "is no label name",
        "use letters, digits and underscores, no digit first",
    ),
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$": (
        "is no language",
        'write "en" or "zh-Hant"',
    ),
    r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*|except)$": (
        "is no language",
        'write "en", "zh-Hant" or "except"',
    ),
    r"^[a-z]{2}$": ("is no country", 'write two letters, such as "jp"'),
    r"^[a-z][a-z0-9_-]*$": ("is no severity", 'write a lower-case word like "warning"'),
    r"^[A-Za-z0-9._-]{0,60}$": (
        "is no prefix",
        "use up to 60 letters, digits, dots, hyphens and underscores",
    ),
    r"^[^:\x00-\x1f\x7f]+$": ("may hold no colon or control", "write it without"),
    r"^[\x20-\x7e]*$": ("may hold only ASCII characters", "write it without accents"),
}
_TYPES = {
    "string_type": ("must be text", "put it in double quotes"),
    "list_type": ("must be a list", 'write [a, b], or one "- item" a line'),
    "dict_type": ("must be a mapping", 'write "key: value" lines below it'),
    "model_type": ("must be a mapping", 'write "key: value" lines below it'),
    "model_attributes_type": ("must be a mapping", 'write "key: value" lines below it'),
    "int_type": ("must be a whole number", "write digits, such as 5"),
    "int_parsing": ("must be a whole number", "write digits, such as 5"),
    "int_from_float": ("must be a whole number", "write digits, such as 5"),
    "int_parsing_size": ("is too large", ""),
    "float_type": ("must be a number", "write digits, such as 0.5"),
    "float_parsing": ("must be a number", "write digits, such as 0.5"),
    "finite_number": ("must be a finite number", ""),
    "bool_type": ("must be true or false", ""),
    "bool_parsing": ("must be true or false", ""),
    "string_too_short": ("must not be empty", "write a text, or remove it"),
}


_SECRET = re.compile(
    r"whsec_[^\s\"]+|hooks\.slack\.com/[^\s\"]+|(?<=://)[^/@\s\"]+(?=@)"
)
"""What a secret looks like that was written where it does not belong."""


_MOST_COMPARED = 2000
"""Names that a wrong one is compared with."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint naming what is nearest to a word, or all there is, or ""."""
    names = list(known)
    if len(names) > _MOST_COMPARED:
        # Comparing takes about 20 us each; what begins alike is what was meant.
        alike = (name for name in names if name[:2].lower() == word[:2].lower())
        names = list(islice(alike, _MOST_COMPARED))
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return ""


def choice(word: str, known: Iterable[str], what: str) -> str:
    """Return a hint for a wrong name: the nearest, else a list of what is known."""
    names = list(known)
    near = did_you_mean(word, names)
    if near or not names:
        return near
    shown = ", ".join(f'"{name}"' for name in names[:8])
    return f"{what}: {shown}" + (", ..." if len(names) > 8 else "")  # noqa: PLR2004


def told(problem: Problem) -> str:
    """Return a mistake as one line without its place."""
    where = _where(problem.path)
    if problem.message.startswith(where.removesuffix(": ")):
        where = ""
    text = f"{where}{problem.message}"
    if problem.hint:
        text += f"; {problem.hint}"
    return _SECRET.sub("***", " ".join(text.split()))


def _where(path: Keys) -> str:
    if len(path) > 1 and path[0] in _SECTIONS:
        return f'{_SECTIONS[str(path[0])]} "{path[1]}": '
    return "route: " if path[:1] == ("route",) else ""


def subject(path: Keys) -> str:
    """Name a value for the start of a message: a quoted key, or its place in a list."""
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return f'"{last}"'
    key = next((part for part in reversed(path) if isinstance(part, str)), "list")
    return f'item {last + 1} of "{key}"'


def shape_problem(error: ErrorDetails, data: Any) -> Problem:
    """Return what pydantic found as a mistake in our words."""
    path, on_key = _path(error["loc"])
    kind, facts = error["type"], error.get("ctx", {})
    name = subject(path)
    if kind == "extra_forbidden":
        return _unknown_key(path, data)
    if kind == "missing":
        return Problem(path, f"{name} is missing", f"add {name}")
    if kind.startswith("union_tag"):
        return _wrong_type(path, data)
    if error["input"] is None:
        return Problem(path, f"{name} has no value", "give one, or remove the line")
    if kind == "literal_error":
        return _wrong_word(path, str(error["input"])[:40], str(facts["expected"]))
    message, hint = _words(kind, facts)
    return Problem(path, f"{name} {message}", hint, on_key=on_key)


def _path(loc: tuple[int | str, ...]) -> tuple[Keys, bool]:
    """Return where an error stands in the file, and whether it is about the key."""
    on_key = loc[-1:] == ("[key]",)
    path = loc[:-1] if on_key else loc
    if path[:1] == ("receivers",) and len(path) > 2:  # noqa: PLR2004
        path = path[:2] + path[3:]  # pydantic adds the receiver's type
    if path[:1] == ("feeds",) and path[2:3] == ("auth",):
        path = path[:3] + path[4:]  # and that of what the publisher wants to see
    return path, on_key


def _unknown_key(path: Keys, data: Any) -> Problem:
    key = str(path[-1])
    hint = choice(key, known_keys(path[:-1], data), "known are")
    return Problem(path, f'unknown key "{key}"', hint, on_key=True)


def _wrong_type(path: Keys, data: Any) -> Problem:
    kinds: tuple[str, ...]
    what, kinds = "receiver", ("console", "webhook", "slack")
    given = data[path[0]][path[1]]
    if path[0] == "feeds":
        what, kinds, given = "auth", ("basic", "bearer"), given["auth"]
    value = given.get("type")
    if value is None:
        hint = choice("", kinds, "add one of")
        return Problem((*path, "type"), '"type" is missing', hint)
    word = str(value)[:40]
    hint = choice(word, kinds, "known are")
    return Problem((*path, "type"), f'no {what} type named "{word}"', hint)


def _wrong_word(path: Keys, word: str, expected: str) -> Problem:
    allowed = re.findall(r"'([^']*)'", expected)
    names = " or ".join(f'"{each}"' for each in allowed)
    message = f'{subject(path)} must be {names}, not "{word}"'
    return Problem(path, message, did_you_mean(word, allowed))


def _words(kind: str, facts: dict[str, Any]) -> tuple[str, str]:
    if kind == "mistake":
        return str(facts["message"]), str(facts["hint"])
    if kind in _TYPES:
        return _TYPES[kind]
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(facts.get("pattern")), ("is not well formed", ""))
    return _bounds(kind, facts)


def _bounds(kind: str, facts: dict[str, Any]) -> tuple[str, str]:
    shown = {
        key: f"{value:g}"
        for key, value in facts.items()
        if isinstance(value, int | float)
    }
    if kind == "greater_than":
        return f"must be above {shown['gt']}", ""
    if kind == "greater_than_equal":
        return f"must be at least {shown['ge']}", ""
    if kind == "less_than_equal":
        return f"must be at most {shown['le']}", ""
    if kind == "too_short":
        return "must not be empty", f"give at least {shown['min_length']}"
    if kind in ("too_long", "string_too_long"):
        return f"is too long (at most {shown['max_length']})", "shorten it"
    return "is not well formed", ""
