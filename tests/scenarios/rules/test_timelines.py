"""Each kind of rule over its timelines, in memory and on a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from monitor.store import Store
from tests.scenarios.rules.timeline import (
    read_lines,
    read_rule,
    told_in_memory,
    told_on_store,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))


def timelines() -> Iterator[Any]:
    for file in FILES:
        for case in YAML(typ="safe").load(file):
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


@pytest.mark.parametrize("case", list(timelines()))
@pytest.mark.parametrize("twice", [False, True], ids=["once", "each record twice"])
async def test_a_timeline_in_memory(case: dict[str, Any], twice: bool) -> None:
    rule, lines = read_rule("r", case["rule"]), read_lines(case["timeline"])

    told = await told_in_memory(rule, lines, twice=twice)

    assert told == [line.told for line in lines]


@pytest.mark.parametrize("case", list(timelines()))
async def test_a_timeline_over_a_restart_at_every_line(
    case: dict[str, Any], tmp_path: Path
) -> None:
    rule, lines = read_rule("r", case["rule"]), read_lines(case["timeline"])
    store = Store(f"sqlite:///{tmp_path}/state.db")
    await store.start()

    told = await told_on_store(rule, lines, store, twice=True)
    await store.stop()

    assert told == [line.told for line in lines]
