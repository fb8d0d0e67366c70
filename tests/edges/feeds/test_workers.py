from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from monitor.errors import NotAFeedError
from monitor.feeds.frames import Request, frame
from monitor.feeds.lane import Lane
from monitor.feeds.workers import MAX_RSS_BYTES, ParseWorkers

ROOT = Path(__file__).parents[3]
LONG = timedelta(seconds=20)
FEED = (ROOT / "tests" / "data" / "feeds" / "rss20.xml").read_bytes()


def slow_feed() -> bytes:
    """Return a feed over whose attributes the XML reader takes minutes."""
    attributes = " ".join(f'a{number}=">"' for number in range(80_000))
    return f'<rss version="2.0"><channel><item {attributes}/></channel></rss>'.encode()


def hungry_feed() -> bytes:
    """Return a feed that needs far more memory than its own size."""
    title = b"x" * 20_000_000
    return b'<rss version="2.0"><channel><title>' + title + b"</title></channel></rss>"


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., ParseWorkers]]:
    made: list[ParseWorkers] = []

    def build(count: int = 1, **settings: object) -> ParseWorkers:
        made.append(ParseWorkers(count, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for workers in made:
        await workers.close()


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if "monitor.feeds.worker_main" in child.cmdline()
    ]


async def test_a_worker_gives_what_the_parser_gives(
    make: Callable[..., ParseWorkers],
) -> None:
    workers = make()

    feed = await workers.parse(FEED, "https://feeds.example/")
    with pytest.raises(NotAFeedError, match="an HTML page"):
        await workers.parse(b"<html></html>")

    assert feed.title == "Harbour Wire"
    assert feed.entries[0].url == "https://feeds.example/2026/bridge?a=1&b=2"


async def test_a_worker_stays_warm(make: Callable[..., ParseWorkers]) -> None:
    workers = make()
    await workers.warm()
    before = [child.pid for child in children()]

    for _ in range(20):
        await workers.parse(FEED)

    assert [child.pid for child in children()] == before
    assert len(before) == 1


async def test_a_worker_is_replaced_with_age_and_no_body_is_lost() -> None:
    lane = Lane(2, deadline=LONG, max_rss_bytes=MAX_RSS_BYTES, max_parses=3)
    request = frame(Request(FEED, "", ""))
    pids: set[int] = set()

    async def parse() -> str:
        feed = (await lane.parse(request)).feed
        pids.update(child.pid for child in children())
        return feed.title if feed else ""

    titles = await asyncio.gather(*(parse() for _ in range(12)))
    left = children()
    await lane.close()

    assert titles == ["Harbour Wire"] * 12
    assert len(pids) >= 3
    assert len(left) <= 2


async def test_a_worker_that_keeps_too_much_memory_is_replaced() -> None:
    lane = Lane(1, deadline=LONG, max_rss_bytes=MAX_RSS_BYTES, max_idle_bytes=1)
    request = frame(Request(FEED, "", ""))

    replies = [await lane.parse(request) for _ in range(2)]
    left = children()
    await lane.close()

    assert all(reply.feed for reply in replies)
    assert left == []


async def test_a_body_over_its_deadline_costs_its_worker_and_nobody_else(
    make: Callable[..., ParseWorkers],
) -> None:
    kills: list[None] = []
    workers = make(2, deadline=timedelta(seconds=2), on_kill=lambda: kills.append(None))
    await asyncio.gather(workers.parse(FEED), workers.parse(FEED))
    slow = asyncio.create_task(workers.parse(slow_feed()))

    others = [await workers.parse(FEED) for _ in range(5)]
    is_slow_one_pending = not slow.done()
    with pytest.raises(NotAFeedError, match="more than 2 s"):
        await slow
    after = await workers.parse(FEED)

    assert is_slow_one_pending
    assert [feed.title for feed in (*others, after)] == ["Harbour Wire"] * 6
    assert len(kills) == 1


async def test_slow_bodies_hold_quick_ones_up_once_at_most(
    make: Callable[..., ParseWorkers],
) -> None:
    workers = make(1, deadline=timedelta(seconds=1.2))
    await workers.warm()

    async def wait_behind_slow_ones() -> float:
        slow = [
            asyncio.create_task(workers.parse(slow_feed(), f"https://{name}.example/"))
            for name in ("a", "b")
        ]
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await workers.parse(FEED, "https://quick.example/")
        took = time.monotonic() - begun
        await asyncio.gather(*slow, return_exceptions=True)
        return took

    first, second = await wait_behind_slow_ones(), await wait_behind_slow_ones()

    assert first < 5
    assert second < 1


async def test_slow_bodies_wait_in_a_short_line(
    make: Callable[..., ParseWorkers],
) -> None:
    workers = make(10, deadline=timedelta(seconds=0.3))
    told = await asyncio.gather(
        *(workers.parse(slow_feed()) for _ in range(10)), return_exceptions=True
    )

    texts = [str(one) for one in told]
    assert sum("too many feeds" in text for text in texts) >= 1
    assert sum("more than 0.3 s" in text for text in texts) >= 4


async def test_a_body_over_the_memory_limit_is_given_up(
    make: Callable[..., ParseWorkers],
) -> None:
    kills: list[None] = []
    workers = make(max_rss_bytes=64 * 1024**2, on_kill=lambda: kills.append(None))

    with pytest.raises(NotAFeedError, match="more than 64 MiB"):
        await workers.parse(hungry_feed())

    assert (await workers.parse(FEED)).title == "Harbour Wire"
    assert len(kills) == 1


async def test_a_worker_that_was_killed_while_idle_is_replaced(
    make: Callable[..., ParseWorkers],
) -> None:
    workers = make()
    await workers.warm()
    (worker,) = children()
    worker.kill()
    psutil.wait_procs([worker], timeout=5)
    await asyncio.sleep(0.05)

    feed = await workers.parse(FEED)

    assert feed.title == "Harbour Wire"


async def test_a_caller_that_gives_up_leaves_no_half_answer_behind(
    make: Callable[..., ParseWorkers],
) -> None:
    workers = make()
    await workers.warm()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await workers.parse(slow_feed())

    assert (await workers.parse(FEED)).title == "Harbour Wire"


async def test_closing_ends_every_worker(make: Callable[..., ParseWorkers]) -> None:
    workers = make(2)
    await asyncio.gather(*(workers.parse(FEED) for _ in range(4)))

    await workers.close()

    assert children() == []


async def test_a_signal_to_the_whole_group_does_not_spoil_a_poll(
    make: Callable[..., ParseWorkers],
) -> None:
    workers = make()
    await workers.warm()
    (worker,) = children()

    worker.send_signal(signal.SIGINT)
    worker.send_signal(signal.SIGTERM)
    feed = await workers.parse(FEED)

    assert feed.title == "Harbour Wire"
    assert [child.pid for child in children()] == [worker.pid]


async def test_secrets_in_the_environment_do_not_reach_a_worker(
    make: Callable[..., ParseWorkers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.example/secret")
    workers = make()
    await workers.warm()

    (worker,) = children()
    assert "SLACK_URL" not in worker.environ()


PARENT = """
import asyncio, sys
from monitor.feeds.frames import Request, frame
from monitor.feeds.lane import Lane
from monitor.feeds.workers import MAX_RSS_BYTES, ParseWorkers

async def main():
    workers = ParseWorkers(1)
    await workers.warm()
    print("warm", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_workers_do_not_outlive_a_parent_that_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(20):
        await parent.stdout.readline()
    orphans = psutil.Process(parent.pid).children()

    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, orphans, timeout=5)

    assert len(orphans) == 1
    assert alive == []
