"""Keep the services of one process running: restart what ends by error, with backoff.

A service is a coroutine that runs until the stop event is set. One that raises is
named in the log, counted and started again; its neighbours do not notice.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.metrics import Metrics

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
"""Seconds a service must run for its next failure to count as a first one."""

log = structlog.get_logger(__name__)


class Supervisor:
    """Run services side by side until told to stop.

    Args:
        first_pause: seconds before the first restart, doubled with each that follows.
    """

    def __init__(
        self, metrics: Metrics, stop: asyncio.Event, *, first_pause: float = FIRST_PAUSE
    ) -> None:
        self._metrics = metrics
        self._stop = stop
        self._first_pause = first_pause
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.failing: dict[str, str] = {}
        """Services that are down at this moment, with the reason."""
        self._told: dict[str, str] = {}

    def start(self, name: str, service: Callable[[], Awaitable[None]]) -> None:
        """Start a service under a name that is not in use."""
        self._metrics.service_restarts.labels(name)
        self._tasks[name] = asyncio.create_task(self._keep(name, service), name=name)

    async def _keep(self, name: str, service: Callable[[], Awaitable[None]]) -> None:
        pause = self._first_pause
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            started = loop.time()
            try:
                await _whole(service)
            except Exception as error:
                if self._stop.is_set():
                    return
                if loop.time() - started > HEALTHY_AFTER:
                    pause = self._first_pause
                    self._told.pop(name, None)
                self._metrics.service_restarts.labels(name).inc()
                self._tell(name, error, pause)
                await self._sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if not self._stop.is_set():
                    await self._sleep(pause)
            finally:
                self.failing.pop(name, None)

    def _tell(self, name: str, error: Exception, pause: float) -> None:
        reason = f"{type(error).__name__}: {error}"
        self.failing[name] = reason
        if self._told.get(name) == reason:
            return
        self._told[name] = reason
        log.error(
            "service ended, starting it again",
            service=name,
            error=reason,
            pause_seconds=pause,
            exc_info=error,
        )

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def join(self, timeout: float) -> list[str]:
        """Wait for all services to end; cancel and name those that do not.

        Args:
            timeout: seconds from now.
        """
        if not self._tasks:
            return []
        _, late = await asyncio.wait(self._tasks.values(), timeout=timeout)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)
        return sorted(task.get_name() for task in late)


async def _whole(service: Callable[[], Awaitable[None]]) -> None:
    """Run a service; let a cancellation that nobody asked of us be an error."""
    try:
        await service()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("it was cancelled from within") from error
