"""Two processes assess, one comes and goes: no alert is told twice, none is missed.

Each time the other joins or leaves, the partitions of stream `matches` move, and some
records are taken twice. `WIREWATCH_REBALANCES` sets how many times (`make faults`: 20).
"""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from monitor.config import load
from tests.faults.test_kills import SETTLE, desk, environ, pairs
from tests.scenarios.corpus import read_rows, spread
from tests.scenarios.desk import (
    ROOT,
    SECRET,
    FeedFarm,
    Process,
    Receiver,
    running,
    wait_for,
)
from tests.scenarios.oracle import matched_in, told_by_the_core

if TYPE_CHECKING:
    from pathlib import Path

REBALANCES = int(os.environ.get("WIREWATCH_REBALANCES", "4"))
SECONDS_EACH = 4.0
"""Time between two changes of the group; a member that leaves orderly is missed at
once, and one that was killed after its session of ten seconds."""


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
def test_rebalances_under_load_tell_nothing_twice_and_miss_nothing(
    tmp_path: Path, kafka: str, kafka_prefix: str, postgres_url: str
) -> None:
    rows = read_rows(ROOT / "tests/data/items.jsonl")
    again = reprints(rows)
    services = {"WIREWATCH_LOG": f"kafka://{kafka}", "WIREWATCH_STATE": postgres_url}
    dice = random.Random(11)
    seconds = REBALANCES * SECONDS_EACH
    items = [
        *spread(rows, 6, seconds),
        *(replace(of, feed=f"other-{of.feed}") for of in spread(again, 6, seconds)),
    ]
    with FeedFarm(items) as farm, Receiver() as receiver:
        config = desk(tmp_path, farm, receiver.url, kafka_prefix)
        settings = load(config, environ={"HOOK_SECRET": SECRET})

        def process(name: str, role: str) -> Process:
            args = ["--config", str(config), "--role", role]
            return Process(args, tmp_path, name, environ(tmp_path, **services))

        steady = [
            process(name, name) for name in ("poll", "classify", "notify", "assess")
        ]
        moves = 0
        with running(*steady):
            farm.begin()
            while moves < REBALANCES:
                other = process(f"other-{moves}", "assess").start()
                wait_for(lambda of=other: of.is_ready(), 40, "it to join")  # type: ignore[misc]
                time.sleep(dice.uniform(0.2, 1.5))
                if dice.random() < 0.3:
                    other.kill()
                else:
                    assert other.stop() == 0
                moves += 2
            log = services["WIREWATCH_LOG"]
            matched = pairs([*rows, *again], config)
            wait_for(
                lambda: matched_in(log, kafka_prefix) == matched, SETTLE * 2, "matches"
            )
            told = told_by_the_core(log, kafka_prefix, settings.plan)
            wait_for(lambda: receiver.ids.keys() >= told.keys(), SETTLE * 2, "alerts")
            assert [each.stop() for each in steady] == [0] * len(steady)

    assert len(told) > 300
    assert {name: set(bodies) for name, bodies in receiver.bodies.items()} == {
        name: {body} for name, body in told.items()
    }
    assert set(receiver.ids.values()) == {1}


def reprints(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows as other papers print them."""
    return [
        row | {"id": f"{row['id']}-again", "source": f"The {row['id']} Post", "url": ""}
        for row in rows
    ]
