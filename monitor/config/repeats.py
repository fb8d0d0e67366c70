"""Put named lists and macros in their places, so that rules need not repeat themselves.

Lists, macros and exceptions are named after Falco's. `$name` in a list of a rule stands
for the items of a list; `use: [name]` in a rule takes over the keys of macros. What is
put in place remembers where it stands in the file, so that a mistake in it is told
there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from monitor.config.schema_rules import Rule
from monitor.config.wording import choice
from monitor.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.document import Keys

_BESIDE = ({"topic", "topics"},)
"""Keys that stand for the same; a rule's own one keeps out a macro's other."""


@dataclass(slots=True)
class Expanded:
    """A configuration whose rules are whole.

    Args:
        origins: where values that were put in place stand in the file.
    """

    data: dict[str, Any]
    origins: dict[Keys, Keys] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def in_file(self, problem: Problem) -> Problem:
        """Return a problem with the place that it has in the file."""
        path = problem.path
        for length in range(len(path), 0, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                return replace(problem, path=(*origin, *path[length:]))
        return problem


def expand(data: dict[str, Any]) -> Expanded:
    """Return the values of a file with lists and macros in their places."""
    expanded = Expanded(dict(data))
    rules = data.get("rules")
    if isinstance(rules, dict):
        worker = _Expander(_named(data, "lists"), _named(data, "macros"), expanded)
        worker.check_macros()
        expanded.data["rules"] = {
            name: worker.rule(name, rule) if isinstance(rule, dict) else rule
            for name, rule in rules.items()
        }
    return expanded


def _named(data: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = data.get(section)
    return found if isinstance(found, dict) else {}


class _Expander:
    def __init__(
        self, lists: Mapping[str, Any], macros: Mapping[str, Any], into: Expanded
    ) -> None:
        self._lists = lists
        self._macros = macros
        self._into = into

    def check_macros(self) -> None:
        """Note keys that no rule has."""
        known = [key for key in Rule.model_fields if key != "use"]
        for name, macro in self._macros.items():
            for key in macro if isinstance(macro, dict) else ():
                if key not in known:
                    problem = Problem(
                        ("macros", name, key),
                        f'unknown key "{key}"',
                        choice(str(key), known, "known are"),
                        on_key=True,
                    )
                    self._into.problems.append(problem)

    def rule(self, name: str, rule: dict[str, Any]) -> dict[str, Any]:
        """Return a rule with the keys of its macros and the items of its lists."""
        path: Keys = ("rules", name)
        values = {key: (value, (*path, key)) for key, value in rule.items()}
        taken: dict[str, tuple[Any, Keys]] = {}
        for macro in self._used(path, rule):
            for key, value in self._macros[macro].items():
                if key in Rule.model_fields and key != "use":
                    _without_beside(key, taken)
                    taken[key] = (value, ("macros", macro, key))
        for key in values:
            _without_beside(key, taken)
        whole = {**taken, **values}
        return {
            key: self._value(value, (*path, key), origin)
            for key, (value, origin) in whole.items()
        }

    def _used(self, path: Keys, rule: dict[str, Any]) -> list[str]:
        use = rule.get("use")
        found = []
        for at, name in enumerate(use if isinstance(use, list) else ()):
            if isinstance(
                self._macros.get(name) if isinstance(name, str) else None, dict
            ):
                found.append(name)
            elif isinstance(name, str) and name not in self._macros:
                hint = choice(name, self._macros, "known are") or "add it under macros"
                problem = Problem((*path, "use", at), f'no macro named "{name}"', hint)
                self._into.problems.append(problem)
        return found

    def _value(self, value: Any, path: Keys, origin: Keys) -> Any:
        """Return a value with lists in place, and note where it comes from."""
        if path != origin:
            self._into.origins[path] = origin
        if isinstance(value, dict):
            return {
                key: self._value(item, (*path, key), (*origin, key))
                for key, item in value.items()
            }
        if not isinstance(value, list):
            return value
        items: list[Any] = []
        for at, item in enumerate(value):
            for part, place in self._items(item, (*origin, at)):
                items.append(self._value(part, (*path, len(items)), place))
        return items

    def _items(self, item: Any, origin: Keys) -> list[tuple[Any, Keys]]:
        """Return what stands for an item of a list: itself, or those of a named list."""
        if not isinstance(item, str) or not item.startswith("$"):
            return [(item, origin)]
        name = item[1:]
        listed = self._lists.get(name)
        if isinstance(listed, list):
            places = [("lists", name, at) for at in range(len(listed))]
            return list(zip(listed, places, strict=True))
        if name not in self._lists:
            hint = choice(name, self._lists, "known are") or "add it under lists"
            problem = Problem(origin, f'no list named "{name}"', hint)
            if problem not in self._into.problems:
                self._into.problems.append(problem)
        return []


def _without_beside(key: str, taken: dict[str, Any]) -> None:
    for group in _BESIDE:
        if key in group:
            for other in group:
                taken.pop(other, None)
