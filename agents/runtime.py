"""What every agent and service of one process shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.clock import Clock
    from monitor.config import Settings
    from monitor.eventlog import EventLog
    from monitor.metrics import Metrics
    from monitor.patience import Patience
    from monitor.store import Store


def _nobody() -> None:
    """Wake nobody: this process does nothing of the kind."""


@dataclass(slots=True)
class Runtime:
    """Hold the parts of one running process.

    Args:
        settings: the running configuration; a reload replaces it in one assignment,
            so a record is handled wholly by one configuration.
        notified: called after notifications were committed, to wake the couriers.
        paged: called after pages were asked for, to wake who reads them.
    """

    settings: Settings
    log: EventLog
    store: Store
    metrics: Metrics
    clock: Clock
    patience: Patience
    notified: Callable[[], None] = field(default=_nobody)
    paged: Callable[[], None] = field(default=_nobody)
