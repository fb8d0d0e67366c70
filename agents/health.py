"""Say whether this process is alive and does its work.

Ready means: the log answers, the state answers, no service is down, and every agent's
offsets advance while records wait.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.streams import ENTRIES
from monitor.errors import WirewatchError
from monitor.web.sources import Health

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agents.app import App
    from agents.progress import Progress
    from agents.runtime import Runtime
    from agents.services import Supervisor

PATIENCE = 3.0
"""Seconds a dependency may take to answer."""
FRESH_FOR = 1.0
"""Seconds an answer is good for, however often it is asked."""

Check = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Watched:
    """An agent whose offsets must advance."""

    stream: str
    named: str
    """What the stream is called on the broker."""
    group: str
    app: App
    progress: Progress

    def partitions(self) -> set[int]:
        """Return the partitions this process was given."""
        return {
            tp.partition
            for tp in self.app.consumer.assignment()
            if tp.topic == self.named
        }


class HealthCheck:
    """Ask everything that must work, at most once a second."""

    def __init__(self, runtime: Runtime, supervisor: Supervisor) -> None:
        self._runtime = runtime
        self._supervisor = supervisor
        self._turn = asyncio.Lock()
        self._last: Health | None = None
        self._asked_at = float("-inf")
        self.agents: set[str] = set()
        """The agents this process runs; each must have started."""
        self.watched: dict[str, Watched] = {}
        self.stuck: set[str] = set()
        """Agents that did not stop when told to."""
        self.starting = "starting"
        """What the process still waits for before it can work, or ""."""

    async def check(self) -> Health:
        """Return the present health."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._last is None or now - self._asked_at > FRESH_FOR:
                self._last = await self._check()
                self._asked_at = now
            return self._last

    async def _check(self) -> Health:
        runtime = self._runtime
        checks: dict[str, Check] = {}
        if self.starting:
            checks["start"] = (False, self.starting)
            return Health(live=True, ready=False, checks=checks)
        checks["log"] = await _ask(lambda: runtime.log.end_offsets(ENTRIES))
        checks["state"] = await _ask(runtime.store.ping)
        for name in ("log", "state"):
            up = runtime.metrics.dependency_up.labels(dependency=name)
            up.set(1 if checks[name][0] else 0)
        for name in sorted(self.agents | self.watched.keys()):
            agent = self.watched.get(name)
            if agent is None:
                checks[name] = (False, "starting")
            else:
                checks[name] = await self._agent(agent)
        for name, reason in self._supervisor.failing.items():
            checks[name] = (False, reason)
        ready = all(ok for ok, _ in checks.values())
        return Health(live=True, ready=ready, checks=checks)

    async def waiting(self, agent: Watched) -> tuple[list[int], int]:
        """Return the stalled partitions of an agent, and the records it has to do.

        Raises:
            WirewatchError: the log does not answer.
            TimeoutError: it takes too long to.
        """
        log = self._runtime.log
        async with asyncio.timeout(PATIENCE):
            ends = await log.end_offsets(agent.stream)
            offsets = await log.committed(agent.group)
        committed = {
            partition: offset
            for (stream, partition), offset in offsets.items()
            if stream == agent.stream
        }
        assigned = agent.partitions()
        at = asyncio.get_running_loop().time()
        stalled = agent.progress.stalled(assigned, ends, committed, at)
        lag = agent.progress.lag(ends, committed)
        return stalled, sum(lag.get(partition, 0) for partition in assigned)

    async def _agent(self, agent: Watched) -> Check:
        try:
            stalled, waiting = await self.waiting(agent)
        except (WirewatchError, TimeoutError) as error:
            return False, str(error) or f"no answer within {PATIENCE:g} s"
        if not agent.app.started or agent.app.crashed:
            return False, "not running"
        if stalled:
            return False, f"offsets do not advance on partitions {stalled}"
        shares = len(agent.partitions())
        return True, f"partitions: {shares}, records waiting: {waiting}"


async def _ask(question: Callable[[], Awaitable[object]]) -> Check:
    try:
        async with asyncio.timeout(PATIENCE):
            await question()
    except TimeoutError:
        return False, f"no answer within {PATIENCE:g} s"
    except WirewatchError as error:
        return False, str(error)
    return True, "ok"
