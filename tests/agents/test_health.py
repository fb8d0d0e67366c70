"""When a process says that it is ready, and what it says when it is not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from faust.types import TP

from agents.health import HealthCheck, Watched
from agents.progress import Progress
from agents.runtime import Runtime
from agents.services import Supervisor
from monitor.clock import SystemClock
from monitor.errors import LogUnavailableError, StateUnavailableError
from monitor.metrics import Metrics
from monitor.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "wirewatch-classify"


@dataclass
class FakeLog:
    """A log with one stream of two partitions, or one that is away."""

    ends: dict[int, int] = field(default_factory=lambda: {0: 0, 1: 0})
    is_away: bool = False

    async def end_offsets(self, _: str) -> Mapping[int, int]:
        if self.is_away:
            raise LogUnavailableError("broker: away; it is tried again")
        return self.ends

    async def committed(self, _: str) -> Mapping[tuple[str, int], int]:
        return {("entries", partition): 0 for partition in self.ends}


@dataclass
class FakeState:
    """A database that answers, or not."""

    is_away: bool = False

    async def ping(self) -> None:
        if self.is_away:
            raise StateUnavailableError("postgresql://db/news: the database is away")


@dataclass
class FakeApp:
    """What of a Faust app the check looks at; it was given partition 0 alone."""

    started: bool = True
    crashed: bool = False
    prefix: str = ""

    @property
    def consumer(self) -> FakeApp:
        return self

    def assignment(self) -> set[TP]:
        return {TP(f"{self.prefix}entries", 0), TP("others", 1)}


@dataclass
class Parts:
    """A health check and what it looks at."""

    log: FakeLog = field(default_factory=FakeLog)
    state: FakeState = field(default_factory=FakeState)
    app: FakeApp = field(default_factory=FakeApp)
    progress: Progress = field(default_factory=Progress)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        nothing: Any = None
        log, state, app = self.log, self.state, self.app
        parts: Any = {"log": log, "store": state}
        runtime = Runtime(
            settings=nothing,
            metrics=self.metrics,
            clock=SystemClock(),
            patience=Patience(self.metrics),
            **parts,
        )
        self.supervisor = Supervisor(self.metrics, asyncio.Event())
        self.check = HealthCheck(runtime, self.supervisor)
        self.check.starting = ""
        faust: Any = app
        self.check.watched["classify"] = Watched(
            "entries", f"{app.prefix}entries", GROUP, faust, self.progress
        )

    def is_up(self, dependency: str) -> float | None:
        return self.metrics.registry.get_sample_value(
            "wirewatch_dependency_up", {"dependency": dependency}
        )


async def test_a_process_is_ready_when_everything_answers() -> None:
    parts = Parts()
    health = await parts.check.check()

    assert health.ready
    assert health.live
    assert health.checks["classify"] == (True, "partitions: 1, records waiting: 0")
    assert (parts.is_up("log"), parts.is_up("state")) == (1, 1)


async def test_a_process_that_starts_is_alive_and_not_ready() -> None:
    parts = Parts()
    parts.check.starting = "waiting for the log"
    health = await parts.check.check()

    assert health.live
    assert not health.ready
    assert health.checks == {"start": (False, "waiting for the log")}


async def test_one_part_that_is_away_makes_the_process_not_ready() -> None:
    parts = Parts(state=FakeState(is_away=True))
    health = await parts.check.check()

    assert not health.ready
    assert health.live
    assert health.checks["log"] == (True, "ok")
    assert health.checks["state"] == (
        False,
        "postgresql://db/news: the database is away",
    )
    assert (parts.is_up("log"), parts.is_up("state")) == (1, 0)


async def test_a_log_that_is_away_is_named_by_the_agents_too() -> None:
    health = await Parts(log=FakeLog(is_away=True)).check.check()

    assert not health.ready
    assert health.checks["classify"] == (False, "broker: away; it is tried again")


async def test_an_agent_that_crashed_or_did_not_start_is_not_running() -> None:
    for app in (FakeApp(crashed=True), FakeApp(started=False)):
        health = await Parts(app=app).check.check()

        assert not health.ready
        assert health.checks["classify"] == (False, "not running")


async def test_only_the_partitions_of_this_process_count_as_waiting() -> None:
    parts = Parts(log=FakeLog(ends={0: 3, 1: 50}), app=FakeApp(prefix="team."))
    parts.progress.mark(0, 0)
    health = await parts.check.check()

    assert health.ready
    assert health.checks["classify"] == (True, "partitions: 1, records waiting: 2")


async def test_offsets_that_stand_still_with_records_waiting_are_named() -> None:
    parts = Parts(log=FakeLog(ends={0: 3, 1: 0}), progress=Progress(stalled_after=0.05))
    stalled, _ = await parts.check.waiting(parts.check.watched["classify"])
    await asyncio.sleep(0.06)
    health = await parts.check.check()

    assert stalled == []
    assert not health.ready
    assert health.checks["classify"] == (
        False,
        "offsets do not advance on partitions [0]",
    )


async def test_a_service_that_is_down_makes_the_process_not_ready() -> None:
    parts = Parts()
    parts.supervisor.failing["poll"] = "ValueError: odd"
    health = await parts.check.check()

    assert not health.ready
    assert health.checks["poll"] == (False, "ValueError: odd")


async def test_an_answer_is_good_for_a_second() -> None:
    parts = Parts()
    first = await parts.check.check()
    parts.state.is_away = True

    assert await parts.check.check() is first


async def test_a_process_whose_agent_has_not_started_is_not_ready() -> None:
    parts = Parts()
    parts.check.agents = {"classify", "assess"}
    health = await parts.check.check()

    assert not health.ready
    assert health.checks["assess"] == (False, "starting")
    assert health.checks["classify"][0]
