"""Remember stories, alerts and notifications in memory: the twin of the database.

A replay and the tests run the whole core over it. It owns no time and no limits: it
grows with what it is told, so a process that runs for years uses the store instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.rules.memory import MemoryHistory
from monitor.stories.memory_index import MemoryStories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Alert, Notification, Sighting
    from monitor.stories.index import NewSketch


class MemoryState(MemoryStories, MemoryHistory):
    """Hold what `assess` must remember between two matches.

    Attributes:
        notifications: every notification by id, in the order they were decided.
    """

    def __init__(self) -> None:
        MemoryStories.__init__(self)
        MemoryHistory.__init__(self)
        self.notifications: dict[str, Notification] = {}

    def add(
        self, sighting: Sighting, signature: str, sketch: NewSketch | None = None
    ) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        if not super().add(sighting, signature, sketch):
            return False
        self.remember(sighting)
        return True

    def merge(self, topic: str, into: str, others: Sequence[str]) -> None:
        """Move all that is known of other stories into one; they are one from now on."""
        super().merge(topic, into, others)
        self.remember_merge(into, others)

    def open_alert(self, alert: Alert, notifications: Sequence[Notification]) -> bool:
        """Store an alert and its notifications; False if the alert was there."""
        if alert.id in self.alerts:
            return False
        self.remember_alert(alert)
        self.notifications |= {told.id: told for told in notifications}
        return True

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert as it stands."""
        return self.alerts.get(alert_id)

    def update_alert(self, alert: Alert, notifications: Sequence[Notification]) -> None:
        """Store what became of an alert, and the notifications of it."""
        self.alerts[alert.id] = alert
        self.notifications |= {told.id: told for told in notifications}
