"""An agent as a service, on the real SQLite log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from agents.health import HealthCheck
from agents.roles import AgentRole
from agents.runtime import Runtime
from agents.services import Supervisor
from agents.streams import stream_partitions
from monitor.clock import SystemClock
from monitor.config import load
from monitor.eventlog.open import open_log
from monitor.metrics import Metrics
from monitor.patience import Patience
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_agent_waits_for_the_log_and_then_starts_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    config = write_config(
        tmp_path / "alerts.yaml",
        outbound={"contact": "https://example.org"},
        feeds={"wire-a": {"url": "http://127.0.0.1:9/"}},
    )
    metrics, stop, log = Metrics(), asyncio.Event(), open_log(url)
    nothing: Any = None
    runtime = Runtime(
        settings=load(config, environ={"WIREWATCH_LOG": url}),
        log=log,
        store=nothing,
        metrics=metrics,
        clock=SystemClock(),
        patience=Patience(metrics),
    )
    supervisor = Supervisor(metrics, stop)
    health = HealthCheck(runtime, supervisor)
    with capture_logs() as logs:
        role = AgentRole("classify", runtime, health, stop)
        supervisor.start("classify", role.run)
        async with asyncio.timeout(10):
            while not logs:
                await asyncio.sleep(0.01)
            await log.start()
            await log.create_streams(stream_partitions(1))
            while not health.watched:
                await asyncio.sleep(0.01)
        stop.set()
        late = await supervisor.join(timeout=5)
    await log.stop()

    assert late == []
    assert [entry["event"] for entry in logs] == [
        "dependency is away",
        "dependency is back",
        "agent started",
    ]
