"""A changed configuration: taken on as a whole, or refused with what is wrong."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from agents.reload import Reloader
from agents.runtime import Runtime
from monitor.clock import SystemClock
from monitor.config import load
from monitor.metrics import Metrics
from monitor.patience import Patience
from tests.factories import entry
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.config import Settings

FEEDS = {"wire-a": {"url": "http://127.0.0.1:9/"}}
MORE_FEEDS = FEEDS | {"wire-b": {"url": "http://127.0.0.1:9/b"}}
LOADED = "wirewatch_config_last_reload_successful"


def unchanged(settings: Settings) -> Settings:
    return settings


def reloader(
    folder: Path, adapt: Callable[[Settings], Settings] = unchanged, **sections: Any
) -> tuple[Reloader, Runtime]:
    path = folder / "alerts.yaml"
    write_config(path, feeds=FEEDS, **sections)
    nothing: Any = None
    metrics = Metrics()
    runtime = Runtime(
        settings=adapt(load(path, environ={})),
        log=nothing,
        store=nothing,
        metrics=metrics,
        clock=SystemClock(),
        patience=Patience(metrics),
    )
    return Reloader(path, {}, runtime, adapt=adapt), runtime


async def test_a_good_file_is_swapped_in_and_told_to_everybody(tmp_path: Path) -> None:
    reloads, runtime = reloader(tmp_path)
    told: list[Settings] = []

    async def listen(settings: Settings) -> None:
        told.append(settings)

    reloads.listeners += [listen, listen]
    write_config(tmp_path / "alerts.yaml", feeds=MORE_FEEDS)
    mistakes = await reloads.reload()

    assert mistakes == []
    assert [feed.id for feed in runtime.settings.feeds] == ["wire-a", "wire-b"]
    assert told == [runtime.settings] * 2
    assert runtime.metrics.registry.get_sample_value(LOADED) == 1


async def test_a_bad_file_changes_nothing_and_shows_in_the_metric(
    tmp_path: Path,
) -> None:
    reloads, runtime = reloader(tmp_path)
    before = runtime.settings
    write_config(tmp_path / "alerts.yaml", feeds=MORE_FEEDS, topcs={})
    with capture_logs() as logs:
        mistakes = await reloads.reload()

    assert ["topcs" in line for line in mistakes] == [True]
    assert runtime.settings is before
    assert runtime.metrics.registry.get_sample_value(LOADED) == 0
    assert [entry["log_level"] for entry in logs] == ["error"]


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"log": "kafka://kafka:9092"}, "log"),
        ({"state": "sqlite:///other.db"}, "state"),
        ({"web": {"listen": "127.0.0.1:1"}}, "web.listen"),
        ({"external_url": "https://wirewatch.example.org"}, "external_url"),
        ({"outbound": {"allow": ["10.0.0.0/8"]}}, "outbound"),
        ({"retention": {"log": {"age": "1d"}}}, "retention.log"),
        ({"retention": {"log": {"size": "1MiB"}}}, "retention.log"),
        ({"kafka": {"replicas": 3}}, "kafka"),
        ({"workers": {"parsers": 5}}, "workers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "to",
)
async def test_what_a_running_process_cannot_change_is_refused_by_name(
    tmp_path: Path, changed: dict[str, Any], key: str
) -> None:
    reloads, runtime = reloader(tmp_path)
    before = runtime.settings
    write_config(tmp_path / "alerts.yaml", feeds=MORE_FEEDS, **changed)
    mistakes = await reloads.reload()
    told = (
        f'{tmp_path / "alerts.yaml"}: "{key}" cannot change while running; '
        "restart the process to apply it"
    )

    assert mistakes == [told]
    assert runtime.settings is before


async def test_topics_come_change_and_go_while_entries_are_matched(
    tmp_path: Path,
) -> None:
    def write(queries: dict[str, str]) -> None:
        rows = ({"name": name, "query": query} for name, query in queries.items())
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "topics.jsonl").write_text(lines)

    def found(text: str) -> list[str]:
        matches = runtime.settings.index.match(entry(title=text, summary=""))
        return [each.topic for each in matches]

    many = {f"client-{n}": f"acme{n} AND strike" for n in range(2000)}
    write(many | {"goes": "harbour", "changes": "bridge"})
    topics: dict[str, Any] = {"topic_files": ["topics.jsonl"]}
    reloads, runtime = reloader(tmp_path, **topics)
    before = found("harbour bridge acme7 strike acme2000")
    shelf = runtime.settings.index.shelf
    write(many | {"changes": "tunnel", "client-2000": "acme2000 AND strike"})
    reloading = asyncio.ensure_future(reloads.reload())
    meanwhile = []
    while not reloading.done():
        meanwhile.append(found("bridge acme7 strike"))
        await asyncio.sleep(0)
    mistakes = reloading.result()

    assert mistakes == []
    assert before == ["changes", "client-7", "goes"]
    assert len(meanwhile) > 1
    assert meanwhile[:-1] == [["changes", "client-7"]] * (len(meanwhile) - 1)
    assert found("harbour bridge acme7 strike acme2000") == ["client-2000", "client-7"]
    assert found("tunnel") == ["changes"]
    assert runtime.settings.index.shelf is shelf


async def test_a_bad_line_in_a_topic_file_keeps_the_old_topics(tmp_path: Path) -> None:
    file = tmp_path / "topics.jsonl"
    file.write_text('{"name": "x", "query": "acme"}\n')
    reloads, runtime = reloader(tmp_path, topic_files=["topics.jsonl"])
    before = runtime.settings
    file.write_text(
        '{"name": "x", "query": "bolt"}\n{"name": "y", "query": "acme OR"}\n'
    )
    with capture_logs():
        mistakes = await reloads.reload()

    assert mistakes == [f'{file}:2:30: topic "y": nothing follows "OR"']
    assert runtime.settings is before
    assert runtime.settings.index.match(entry(title="acme"))


async def test_what_only_the_old_settings_held_is_freed(tmp_path: Path) -> None:
    file = tmp_path / "topics.jsonl"
    file.write_text('{"name": "x", "query": "acme"}\n')
    reloads, runtime = reloader(tmp_path, topic_files=["topics.jsonl"])
    old = weakref.ref(runtime.settings.index)
    file.write_text('{"name": "y", "query": "acme"}\n')
    await reloads.reload()
    # The thread that loaded may let go a moment later.
    async with asyncio.timeout(5):
        while old() is not None:
            await asyncio.sleep(0.01)

    assert runtime.settings.topics[0].name == "y"


async def test_a_longer_memory_of_the_state_is_taken_on(tmp_path: Path) -> None:
    reloads, runtime = reloader(tmp_path)
    write_config(
        tmp_path / "alerts.yaml", feeds=FEEDS, retention={"state": {"age": "365d"}}
    )
    mistakes = await reloads.reload()

    assert mistakes == []
    assert runtime.settings.retention.state == timedelta(days=365)


async def test_what_a_replay_adapts_is_adapted_again(tmp_path: Path) -> None:
    def adapt(settings: Settings) -> Settings:
        return dataclasses.replace(settings, log_url="sqlite:////tmp/throw-away.db")

    reloads, runtime = reloader(tmp_path, adapt)
    write_config(tmp_path / "alerts.yaml", feeds=MORE_FEEDS)
    mistakes = await reloads.reload()

    assert mistakes == []
    assert runtime.settings.log_url == "sqlite:////tmp/throw-away.db"
    assert len(runtime.settings.feeds) == 2
