"""Kill -9 at random moments: no alert lost, none invented, no id with two bodies.

`WIREWATCH_KILLS` sets the number of kills (`make faults` runs 20 of each); the receiver
records every request and then fails one in ten of them.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.config import load
from monitor.memory import MemoryState
from monitor.pipeline import assess, classify
from tests.scenarios.corpus import read_rows, spread
from tests.scenarios.desk import (
    ROOT,
    SECRET,
    WIREWATCH,
    FeedFarm,
    Process,
    Receiver,
    free_port,
    running,
    sections_of,
    wait_for,
    write_config,
)
from tests.scenarios.oracle import entry_of, loners, matched_in, told_by_the_core

if TYPE_CHECKING:
    from collections.abc import Sequence

KILLS = int(os.environ.get("WIREWATCH_KILLS", "5"))
UP_SECONDS = (0.5, 6.0)
KAFKA_UP_SECONDS = (0.5, 14.0)
"""On Kafka a killed member's partitions come free after its session of 10 s."""
SETTLE = 60


def notification_ids(config: Path, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Work out the ids that must arrive, in memory, without the program's streams."""
    settings = load(config, environ={"HOOK_SECRET": SECRET})
    entries = [entry_of(row) for row in rows]
    matches = [m for r in classify(entries, settings.index) for m in r.matches]
    state = MemoryState()
    assess(matches, settings.plan, state)
    return set(state.notifications)


def pairs(rows: Sequence[dict[str, Any]], config: Path) -> set[tuple[str, str]]:
    """Return which rows match which topics."""
    settings = load(config, environ={"HOOK_SECRET": SECRET})
    records = classify([entry_of(row) for row in rows], settings.index)
    return {(m.entry.id, m.topic) for record in records for m in record.matches}


def desk(folder: Path, farm: FeedFarm, hook: str, prefix: str = "") -> Path:
    shipped = sections_of("concepts", "topics")
    rules = {
        topic: {"type": "any", "topics": [topic], "severity": "warning"}
        for topic in shipped["topics"]
    }
    return write_config(
        folder / "alerts.yaml",
        **shipped,
        outbound={"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
        kafka={"prefix": prefix},
        feeds=farm.config("500ms"),
        rules=rules,
        route={"receiver": "desk"},
        receivers={
            "desk": {"type": "webhook", "url": hook, "secret": "${HOOK_SECRET}"}
        },
    )


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {
        "HOOK_SECRET": SECRET,
        "WIREWATCH_DATA_DIR": str(folder / "var"),
        "WIREWATCH_LISTEN": f"127.0.0.1:{free_port()}",
        "WIREWATCH_LOG_LEVEL": "warning",
        **more,
    }


def command(config: Path, *roles: str) -> list[str]:
    args = [*WIREWATCH, "run", "--config", str(config)]
    for role in roles:
        args += ["--role", role]
    return args


def harness(
    folder: Path,
    shared: Path,
    ids: set[str],
    port: int,
    cmd: list[str],
    env: dict[str, str],
    up: tuple[float, float] = UP_SECONDS,
) -> dict[str, int]:
    """Run the shared kill harness; return its verdict."""
    expect = folder / "ids.txt"
    expect.write_text("\n".join(sorted(ids)))
    low, high = up
    done = subprocess.run(
        [
            sys.executable,
            str(shared / "faults/killharness.py"),
            *("--trials", str(KILLS), "--min", str(low), "--max", str(high)),
            *("--expect", str(expect), "--port", str(port), "--settle", str(SETTLE)),
            "--",
            *cmd,
        ],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=KILLS * high + SETTLE + 60,
    )
    assert done.stdout, done.stderr
    verdict: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return verdict


def clean(verdict: dict[str, int]) -> bool:
    names = ("lost", "invented", "ids_with_two_bodies")
    return all(verdict[name] == 0 for name in names)


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return read_rows(ROOT / "tests/data/items.jsonl")


@pytest.fixture
def alone(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are a story each, so that the ids are known beforehand."""
    kept = loners(rows, load(ROOT / "alerts.yaml", environ={}))
    assert len(kept) > 300
    return kept


@pytest.mark.slow
def test_a_monitor_killed_at_random_loses_nothing(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    """Runs anywhere, with a receiver of our own and few kills."""
    kills = min(KILLS, 3)
    dice = random.Random(7)
    with FeedFarm(spread(rows, 6, kills * 3)) as farm, Receiver() as receiver:
        receiver.answer = lambda _: 500 if dice.random() < 0.1 else 200
        config = desk(tmp_path, farm, receiver.url)
        plan = load(config, environ={"HOOK_SECRET": SECRET}).plan
        log = f"sqlite:///{tmp_path}/var/log.db"
        args = ["--config", str(config)]
        farm.begin()
        for number in range(kills):
            monitor = Process(args, tmp_path, f"run-{number}", environ(tmp_path))
            monitor.start()
            time.sleep(dice.uniform(*UP_SECONDS))
            monitor.kill()
        last = Process(args, tmp_path, "last", environ(tmp_path))
        with running(last):
            matched = pairs(rows, config)
            wait_for(lambda: matched_in(log) == matched, SETTLE, "every match")
            expected = told_by_the_core(log, "", plan)
            wait_for(lambda: receiver.ids.keys() >= expected.keys(), SETTLE, "alerts")

        assert {name: set(told) for name, told in receiver.bodies.items()} == {
            name: {body} for name, body in expected.items()
        }


@pytest.mark.shared
@pytest.mark.slow
def test_kills_of_the_embedded_monitor(
    tmp_path: Path, alone: list[dict[str, Any]], shared: Path
) -> None:
    port = free_port()
    with FeedFarm(spread(alone, 6, KILLS * 3)) as farm:
        config = desk(tmp_path, farm, f"http://127.0.0.1:{port}/hook")
        ids = notification_ids(config, alone)
        farm.begin()
        verdict = harness(
            tmp_path, shared, ids, port, command(config), environ(tmp_path)
        )

    assert verdict["kills"] == KILLS
    assert clean(verdict), verdict


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize("role", ["classify", "assess"])
def test_kills_of_one_role_on_kafka(
    tmp_path: Path,
    alone: list[dict[str, Any]],
    shared: Path,
    kafka: str,
    kafka_prefix: str,
    postgres_url: str,
    role: str,
) -> None:
    services = {"WIREWATCH_LOG": f"kafka://{kafka}", "WIREWATCH_STATE": postgres_url}
    port = free_port()
    with FeedFarm(spread(alone, 6, KILLS * 7)) as farm:
        config = desk(tmp_path, farm, f"http://127.0.0.1:{port}/hook", kafka_prefix)
        ids = notification_ids(config, alone)
        other = "assess" if role == "classify" else "classify"
        steady = [
            Process(
                ["--config", str(config), "--role", name],
                tmp_path,
                name,
                environ(tmp_path, **services),
            )
            for name in (other, "notify", "poll")
        ]
        with running(*steady):
            farm.begin()
            verdict = harness(
                tmp_path,
                shared,
                ids,
                port,
                command(config, role),
                environ(tmp_path, **services),
                KAFKA_UP_SECONDS,
            )

    assert verdict["kills"] == KILLS
    assert clean(verdict), verdict
