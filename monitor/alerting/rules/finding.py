"""What a rule finds, and what it may look back on to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from monitor.alerting.rules.absence import Watch
    from monitor.alerting.rules.transition import Matter
    from monitor.model import Sighting
    from monitor.rule_model import Rule

MAX_RELATED = 20
"""Entries listed beside the evidence of an alert, newest last."""

MAX_RELATED_SUMMARY = 500
"""Characters kept of their summaries, and none of their pages.

An alert must fit into one record.
"""


MAX_MATTERS = 200
"""Matters of one rule and topic that are looked at, those last heard of."""


class Finding(Struct, frozen=True, kw_only=True):
    """A rule holds.

    What it comes to (a new alert, an update of one, or nothing to tell) is decided in
    `monitor.alerting.life`.

    Args:
        subject: what the alert is about, such as a story; a rule has one alert for
            each subject.
        reason: why the rule holds, as one line for the reader; "" when the rule's name
            says it.
        count: stories counted; 1 otherwise.
        related: other entries that were counted, newest last.
        phase: the phase that a lifecycle moved to, or "".
        is_news: worth telling even though the subject has an alert already.
        ends: the subject is over, and its alert with it.
        at: when it came to hold, of a finding that no sighting made.
    """

    subject: str
    reason: str = ""
    count: int = 1
    related: tuple[Entry, ...] = ()
    phase: str = ""
    is_news: bool = False
    ends: bool = False
    at: datetime | None = None


class Told(NamedTuple):
    """A sighting as a step of a sequence: when which entry was told in which story."""

    story: str
    seen_at: datetime
    entry: Entry


class History(Protocol):
    """Remember what rules must look back on.

    Every window is open on both sides unless said otherwise, and has two ends: a
    sighting of a clock that was far ahead lies beyond it.
    """

    def has_alert(self, rule: str, subject: str) -> bool:
        """Say whether this rule has ever fired about this, or a story it took in."""
        ...

    def fired_between(self, rule: str, after: datetime, before: datetime) -> bool:
        """Say whether the rule opened an alert within a window."""
        ...

    def has_count(self, rule: Rule, after: datetime, before: datetime) -> bool:
        """Say whether `stories_between` has as many entries as the rule's `count`."""
        ...

    def stories_between(
        self, rule: Rule, after: datetime, before: datetime
    ) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule in a window, oldest first.

        Each comes once, with the entry of its first accepted sighting; a story whose
        first accepted sighting is older is left out, however many copies follow. When
        there are very many, the newest are listed.
        """
        ...

    def tally(self, rule: Rule, sighting: Sighting) -> None:
        """Count the story of a sighting for the rule, unless it was counted before.

        It counts in the ten minutes that its first accepted sighting fell in.
        """
        ...

    def tallied(self, rule: Rule, start: datetime, end: datetime) -> int:
        """Return how many stories were counted from `start` until before `end`."""
        ...

    def first_tallied(
        self, rule: Rule, start: datetime, end: datetime
    ) -> datetime | None:
        """Return when the first story of a window was counted, to ten minutes."""
        ...

    def told_between(
        self, topic: str, family: str, after: datetime, before: datetime
    ) -> int:
        """Count sightings of a topic in a window; "" stands for every family.

        Counting stops at 2, which is all that anybody wants to know.
        """
        ...

    def countries(self, story: str) -> Collection[str]:
        """Return the countries of the story's publishers that count as independent."""
        ...

    def nearest(
        self,
        rule: Rule,
        step: int,
        after: datetime,
        before: datetime,
        *,
        actor: str = "",
        latest: bool = False,
    ) -> Told | None:
        """Return the earliest (or latest) sighting of a step of a sequence.

        Of several at one time, the first (or last) by topic and then by arrival.

        Args:
            actor: only with this one among its actors; "" for any.
        """
        ...

    def last_accepted(
        self, rule: Rule, after: datetime, until: datetime
    ) -> datetime | None:
        """Return when the rule last accepted a sighting, `until` included."""
        ...

    def matters(self, rule: str, topic: str) -> Sequence[Matter]:
        """List what a rule follows on a topic, last heard of first, at most 200."""
        ...

    def save_matter(self, rule: str, topic: str, matter: Matter) -> None:
        """Remember where something stands that a rule follows."""
        ...

    def watches(self, rule: str) -> Mapping[str, Watch]:
        """Return what a rule knows of what it expects, by what that is."""
        ...

    def save_watches(self, rule: str, watches: Mapping[str, Watch | None]) -> None:
        """Remember what a rule knows; None forgets."""
        ...
