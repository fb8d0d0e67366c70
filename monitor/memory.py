"""All that `assess` remembers, in memory: the twin of `monitor.store.assess`.

A replay and the tests run the whole core over it. It owns no time and no limits: it
grows with what it is told, so a process that runs for years uses the store instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.memory import MemoryBook
from monitor.alerting.rules.memory import MemoryHistory
from monitor.stories.memory_index import MemoryStories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.alerting.book import Step
    from monitor.model import Notification, Sighting
    from monitor.stories.index import NewSketch


class MemoryState(MemoryStories, MemoryHistory, MemoryBook):
    """Hold what `assess` must remember between two matches."""

    def __init__(self) -> None:
        MemoryStories.__init__(self)
        MemoryHistory.__init__(self)
        MemoryBook.__init__(self)

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

    def save(self, step: Step, notifications: Sequence[Notification]) -> None:
        """Store a step in an alert's life, and whom it is told to."""
        if step.alert.id not in self.alerts:
            self.remember_alert(step.alert)
        super().save(step, notifications)
