"""All that `assess` remembers, in memory: the twin of `monitor.store.assess`.

A replay and the tests run the whole core over it. It owns no time and no limits: it
grows with what it is told, so a process that runs for years uses the store instead.
"""

from __future__ import annotations

from monitor.alerting.memory import MemoryBook
from monitor.stories.memory import MemorySightings


class MemoryState(MemorySightings, MemoryBook):
    """Hold what `assess` must remember between two matches."""

    def __init__(self) -> None:
        MemorySightings.__init__(self)
        MemoryBook.__init__(self)
