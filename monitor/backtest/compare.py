"""Compare what two configurations tell of the same entries.

What they tell is held together by rule, topic and the entries told of, so that a
story whose id differs is still the same story.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Change

Row = dict[str, Any]
_Subject = tuple[str, str, str]


@dataclass(slots=True)
class Comparison:
    """What was told under either configuration.

    Attributes:
        counts: of both, by rule: how often each told something.
    """

    _first: dict[_Subject, list[Change]] = field(default_factory=dict)
    _second: dict[_Subject, list[Change]] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, first: Iterable[Change], second: Iterable[Change]) -> None:
        """Take what one entry made each of them tell."""
        for name, into, told in (
            ("first", self._first, first),
            ("second", self._second, second),
        ):
            for change in told:
                into.setdefault(_subject(change), []).append(change)
                self.counts.setdefault(change.alert.rule, Counter())[name] += 1

    def rows(self) -> Iterator[Row]:
        """Yield the differences in order of time: more, less, earlier, later, other."""
        found = []
        for subject in self._first.keys() | self._second.keys():
            row = _difference(
                subject, self._first.get(subject, []), self._second.get(subject, [])
            )
            if row is not None:
                found.append(row)
        yield from sorted(found, key=lambda row: (row["at"], row["rule"], row["topic"]))


def _subject(change: Change) -> _Subject:
    alert = change.alert
    return alert.rule, alert.topic, alert.subject


def _difference(
    subject: _Subject, first: list[Change], second: list[Change]
) -> Row | None:
    """Return how the second differs from the first in what it tells of a subject."""
    rule, topic, _ = subject
    told = (second or first)[0]
    row: Row = {
        "kind": "difference",
        "rule": rule,
        "topic": topic,
        "story": told.alert.story,
        "title": told.alert.match.entry.title,
        "at": told.at.isoformat(),
        "first": [change.kind for change in first],
        "second": [change.kind for change in second],
    }
    if not first or not second:
        return row | {"change": "more" if second else "less"}
    if first[0].at != second[0].at:
        word = "earlier" if second[0].at < first[0].at else "later"
        seconds = (second[0].at - first[0].at).total_seconds()
        return row | {"change": word, "seconds": seconds}
    if row["first"] == row["second"]:
        return None
    return row | {"change": "more" if len(second) > len(first) else "other"}
