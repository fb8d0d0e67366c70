"""Pollers that share feeds: one is killed, and the others take its feeds over."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.poller import LEASE, LONGEST_SLEEP
from tests.edges.feeds.publisher import publishing, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent.parent
FEEDS = 12
LEASE_SECONDS = 4.0
BODY = b'<rss version="2.0"><channel><title>T</title></channel></rss>'


@contextmanager
def poller(state: str, base: str, owner: str) -> Iterator[subprocess.Popen[bytes]]:
    script = Path(__file__).parent / "poller_process.py"
    words = [state, base, owner, str(FEEDS), str(LEASE_SECONDS)]
    process = subprocess.Popen(
        [sys.executable, str(script), *words],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


async def until(is_true: Callable[[], object], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():
            await asyncio.sleep(0.02)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    return str(request.getfixturevalue("postgres_url"))


async def test_the_feeds_of_a_killed_poller_are_anothers_when_its_leases_end(
    state: str,
) -> None:
    asked: dict[str, list[tuple[float, str]]] = defaultdict(list)
    at_work: set[str] = set()
    twice: list[str] = []
    hung: set[str] = set()
    is_hanging = False

    async with publishing() as publisher:

        def answer(path: str) -> None:
            async def serve(
                headers: dict[str, str], writer: asyncio.StreamWriter
            ) -> None:
                owner = headers["user-agent"]
                asked[path].append((time.monotonic(), owner))
                if path in at_work:
                    twice.append(path)
                at_work.add(path)
                if is_hanging and owner == "first":
                    hung.add(path)
                    await asyncio.sleep(60)
                at_work.discard(path)
                writer.write(reply(BODY))

            publisher.answers[path] = serve

        for number in range(FEEDS):
            answer(f"/{number:02}")
        base = publisher.url("")
        with poller(state, base, "first") as first, poller(state, base, "second"):
            await until(
                lambda: {o for a in asked.values() for _, o in a} > {"first"}, 30
            )
            is_hanging = True
            await until(lambda: len(hung) >= 3, 20)
            # Its leases are renewed, so nobody else asks what it is still asking.
            await asyncio.sleep(LEASE_SECONDS * 1.5)
            shared = list(twice)
            first.kill()
            killed_at = time.monotonic()
            at_work.clear()
            lost = set(hung)
            await until(
                lambda: all(asked[path][-1][0] > killed_at for path in lost),
                LEASE_SECONDS + 10,
            )

    assert shared == []
    assert lost
    assert {asked[path][-1][1] for path in lost} == {"second"}


def test_leases_end_within_a_minute() -> None:
    assert timedelta(minutes=1) > LEASE + LONGEST_SLEEP
