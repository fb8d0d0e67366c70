"""What the life of alerts must remember, and the step that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from monitor.model import Alert, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import TypeAlias

    from monitor.model import Match, Voice

    Discount: TypeAlias = Callable[[Voice, Sequence[Voice]], str]
    """Say why a voice confirms nothing beside others; "" when it does."""


MAX_TOLD = 50
"""Alerts looked at for one that another story joins, those told last."""


class Step(Struct, frozen=True, kw_only=True):
    """What happened to an alert, told or not.

    Args:
        alert: the alert after it.
        subjects: what the alert is about from now on, beside what it was.
        change: what is told; None when it is only remembered.
    """

    alert: Alert
    subjects: tuple[str, ...] = ()
    change: Change | None = None


class AlertBook(Protocol):
    """Remember alerts, and the witnesses they rest on."""

    def alert_about(self, rule: str, subject: str) -> Alert | None:
        """Return the alert of a rule about a subject, if there ever was one."""
        ...

    def told_lately(
        self, rule: str, topic: str, since: datetime, until: datetime
    ) -> Sequence[Alert]:
        """List the alerts of a rule on a topic told between two times, newest first.

        At most `MAX_TOLD`.
        """
        ...

    def alerts_of_story(self, story: str) -> Sequence[Alert]:
        """List the alerts that a story is a subject of, in order of their ids."""
        ...

    def latest_match(self, topic: str, feed: str, entry_id: str) -> Match | None:
        """Return what an entry's latest wording said about a topic."""
        ...

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        ...
