"""What a rule finds, and what it may look back on to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.rule_model import Rule


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
    """

    subject: str
    reason: str = ""
    count: int = 1
    related: tuple[Entry, ...] = ()
    phase: str = ""
    is_news: bool = False
    ends: bool = False


class History(Protocol):
    """Remember what rules must look back on."""

    def has_alert(self, rule: str, subject: str) -> bool:
        """Say whether this rule has ever fired about this subject."""
        ...

    def fired_since(self, rule: str, since: datetime) -> bool:
        """Say whether the rule opened an alert after `since`."""
        ...

    def stories_since(self, rule: Rule, since: datetime) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule after `since`, oldest first.

        Each comes once, with the entry of its first accepted sighting; a story whose
        first accepted sighting is older is left out, however many copies follow.
        """
        ...
