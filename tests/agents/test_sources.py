"""What the status page is told of very many topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.runtime import Runtime
from agents.sources import PageSources
from monitor import pipeline
from monitor.clock import SystemClock
from monitor.config import load
from monitor.metrics import Metrics
from monitor.model import Route
from monitor.patience import Patience
from monitor.pipeline import Plan
from monitor.store import Store
from monitor.store.assess import SqlAssessState
from monitor.web.sources import TopicLine
from tests.factories import entry, match
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from pathlib import Path


async def test_topics_are_listed_with_their_matches(tmp_path: Path) -> None:
    rows = (f'{{"name": "t{n}", "query": "acme{n}"}}\n' for n in range(1000))
    (tmp_path / "topics.jsonl").write_text("".join(rows))
    path = write_config(tmp_path / "alerts.yaml", topic_files=["topics.jsonl"])
    store = Store(f"sqlite:///{tmp_path / 'state.db'}")
    await store.start()
    nothing: Any = None
    metrics, clock = Metrics(), SystemClock()
    runtime = Runtime(
        settings=load(path, environ={}),
        log=nothing,
        store=store,
        metrics=metrics,
        clock=clock,
        patience=Patience(metrics),
    )
    seen = match(topic="t2", entry=entry(fetched_at=clock.now()))
    plan = Plan(rules=(), route=Route(receivers=()), receivers={})
    await store.run(lambda conn: pipeline.assess([seen], plan, SqlAssessState(conn)))
    lines = await PageSources(runtime, nothing, nothing).topics()
    await store.stop()

    assert len(lines) == 1000
    assert list(lines[1:3]) == [TopicLine("t1", "", 0), TopicLine("t2", "", 1)]
    assert lines[-1] == TopicLine("t999", "", 0)
