"""What publishers see of a poller: spacing, moves, stops and the wishes it heeds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.feed_model import FeedState
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.manners import Manners
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Feed
from monitor.outbound import Outbound
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook
from tests.edges.feeds.publisher import Publisher, reply
from tests.edges.feeds.waiting import until
from tests.factories import feed

if TYPE_CHECKING:
    from pathlib import Path

# One loop for all tests here, since a parse worker belongs to the loop it started on.
pytestmark = pytest.mark.asyncio(loop_scope="module")

QUICK = timedelta(seconds=0.1)
HOUR = timedelta(hours=1)
CLOCK = SystemClock()


def rss(head: str = "") -> bytes:
    item = "<item><title>one</title></item>"
    return f'<rss version="2.0"><channel>{head}{item}</channel></rss>'.encode()


async def drop(_: EntriesRecord) -> None:
    """Stand for the log."""


class Desk:
    """A poller on a real book, and a look into that book."""

    def __init__(self, workers: ParseWorkers, folder: Path) -> None:
        self._workers = workers
        self._store = Store(f"sqlite:///{folder}/state.db")
        self.book = StoreFeedBook(self._store)
        self.metrics = Metrics()

    @asynccontextmanager
    async def polling(
        self, *feeds: Feed, manners: Manners | None = None
    ) -> AsyncIterator[None]:
        await self._store.start()
        await self.book.sync(feeds, CLOCK.now())
        outbound = Outbound(user_agent="test", allow=[ip_network("127.0.0.0/8")])
        poller = Poller(
            book=self.book,
            append=drop,
            outbound=outbound,
            workers=self._workers,
            feeds={one.id: one for one in feeds},
            clock=CLOCK,
            metrics=self.metrics,
            owner="test",
            manners=manners or Manners(),
        )
        stop = asyncio.Event()
        task = asyncio.create_task(poller.run(stop))
        try:
            yield
        finally:
            stop.set()
            await task
            await outbound.aclose()
            await self._store.stop()

    async def state(self) -> FeedState:
        (state,) = await self.book.list_feeds()
        return state

    async def known(self, is_true: Callable[[FeedState], object]) -> FeedState:
        async with asyncio.timeout(10):
            while not is_true(state := await self.state()):
                await asyncio.sleep(0.01)
        return state


@pytest.fixture
def desk(workers: ParseWorkers, tmp_path: Path) -> Desk:
    return Desk(workers, tmp_path)


def arrivals(publisher: Publisher, path: str, at: list[float]) -> None:
    """Answer a path, and note when it was asked."""

    async def serve(_: dict[str, str], writer: asyncio.StreamWriter) -> None:
        at.append(time.monotonic())
        writer.write(reply(rss()))

    publisher.answers[path] = serve


async def test_requests_to_one_host_are_never_closer_than_configured(
    desk: Desk, publisher: Publisher
) -> None:
    at: list[float] = []
    feeds = []
    for number in range(6):
        arrivals(publisher, f"/{number}", at)
        url = publisher.url(f"/{number}")
        feeds.append(feed(id=f"feed-{number}", url=url, interval=QUICK))

    async with desk.polling(*feeds, manners=Manners(spacing=timedelta(seconds=0.2))):
        await until(lambda: len(at) >= 12)

    assert min(b - a for a, b in pairwise(at)) >= 0.2
    assert set(publisher.paths()) == {f"/{number}" for number in range(6)}


async def test_no_more_requests_than_configured_are_under_way_to_one_host(
    desk: Desk, publisher: Publisher
) -> None:
    asking, most = 0, 0
    done: list[str] = []

    async def slow(_: dict[str, str], writer: asyncio.StreamWriter) -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await asyncio.sleep(0.05)
        asking -= 1
        done.append("")
        writer.write(reply(rss()))

    publisher.answers["/feed"] = slow
    url = publisher.url("/feed")
    feeds = [feed(id=f"feed-{n}", url=url, interval=HOUR) for n in range(9)]

    async with desk.polling(*feeds, manners=Manners(at_once=2)):
        await until(lambda: len(done) == 9)

    assert most == 2


async def test_a_host_of_ones_own_is_not_held_back(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss())
    url = publisher.url("/feed")
    feeds = [feed(id=f"feed-{n}", url=url, interval=HOUR) for n in range(9)]
    begun = time.monotonic()

    async with desk.polling(*feeds):
        await until(lambda: len(publisher.requests) == 9)

    assert time.monotonic() - begun < 5


async def test_a_feed_that_is_gone_is_asked_no_more(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(status="410 Gone")

    with capture_logs() as logs:
        async with desk.polling(feed(url=publisher.url("/feed"), interval=QUICK)):
            state = await desk.known(lambda state: state.stopped_since)
            await asyncio.sleep(0.5)

    assert len(publisher.requests) == 1
    assert state.error == (
        "the publisher answered 410 Gone; "
        "it is asked no more; remove the feed or correct its address"
    )
    assert [line["event"] for line in logs].count("feed is stopped") == 1


async def test_a_feed_is_followed_to_its_new_address_and_back_when_that_fails(
    desk: Desk, publisher: Publisher
) -> None:
    old, new = publisher.url("/old"), publisher.url("/new")
    publisher.answers |= {
        "/old": reply(status="301 Moved", Location=new),
        "/new": reply(rss()),
    }

    with capture_logs() as logs:
        async with desk.polling(feed(url=old, interval=QUICK)):
            await until(lambda: publisher.paths().count("/new") >= 6)
            asked_old = publisher.paths().count("/old")
            moved = await desk.state()
            publisher.answers |= {
                "/old": reply(rss()),
                "/new": reply(status="404 Not Found"),
            }
            await until(lambda: publisher.paths().count("/old") > asked_old)
            back = await desk.known(lambda state: not state.failures)

    assert asked_old == 3
    assert (moved.moved_to, moved.has_moved, moved.url) == (new, True, old)
    assert (back.moved_to, back.moves) == ("", 0)
    assert [line["event"] for line in logs if "moved" in line["event"]] == [
        "feed has moved, it is asked at its new host"
    ]


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        pytest.param(
            reply(rss(), Cache_Control="max-age=1800"), HOUR / 2, id="max-age"
        ),
        pytest.param(reply(rss("<ttl>20</ttl>")), HOUR / 3, id="ttl"),
    ],
)
async def test_the_publishers_wish_is_heeded_and_remembered(
    desk: Desk, publisher: Publisher, answer: bytes, least: timedelta
) -> None:
    publisher.answers["/feed"] = answer

    async with desk.polling(feed(url=publisher.url("/feed"), interval=QUICK)):
        state = await desk.known(lambda state: state.polled_at)

    assert state.polled_at is not None
    assert least <= state.next_poll_at - state.polled_at <= least * 1.11


async def test_an_interval_that_may_not_stretch_is_kept_and_a_ttl_outlasts_a_304(
    desk: Desk, publisher: Publisher
) -> None:
    async def serve(headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        body = reply(rss("<ttl>20</ttl>"), ETag='"1"')
        is_known = "if-none-match" in headers
        writer.write(reply(status="304 Not Modified") if is_known else body)

    publisher.answers["/feed"] = serve
    url = publisher.url("/feed")

    async with desk.polling(feed(url=url, interval=QUICK, max_interval=QUICK)):
        await until(lambda: len(publisher.requests) >= 3)
    asked = len(publisher.requests)
    async with desk.polling(feed(url=url, interval=QUICK)):
        await until(lambda: len(publisher.requests) > asked)
        soon = CLOCK.now() + HOUR / 6
        state = await desk.known(lambda state: state.next_poll_at > soon)

    assert publisher.requests[-1][1]["if-none-match"] == '"1"'
    assert state.polled_at is not None
    assert state.next_poll_at - state.polled_at >= HOUR / 3
