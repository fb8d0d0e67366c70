"""Retry in place while the log or the database is away.

Durable work may not be skipped, so it is tried again until it succeeds; the trouble is
named once when it begins and once when it ends. Nothing is acknowledged meanwhile:
if the process dies, the log delivers the record again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import structlog

from monitor.errors import LogUnavailableError, StateUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.metrics import Metrics

T = TypeVar("T")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0

log = structlog.get_logger(__name__)


def _dependency(error: LogUnavailableError | StateUnavailableError) -> str:
    return "log" if isinstance(error, LogUnavailableError) else "state"


async def patiently(what: str, work: Callable[[], Awaitable[T]], metrics: Metrics) -> T:
    """Return what `work` returns, trying again while a dependency is away.

    Pauses double from 0.1 s to 10 s. Any other error rises at once.

    Args:
        what: names the work in the log.
    """
    pause = FIRST_PAUSE
    away: str | None = None
    while True:
        try:
            result = await work()
        except (LogUnavailableError, StateUnavailableError) as error:
            name = _dependency(error)
            metrics.retries.labels(dependency=name).inc()
            metrics.dependency_up.labels(dependency=name).set(0)
            if away != name:
                log.warning(
                    "dependency is away",
                    dependency=name,
                    during=what,
                    error=str(error),
                )
                away = name
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        if away is not None:
            metrics.dependency_up.labels(dependency=away).set(1)
            log.info("dependency is back", dependency=away, during=what)
        return result
