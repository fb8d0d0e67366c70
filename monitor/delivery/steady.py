"""Keep asking the state while it is away, and say so once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import structlog

from monitor.errors import StateUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.metrics import Metrics

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
"""Seconds between two tries, doubled from the first to the longest."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Steady:
    """Repeat operations on the state until it answers; shared by all couriers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._away = False

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return what the operation returns, however long the state is away."""
        wait = FIRST_WAIT
        while True:
            try:
                result = await operation()
            except StateUnavailableError as error:
                self._metrics.retries.labels("state").inc()
                if not self._away:
                    self._away = True
                    log.warning("state is away", of="delivery", error=str(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            if self._away:
                self._away = False
                log.info("state is back", of="delivery")
            return result
