"""Kill -9 while a hub pushes: what was answered is in the log, and nothing is torn.

The hub does what hubs do: it sends a body again until it is answered with 2xx.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import defaultdict
from typing import TYPE_CHECKING

import httpx
import pytest

from agents.streams import ENTRIES
from monitor.codec import decode
from monitor.eventlog.open import open_log
from monitor.model import EntriesRecord
from tests.agents.hub import Hub, hubbing, rss
from tests.agents.subscriber import until
from tests.scenarios.desk import Process, free_port, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Entry

KILLS = int(os.environ.get("WIREWATCH_KILLS", "3"))
UP_SECONDS = (0.3, 2.5)


def item(number: int) -> bytes:
    """Return a push: one new entry, and an edit of the one that all pushes edit."""
    body = rss(f"entry-{number}", "edited")
    return body.replace(b"<title>edited", f"<title>edited {number}".encode())


async def push_until(hub: Hub, stop: asyncio.Event) -> list[int]:
    """Push numbered bodies until told to stop; return those that were accepted."""
    accepted: list[int] = []
    while not stop.is_set():
        number = len(accepted)
        with contextlib.suppress(httpx.HTTPError):
            if await hub.push(item(number)) == 202:
                accepted.append(number)
                continue
        await asyncio.sleep(0.1)
    return accepted


async def read_entries(folder: Path) -> list[Entry]:
    log = open_log(f"sqlite:///{folder}/log.db")
    await log.start()
    found: list[Entry] = []
    for partition, end in (await log.end_offsets(ENTRIES)).items():
        at = 0
        while at < end:
            records = await log.read(ENTRIES, partition, at, 1000)
            at = records[-1].offset + 1
            for record in records:
                found.extend(decode(record.value, EntriesRecord).entries)
    await log.stop()
    return found


@pytest.mark.slow
async def test_what_a_hub_was_answered_survives_kills(tmp_path: Path) -> None:
    port = free_port()
    dice = random.Random(5)
    async with hubbing() as hub:
        config = write_config(
            tmp_path / "alerts.yaml",
            outbound={"allow": ["127.0.0.0/8"]},
            websub={"callback": f"http://127.0.0.1:{port}"},
            feeds={"wire": {"url": hub.topic, "interval": "1s"}},
        )
        process = Process(
            ["--config", str(config)],
            tmp_path,
            environ={"WIREWATCH_DATA_DIR": str(tmp_path)},
            port=port,
        )
        stop = asyncio.Event()
        try:
            process.start()
            await until(lambda: hub.held, "the subscription", 60)
            pushing = asyncio.create_task(push_until(hub, stop))
            for _ in range(KILLS):
                await asyncio.sleep(dice.uniform(*UP_SECONDS))
                process.kill()
                process.start()
                ready = asyncio.to_thread(process.is_ready)
                while not await ready:
                    await asyncio.sleep(0.1)
                    ready = asyncio.to_thread(process.is_ready)
            await asyncio.sleep(1)
            stop.set()
            accepted = await pushing
        finally:
            await asyncio.to_thread(process.kill)
    entries = await read_entries(tmp_path)

    titles = [entry.title for entry in entries]
    assert [n for n in accepted if f"entry-{n}" not in titles] == []
    assert [n for n in accepted if f"edited {n}" not in titles] == []
    wordings: dict[tuple[str, int], set[str]] = defaultdict(set)
    for entry in entries:
        wordings[entry.id, entry.revision].add(entry.title)
    assert {key: told for key, told in wordings.items() if len(told) > 1} == {}
    # Repeats come from kills between the log and the memory, one push each at most.
    assert len(entries) - len(wordings) <= 2 * KILLS
    assert len(accepted) > KILLS
