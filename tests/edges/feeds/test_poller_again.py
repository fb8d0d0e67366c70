"""A poller that goes on: after it was ended by an error, after a clock was set back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.errors import LogError
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.outbound import Outbound
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook
from tests.edges.feeds.publisher import publishing, reply
from tests.edges.feeds.waiting import until
from tests.factories import feed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from monitor.model import EntriesRecord


class MovedClock:
    """Tell a time that is ahead by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


class Desk:
    """A poller with a real book, a publisher whose feed grows, and a log in memory."""

    def __init__(self) -> None:
        self.clock = MovedClock()
        self.titles: list[str] = []
        self.errors: list[Exception] = []

    async def append(self, record: EntriesRecord) -> None:
        if self.errors:
            raise self.errors.pop()
        self.titles += [entry.title for entry in record.entries]

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[Poller]:
        store = Store(f"sqlite:///{folder}/state.db")
        await store.start()
        workers = ParseWorkers(1)
        outbound = Outbound(user_agent="test", allow=[ip_network("127.0.0.1/32")])
        async with publishing() as self.publisher:
            one = feed(url=self.publisher.url("/feed"), interval=timedelta(seconds=0.5))
            book = StoreFeedBook(store)
            await book.sync([one], self.clock.now())
            yield Poller(
                book=book,
                append=self.append,
                outbound=outbound,
                workers=workers,
                feeds={one.id: one},
                clock=self.clock,
                metrics=Metrics(),
                owner="test",
            )
        await outbound.aclose()
        await workers.close()
        await store.stop()

    def list(self, *titles: str) -> None:
        items = "".join(f"<item><title>{title}</title></item>" for title in titles)
        body = f'<rss version="2.0"><channel>{items}</channel></rss>'
        self.publisher.answers["/feed"] = reply(body.encode())


async def test_a_poller_that_a_refusal_ended_polls_again_when_run_again(
    tmp_path: Path,
) -> None:
    desk, stop = Desk(), asyncio.Event()
    desk.errors.append(LogError("log: refuses for good"))
    async with desk.open(tmp_path) as poller:
        desk.list("one")
        with pytest.raises(LogError):
            await poller.run(stop)
        # The lease of the poll that broke has to end first.
        desk.clock.ahead = timedelta(minutes=2)
        again = asyncio.create_task(poller.run(stop))
        await until(lambda: desk.titles or again.done())
        stop.set()
        await again

    assert desk.titles == ["one"]


async def test_a_clock_set_back_by_hours_stops_no_feed(tmp_path: Path) -> None:
    desk, stop = Desk(), asyncio.Event()
    desk.clock.ahead = timedelta(hours=9)
    async with desk.open(tmp_path) as poller:
        desk.list("one")
        running = asyncio.create_task(poller.run(stop))
        await until(lambda: desk.titles)
        desk.clock.ahead = timedelta(0)
        desk.list("two", "one")
        await until(lambda: len(desk.titles) == 2)
        stop.set()
        await running

    assert desk.titles == ["one", "two"]
