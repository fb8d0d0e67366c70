"""Wait for the log and the state database to come back.

Durable work may not be skipped because something else is away: it is tried again in
place, and nothing is acknowledged meanwhile. Many tasks meet the same outage; a process
names it once when it begins and once when it ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import structlog

from monitor.errors import (
    LogError,
    LogUnavailableError,
    StateUnavailableError,
    UnknownStreamError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.metrics import Metrics

T = TypeVar("T")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
"""Seconds between two tries, doubled from the first to the longest."""

_ABSENCE = (LogUnavailableError, UnknownStreamError, StateUnavailableError)
"""A stream that is missing is the cluster's trouble, not that of a record for it."""

log = structlog.get_logger(__name__)


class Patience:
    """Try operations again while what they need is away; one per process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._away: set[str] = set()
        self._waiting: Counter[str] = Counter()
        """Tasks that have missed a dependency and not found it since."""

    async def until_done(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, however often it takes.

        Pauses double from 0.1 s to 5 s. Any error but absence rises at once.

        Args:
            work: must be safe to repeat.
        """
        pause = FIRST_PAUSE
        missed: set[str] = set()
        try:
            while True:
                try:
                    result = await work()
                except _ABSENCE as error:
                    self._missing(error, missed)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                else:
                    for dependency in missed:
                        self._present(dependency)
                    return result
        finally:
            self._leave(missed)

    def _missing(self, error: Exception, missed: set[str]) -> None:
        dependency = "log" if isinstance(error, LogError) else "state"
        if dependency not in missed:
            missed.add(dependency)
            self._waiting[dependency] += 1
        self._metrics.retries.labels(dependency=dependency).inc()
        if dependency not in self._away:
            self._away.add(dependency)
            self._metrics.dependency_up.labels(dependency=dependency).set(0)
            log.warning("dependency is away", dependency=dependency, error=str(error))

    def _present(self, dependency: str) -> None:
        if dependency in self._away:
            self._away.discard(dependency)
            self._metrics.dependency_up.labels(dependency=dependency).set(1)
            log.info("dependency is back", dependency=dependency)

    def _leave(self, missed: set[str]) -> None:
        """Forget an outage when the last who waited goes without seeing its end."""
        for dependency in missed:
            self._waiting[dependency] -= 1
            if not self._waiting[dependency]:
                self._away.discard(dependency)
