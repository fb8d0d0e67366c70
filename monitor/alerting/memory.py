"""Remember alerts in memory: the twin of `monitor.store.alert_book`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.book import MAX_TOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.alerting.book import Step
    from monitor.model import Alert, Change, Match, Notification, Revision


class MemoryBook:
    """Hold alerts, their changes, and what became of entries.

    Attributes:
        alerts: every alert by id as it is now, in the order they opened.
        changes: everything told, in the order it was decided.
        notifications: every notification by id, in the order they were decided.
    """

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.changes: list[Change] = []
        self.notifications: dict[str, Notification] = {}
        self._alert_of: dict[tuple[str, str], str] = {}
        self._of_subject: dict[str, dict[str, None]] = {}
        self._of_topic: dict[tuple[str, str], list[str]] = {}
        self._revisions: dict[tuple[str, str], dict[tuple[int, str], Revision]] = {}

    def has_alert(self, rule: str, subject: str) -> bool:
        """Say whether this rule has ever fired about this subject."""
        return (rule, subject) in self._alert_of

    def alert_about(self, rule: str, subject: str) -> Alert | None:
        """Return the alert of a rule about a subject, if there ever was one."""
        found = self._alert_of.get((rule, subject))
        return None if found is None else self.alerts[found]

    def told_lately(
        self, rule: str, topic: str, since: datetime, until: datetime
    ) -> Sequence[Alert]:
        """List the alerts of a rule on a topic told between two times, newest first."""
        found = [self.alerts[each] for each in self._of_topic.get((rule, topic), ())]
        told = [alert for alert in found if since < told_at(alert) < until]
        told.sort(key=lambda alert: alert.id)
        told.sort(key=told_at, reverse=True)
        return told[:MAX_TOLD]

    def alerts_of_story(self, story: str) -> Sequence[Alert]:
        """List the alerts that a story is a subject of, in order of their ids."""
        return [self.alerts[each] for each in sorted(self._of_subject.get(story, ()))]

    def save(self, step: Step, notifications: Sequence[Notification]) -> None:
        """Store a step in an alert's life, and whom it is told to."""
        alert = step.alert
        if alert.id not in self.alerts:
            self._of_topic.setdefault((alert.rule, alert.topic), []).append(alert.id)
        self.alerts[alert.id] = alert
        self.move_subjects(alert, (alert.subject, *step.subjects))
        if step.change is not None:
            self.changes.append(step.change)
            self.notifications |= {told.id: told for told in notifications}

    def move_subjects(self, alert: Alert, subjects: Iterable[str]) -> None:
        """Let an alert be the one about these subjects, under its rule."""
        for subject in subjects:
            before = self._alert_of.get((alert.rule, subject))
            of = self._of_subject.setdefault(subject, {})
            if before is not None:
                of.pop(before, None)
            self._alert_of[alert.rule, subject] = alert.id
            of[alert.id] = None

    def note(self, revision: Revision) -> bool:
        """Remember what became of an entry; False if that was known.

        Of one wording, fewer topics are news: its page settled what was open.
        """
        known = self._revisions.setdefault((revision.feed, revision.entry_id), {})
        key = (revision.revision, revision.kind)
        if key in known and not set(revision.topics) < set(known[key].topics):
            return False
        known[key] = revision
        return True

    def is_superseded(self, match: Match) -> bool:
        """Say whether a later wording of the entry is known to be off the topic."""
        entry = match.entry
        known = self._revisions.get((entry.feed, entry.id), {})
        return any(
            number > entry.revision
            and kind == "edited"
            and match.topic not in of.topics
            for (number, kind), of in known.items()
        )


def told_at(alert: Alert) -> datetime:
    """Return when an alert was told of last."""
    return alert.updated_at or alert.opened_at
