"""Decide who hears of an alert: a route tree with Alertmanager's meaning.

Semantics after https://prometheus.io/docs/alerting/latest/configuration/#route: an
alert enters at the root; each child whose matchers all hold takes it, and the search
stops there unless the child says `continue`; when no child takes it, the node itself
does. A missing label counts as the empty string; patterns are anchored on both ends.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.model import Matcher, Route


@lru_cache(maxsize=1024)
def _pattern(value: str) -> re.Pattern[str]:
    return re.compile(value, re.DOTALL)


def holds(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Say whether a label condition holds."""
    value = labels.get(matcher.label, "")
    if matcher.op == "=":
        return value == matcher.value
    if matcher.op == "!=":
        return value != matcher.value
    found = _pattern(matcher.value).fullmatch(value) is not None
    return found == (matcher.op == "=~")


def receivers_for(route: Route, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Name the receivers of an alert with these labels, each once, in tree order."""
    return tuple(dict.fromkeys(_walk(route, labels)))


def _walk(route: Route, labels: Mapping[str, str]) -> Iterator[str]:
    taken = False
    for child in route.routes:
        if all(holds(matcher, labels) for matcher in child.matchers):
            taken = True
            yield from _walk(child, labels)
            if not child.continue_:
                break
    if not taken:
        yield from route.receivers
