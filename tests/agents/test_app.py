"""An agent as `attach` makes it, on the real SQLite log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from agents.app import attach
from agents.dead_letters import Delivered
from agents.progress import Progress
from tests.contract.harness import Place, records, running, until, until_committed

if TYPE_CHECKING:
    from pathlib import Path


class SlowGuard:
    """A guard that notes when each record begins and ends."""

    agent = "classify"

    def __init__(self) -> None:
        self.notes: list[tuple[str, bytes]] = []

    async def process(self, delivered: Delivered) -> None:
        self.notes.append(("begins", delivered.value))
        await asyncio.sleep(0.002)
        self.notes.append(("ends", delivered.value))


async def test_an_agent_ends_a_record_before_it_begins_the_next(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path}/log.db")
    slow, progress = SlowGuard(), Progress()
    guard: Any = slow
    async with place.opened() as log:
        await log.append("matches", records(20, keys=1))
        app = place.app("classify")
        attach(app, "matches", guard, progress)
        async with running(app):
            await until(lambda: len(slow.notes) == 40)
            await until_committed(log, place.group("classify"), "matches")
            ends = await log.end_offsets("matches")

    assert slow.notes == [
        (what, f"{number}".encode())
        for number in range(20)
        for what in ("begins", "ends")
    ]
    assert progress.lag(ends, {}) == {0: 0}
