"""Forty-nine good feeds beside all the hostile ones at once.

The short form takes seconds; WIREWATCH_HOSTILE_SECONDS makes it a campaign.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor.clock import SystemClock
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Feed
from monitor.outbound import Outbound
from tests.edges.feeds.hostile_server import HostileServer
from tests.edges.feeds.memory_book import MemoryBook
from tests.edges.feeds.publisher import Handler, Publisher, publishing, reply
from tests.edges.feeds.test_workers import slow_feed
from tests.factories import feed

pytestmark = [pytest.mark.shared, pytest.mark.slow]

GOOD = 49
SECONDS = float(os.environ.get("WIREWATCH_HOSTILE_SECONDS", "12"))
INTERVAL = timedelta(seconds=2)
MAX_GROWTH_SECONDS = 5.0


class Delays:
    """Publish an item a second on every good feed; note how late the log has each."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.seen: dict[tuple[str, int], float] = {}

    def body(self) -> bytes:
        newest = int(time.monotonic() - self.begun)
        items = "".join(
            f"<item><title>Item {number}</title><guid>{number}</guid></item>"
            for number in range(max(newest - 60, 0), newest + 1)
        )
        return f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()

    async def append(self, record: EntriesRecord) -> None:
        late, of = time.monotonic() - self.begun, record.feed
        for entry in record.entries:
            if of.startswith("good"):
                number = int(entry.title.split()[1])
                self.seen[of, number] = late - number

    def p99(self, begin: float, end: float) -> float:
        """Return the 99th percentile of items of this time; one missing is late."""
        numbers = range(int(begin) + 1, int(end) - 1)
        missing = time.monotonic() - self.begun
        delays = sorted(
            self.seen.get((f"good-{name}", number), missing - number)
            for name in range(GOOD)
            for number in numbers
        )
        return delays[int(len(delays) * 0.99)]


@asynccontextmanager
async def polling(delays: Delays) -> AsyncIterator[tuple[Poller, MemoryBook]]:
    outbound = Outbound(user_agent="wirewatch-test", allow=[ip_network("127.0.0.1/32")])
    workers, book, clock = ParseWorkers(2), MemoryBook(), SystemClock()
    poller = Poller(
        book=book,
        append=delays.append,
        outbound=outbound,
        workers=workers,
        feeds={},
        clock=clock,
        metrics=Metrics(),
        owner="test",
    )
    stop = asyncio.Event()
    task = asyncio.create_task(poller.run(stop))
    try:
        yield poller, book
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await task
        await workers.close()
        await outbound.aclose()


def good_feeds(publisher: Publisher, delays: Delays) -> list[Feed]:
    async def answer(_: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(delays.body()))
        await writer.drain()

    publisher.answers |= {f"/good-{name}": answer for name in range(GOOD)}
    return [
        feed(id=f"good-{name}", url=publisher.url(f"/good-{name}"), interval=INTERVAL)
        for name in range(GOOD)
    ]


def hostile_feeds(publisher: Publisher, server: HostileServer) -> list[Feed]:
    """Return a feed for every case, and some whose parsing never ends."""

    def slow(name: int) -> Handler:
        async def answer(_: dict[str, str], writer: asyncio.StreamWriter) -> None:
            mark = f"<!-- {name} {time.monotonic()} -->".encode()  # never unchanged
            writer.write(reply(slow_feed() + mark))
            await writer.drain()

        return answer

    publisher.answers |= {f"/slow-{name}": slow(name) for name in range(4)}
    urls = {case: server.url(case) for case in server.cases}
    urls |= {f"slow-{name}": publisher.url(f"/slow-{name}") for name in range(4)}
    return [
        feed(id=f"hostile-{name}", url=url, interval=INTERVAL)
        for name, url in urls.items()
    ]


async def test_hostile_feeds_do_not_delay_good_ones(server: HostileServer) -> None:
    async with publishing() as publisher:
        delays = Delays()
        good = good_feeds(publisher, delays)
        hostile = hostile_feeds(publisher, server)
        async with polling(delays) as (poller, book):

            async def run(feeds: list[Feed]) -> tuple[float, float]:
                begin = time.monotonic() - delays.begun
                await book.sync(feeds, SystemClock().now())
                poller.set_feeds({one.id: one for one in feeds})
                await asyncio.sleep(SECONDS)
                return begin, time.monotonic() - delays.begun

            alone = delays.p99(*await run(good))
            together = delays.p99(*await run(good + hostile))

    polled = {outcome.feed for outcome in book.outcomes}
    assert len(hostile) > 40
    assert len([one for one in hostile if one.id in polled]) > 30
    assert together - alone < MAX_GROWTH_SECONDS, f"{alone:.2f} s to {together:.2f} s"
    assert server.canary_calls() == 0
