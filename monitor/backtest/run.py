"""Run one configuration over entries, and write down what would have been told."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from monitor import pipeline
from monitor.alerting.rules.absence import Freshness
from monitor.memory import MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from monitor.config import Settings
    from monitor.model import Change, Entry, Notification

Row = dict[str, Any]

LOOK_EVERY = timedelta(minutes=1)
"""How often `absence` rules look at the virtual clock."""
LONGEST_SILENCE = timedelta(days=31)
"""How much of a longer gap between two entries is looked at."""
ALL_FRESH = Freshness(total=1, fresh=1)
"""What is recorded is taken for all there was; so nothing is unknown."""


@dataclass(slots=True)
class Totals:
    """What a run came to.

    Attributes:
        repeated: entries that were there before, word for word.
        told: changes by rule and kind.
    """

    entries: int = 0
    repeated: int = 0
    matches: int = 0
    stories: int = 0
    notifications: int = 0
    told: Counter[tuple[str, str]] = field(default_factory=Counter)


class Backtest:
    """The line from entries to notifications, for one configuration.

    Args:
        on_error: told of a topic that raised, and what.
    """

    def __init__(
        self,
        settings: Settings,
        on_error: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self._settings = settings
        self._on_error = on_error
        self._state = MemoryState()
        self._wordings: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._notified: set[str] = set()
        rules = settings.plan.rules
        self._looks = any(rule.kind == "absence" for rule in rules)
        self._looked_at: datetime | None = None
        self.totals = Totals()

    def take(self, entry: Entry) -> list[Change]:
        """Pass one entry along the line; return what is told.

        An entry seen before in other words is an edit; in the same words it is
        nothing.
        """
        self.totals.entries += 1
        told = list(self._silences(entry.fetched_at)) if self._looks else []
        wording = self._wording(entry)
        if wording is None:
            self.totals.repeated += 1
            return self._counted(told)
        plan, state = self._settings.plan, self._state
        records = pipeline.classify([wording], self._settings.index, self._on_error)
        for record in records:
            self.totals.matches += len(record.matches)
            told += pipeline.assess(record.matches, plan, state, record.revised)
        return self._counted(told)

    def _counted(self, told: list[Change]) -> list[Change]:
        for change in told:
            self.totals.told[change.alert.rule, change.kind] += 1
        return told

    def _silences(self, now: datetime) -> Iterator[Change]:
        """Yield what `absence` rules tell on the way to a time, looking every minute."""
        at = self._looked_at or now
        until = min(now, at + LONGEST_SILENCE)
        while at < until:
            at = min(at + LOOK_EVERY, until)
            yield from pipeline.tick(at, self._settings.plan, self._state, ALL_FRESH)
        self._looked_at = max(now, at)

    def rows(self, entries: Iterable[Entry]) -> Iterator[Row]:
        """Pass entries along the line, and yield a row for each thing told."""
        for entry in entries:
            for change in self.take(entry):
                yield alert_row(change)
                for notification in self._notifications(change):
                    self.totals.notifications += 1
                    yield notification_row(notification)

    def _notifications(self, change: Change) -> Iterator[Notification]:
        for each in pipeline.dispatch(change, self._settings.plan):
            if each.id not in self._notified:
                self._notified.add(each.id)
                yield each

    def _wording(self, entry: Entry) -> Entry | None:
        """Return the entry with its revision; None when nothing changed."""
        text = f"{entry.title}\0{entry.summary}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=8).digest()
        key = (entry.feed, entry.id)
        known = self._wordings.get(key)
        if known is None:
            self._wordings[key] = (entry.revision, digest)
            return entry
        revision, before = known
        if digest == before:
            return None
        number = max(entry.revision, revision + 1)
        self._wordings[key] = (number, digest)
        return replace(entry, revision=number, changed=entry.changed or ("title",))


def alert_row(change: Change) -> Row:
    """Return the line that tells of a change of an alert."""
    alert = change.alert
    entry = alert.match.entry
    items = [entry.id, *(voice.entry_id for voice in alert.voices)]
    items += [other.id for other in alert.related]
    return {
        "kind": "alert",
        "at": _time(change.at),
        "id": alert.id,
        "rule": alert.rule,
        "topic": alert.topic,
        "status": change.kind,
        "direction": alert.match.direction,
        "story": alert.story,
        "families": alert.families,
        "tier": alert.tier,
        "actors": list(alert.match.actors),
        "act": alert.match.act,
        "title": entry.title,
        "items": list(dict.fromkeys(items)),
        "spans": [msgspec.to_builtins(span) for span in alert.match.spans],
        "reasons": list(change.reasons),
        "differences": msgspec.to_builtins(change.differences),
    }


def notification_row(notification: Notification) -> Row:
    """Return the line that tells of a notification."""
    return {
        "kind": "notification",
        "at": _time(notification.created_at),
        "id": notification.id,
        "receiver": notification.receiver,
        "reason": notification.reason,
        "alerts": [notification.alert],
    }


def _time(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)
    return text
