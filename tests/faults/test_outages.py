"""Dependencies, feeds, receivers and records that fail, one whole monitor each.

Each trouble is named once in the log and in a metric, nobody else is delayed, and
nothing is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from monitor.eventlog import Record
from monitor.eventlog.open import open_log
from monitor.replay import Item
from tests.scenarios.desk import (
    FeedFarm,
    Process,
    Receiver,
    free_port,
    running,
    wait_for,
    write_config,
)
from tests.scenarios.test_life import Hanging

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.kafka import KafkaBroker
    from tests.plugins.postgres import PostgresServer

ROLES = ("poll", "classify", "assess", "notify")


def items(number: int, seconds: float) -> list[Item]:
    return [
        Item(
            feed=f"wire-{n % 3}",
            id=f"item-{n}",
            title=f"Report {n}: UNESCO dues withheld",
            lang="en",
            after=seconds * n / number,
        )
        for n in range(number)
    ]


def write(folder: Path, feeds: dict[str, Any], hook: str, **more: Any) -> Path:
    sections = {
        "outbound": {"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
        "feeds": feeds,
        "concepts": {"unesco": {"en": ["unesco"]}, "money": {"en": ["dues"]}},
        "topics": {"dues": {"clauses": [{"all": ["unesco", "money"], "near": 9}]}},
        "rules": {"dues": {"type": "any", "topics": ["dues"]}},
        "route": {"receiver": "desk"},
        "receivers": {"desk": {"type": "webhook", "url": hook}},
    }
    return write_config(folder / "alerts.yaml", **(sections | more))


def titles(receiver: Receiver) -> list[str]:
    return sorted(a["match"]["entry"]["title"] for a in receiver.alerts())


def told_once(receiver: Receiver, number: int) -> bool:
    wanted = sorted(f"Report {n}: UNESCO dues withheld" for n in range(number))
    return titles(receiver) == wanted


@pytest.mark.slow
def test_bad_neighbours_are_named_once_and_delay_nobody(tmp_path: Path) -> None:
    hanging, closed = Hanging(), free_port()
    log = f"sqlite:///{tmp_path}/log.db"
    asyncio.run(_append_poison(log))
    with FeedFarm(items(6, 3)) as farm, Receiver() as good, FeedFarm([]) as empty:
        page = empty.address("/page.html")
        feeds = farm.config("200ms") | {
            "page": {"url": page, "interval": "200ms"},
            "hanging": {"url": hanging.url, "interval": "1s", "timeout": "2s"},
            "nobody": {"url": f"http://127.0.0.1:{closed}/", "interval": "200ms"},
        }
        receivers = {
            "desk": {"type": "webhook", "url": good.url},
            "gone": {"type": "webhook", "url": f"http://127.0.0.1:{closed}/"},
            "hanging": {"type": "webhook", "url": hanging.url, "timeout": "20s"},
        }
        config = write(
            tmp_path,
            feeds,
            good.url,
            receivers=receivers,
            route={"receivers": ["desk", "gone", "hanging"]},
        )
        environ = {
            "WIREWATCH_LOG": log,
            "WIREWATCH_STATE": f"sqlite:///{tmp_path}/state.db",
        }
        watch = Process(["--config", str(config)], tmp_path, environ=environ)
        with running(watch):
            farm.begin()
            began = time.monotonic()
            wait_for(lambda: len(good.ids) == 6, 15, "the good receiver to hear all")
            took = time.monotonic() - began
            wait_for(
                lambda: watch.metric("wirewatch_feed_polls_total", feed="page") >= 3,
                15,
                "the page to be polled thrice",
            )
            failing = {
                name: watch.metric("wirewatch_feed_consecutive_failures", feed=name)
                for name in ("page", "hanging", "nobody")
            }
            dead = watch.metric("wirewatch_dead_letters_total", stream="entries")
            attempts = watch.metric(
                "wirewatch_delivery_attempts_total", receiver="gone", outcome="retry"
            )

    said = watch.text()
    assert told_once(good, 6)
    assert took < 10
    assert all(number > 0 for number in failing.values())
    assert dead == 1
    assert attempts >= 6
    assert said.count('event="record set aside"') == 1
    for name in ("page", "hanging", "nobody"):
        assert said.count(f'"feed is failing" feed={name} ') == 1, name
    assert said.count('"receiver fails" receiver=gone ') == 1
    assert "Traceback" not in said


async def _append_poison(url: str) -> None:
    log = open_log(url)
    await log.start()
    await log.create_streams({"entries": 1})
    await log.append("entries", [Record(b"\x00 not a record")])
    await log.stop()


@pytest.mark.slow
def test_a_stop_while_the_state_is_away_loses_nothing(tmp_path: Path) -> None:
    number = 12
    environ = {"WIREWATCH_DATA_DIR": str(tmp_path / "var")}
    with FeedFarm(items(number, 4)) as farm, Receiver() as receiver:
        config = write(tmp_path, farm.config("200ms"), receiver.url)
        args = ["--config", str(config)]
        watch = Process(args, tmp_path, environ=environ)
        with running(watch):
            farm.begin()
            wait_for(lambda: len(receiver.ids) >= 3, 15, "the first alerts")
            state = sqlite3.connect(tmp_path / "var/state.db", isolation_level=None)
            with contextlib.closing(state):
                state.execute("BEGIN EXCLUSIVE")
                time.sleep(2)
                began = time.monotonic()
                code = watch.stop()
                took = time.monotonic() - began
        after = Process(args, tmp_path, "after", environ)
        with running(after):
            wait_for(lambda: told_once(receiver, number), 30, "every alert")

    assert code == 0
    assert took < 15
    assert "Traceback" not in watch.text()


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
def test_log_and_state_away_at_start_and_again_later(
    tmp_path: Path, kafka_broker: KafkaBroker, postgres_server: PostgresServer
) -> None:
    number = 30
    with (
        FeedFarm(items(number, 40)) as farm,
        Receiver() as receiver,
        postgres_server.database() as state,
    ):
        config = write(tmp_path, farm.config("500ms"), receiver.url)
        environ = {
            "WIREWATCH_LOG": f"kafka://{kafka_broker.bootstrap}",
            "WIREWATCH_STATE": state,
        }
        args = ["--config", str(config)]
        watch = [
            Process([*args, "--role", role], tmp_path, role, environ) for role in ROLES
        ]
        kafka_broker.stop()
        with postgres_server.away():
            for process in watch:
                process.start()
            for process in watch:
                wait_for(partial(_answers, process), 30, "health to answer")
            ready = [process.get("/readyz").status_code for process in watch]
            alive = [process.get("/livez").status_code for process in watch]
            time.sleep(2)
        try:
            kafka_broker.start()
            for process in watch:
                wait_for(process.is_ready, 60, f"{process.name} to be ready")
            farm.begin()
            wait_for(lambda: len(receiver.ids) >= 5, 60, "the first alerts")
            with postgres_server.away():
                time.sleep(5)
            wait_for(lambda: len(receiver.ids) >= 12, 60, "alerts after the database")
            kafka_broker.stop()
            time.sleep(5)
            kafka_broker.start()
            wait_for(lambda: told_once(receiver, number), 120, "every alert")
            for process in watch:
                wait_for(process.is_ready, 60, f"{process.name} to be ready again")
            codes = [process.stop() for process in watch]
        finally:
            for process in watch:
                process.kill()

    assert ready == [503] * len(watch)
    assert alive == [200] * len(watch)
    assert codes == [0] * len(watch)
    assert told_once(receiver, number)
    for process in watch:
        assert "Traceback" not in process.text(), process.name
        assert process.text().count("dependency=state") <= 8, process.name


def _answers(process: Process) -> bool:
    import httpx

    try:
        return process.get("/livez").status_code == 200
    except httpx.HTTPError:
        return False
