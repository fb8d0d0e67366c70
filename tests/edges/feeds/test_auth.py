"""A feed's password or token: sent to its own host, and to nobody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import pytest
import structlog
from msgspec.structs import replace

from monitor.clock import SystemClock
from monitor.errors import FetchError
from monitor.feed_model import MOVES, FeedState
from monitor.feeds.fetch import fetch
from monitor.feeds.poller import Poller
from monitor.feeds.probe import probe
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.model import Feed
from monitor.outbound import Outbound
from tests.edges.feeds.memory_book import MemoryBook
from tests.edges.feeds.publisher import Publisher, publishing, reply
from tests.factories import NOON, feed

SECRET = "Bearer s3cr3t-t0ken"  # noqa: S105 - of tests
SECOND = timedelta(seconds=1)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound(
        user_agent="wirewatch-test",
        allow=[ip_network("127.0.0.0/8")],
        ports=range(1, 65536),  # a thief of the tests cannot listen on port 80
    )
    yield client
    await client.aclose()


def state_of(of: Feed) -> FeedState:
    return FeedState(id=of.id, url=of.url, next_poll_at=NOON)


def sent(publisher: Publisher) -> list[str | None]:
    return [headers.get("authorization") for _, headers, _ in publisher.requests]


async def test_the_header_is_sent_and_kept_within_the_host(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/old"] = reply(status="301 Moved", location="/feed")
    publisher.answers["/feed"] = reply(b"x")
    of = feed(url=publisher.url("/old"), authorization=SECRET)

    await fetch(outbound, of, state_of(of), SystemClock())

    assert publisher.paths() == ["/old", "/feed"]
    assert sent(publisher) == [SECRET, SECRET]


async def test_the_header_goes_to_no_other_port(
    outbound: Outbound, publisher: Publisher
) -> None:
    async with publishing() as thief:
        publisher.answers["/feed"] = reply(
            status="302 Found", location=thief.url("/back")
        )
        thief.answers["/back"] = reply(
            status="302 Found", location=publisher.url("/again")
        )
        publisher.answers["/again"] = reply(b"x")
        of = feed(url=publisher.url("/feed"), authorization=SECRET)
        await fetch(outbound, of, state_of(of), SystemClock())

        assert sent(thief) == [None]
        assert sent(publisher) == [SECRET, None], "not even on the way back"


async def test_the_header_does_not_move_with_the_feed(
    outbound: Outbound, publisher: Publisher
) -> None:
    async with publishing() as elsewhere:
        elsewhere.answers["/feed"] = publisher.answers["/new"] = reply(b"x")
        of = feed(url=publisher.url("/feed"), authorization=SECRET)
        gone = replace(state_of(of), moved_to=elsewhere.url("/feed"), moves=MOVES)
        near = replace(state_of(of), moved_to=publisher.url("/new"), moves=MOVES)
        await fetch(outbound, of, gone, SystemClock())
        await fetch(outbound, of, near, SystemClock())

        assert sent(elsewhere) == [None]
        assert sent(publisher) == [SECRET], "another place of the same host"


async def test_an_error_names_no_secret(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(status="401 Unauthorized")
    of = feed(url=publisher.url("/feed"), authorization=SECRET)

    with pytest.raises(FetchError) as caught:
        await fetch(outbound, of, state_of(of), SystemClock())

    assert "s3cr3t" not in f"{caught.value!r} {of!r} {of}"


async def test_the_usual_places_of_a_redirect_get_no_secret(
    outbound: Outbound, publisher: Publisher
) -> None:
    async with publishing() as thief:
        publisher.answers["/"] = reply(status="302 Found", location=thief.url("/"))
        thief.answers["/"] = reply(b"<html><p>no feed</p></html>")
        of = feed(url=publisher.url("/"), authorization=SECRET)
        workers = ParseWorkers(1)
        try:
            await probe(of, outbound, workers, SystemClock(), guess=True)
        finally:
            await workers.close()

        assert len(thief.requests) > 5
        assert set(sent(thief)) == {None}


async def test_a_poller_that_fails_logs_no_secret(
    outbound: Outbound,
    publisher: Publisher,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    publisher.answers["/feed"] = reply(status="401 Unauthorized")
    of = feed(url=publisher.url("/feed"), authorization=SECRET, interval=SECOND)
    book = MemoryBook()
    await book.sync([of], SystemClock().now())
    workers = ParseWorkers(1)
    stop = asyncio.Event()

    async def append(_: object) -> None: ...

    poller = Poller(
        book=book,
        append=append,
        outbound=outbound,
        workers=workers,
        feeds={of.id: of},
        clock=SystemClock(),
        metrics=Metrics(),
        owner="one",
    )
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(poller.run(stop))
        async with asyncio.timeout(10):
            while not book.outcomes:
                await asyncio.sleep(0.01)
        stop.set()
        await running
    await workers.close()

    shown = capsys.readouterr()
    assert book.outcomes[0].error
    assert any(log["event"] == "feed is failing" for log in logs)
    assert (
        "s3cr3t" not in f"{logs} {caplog.text} {shown.out} {shown.err} {book.outcomes}"
    )
