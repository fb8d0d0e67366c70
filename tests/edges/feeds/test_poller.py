"""The poller against real publishers on loopback, with a log and a book in memory."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.errors import LogError, LogUnavailableError
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Entry, Feed
from monitor.outbound import Outbound
from tests.edges.feeds.memory_book import MemoryBook
from tests.edges.feeds.publisher import Publisher, reply
from tests.edges.feeds.waiting import until
from tests.factories import feed

# One loop for all tests here, since a parse worker belongs to the loop it started on.
pytestmark = pytest.mark.asyncio(loop_scope="module")

QUICK = timedelta(seconds=0.2)
CLOCK = SystemClock()


def rss(*titles: str) -> bytes:
    items = "".join(
        f"<item><title>{title}</title><guid>{title.split()[0]}</guid></item>"
        for title in titles
    )
    return (
        f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()
    )


class Desk:
    """Everything around a poller, with a log that may be away."""

    def __init__(self, outbound: Outbound, workers: ParseWorkers) -> None:
        self.outbound = outbound
        self.workers = workers
        self.book = MemoryBook()
        self.metrics = Metrics()
        self.log: list[Entry] = []
        self.log_errors: list[Exception] = []
        self.acknowledges = True

    async def append(self, record: EntriesRecord) -> None:
        if self.log_errors:
            raise self.log_errors.pop(0)
        self.log.extend(record.entries)
        if not self.acknowledges:
            await asyncio.sleep(30)

    def titles(self, of: str = "") -> list[str]:
        return [entry.title for entry in self.log if not of or entry.feed == of]

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    async def poller(self, *feeds: Feed, concurrency: int = 32) -> Poller:
        await self.book.sync(feeds, CLOCK.now())
        return Poller(
            book=self.book,
            append=self.append,
            outbound=self.outbound,
            workers=self.workers,
            feeds={one.id: one for one in feeds},
            clock=CLOCK,
            metrics=self.metrics,
            owner="test",
            concurrency=concurrency,
        )

    @asynccontextmanager
    async def polling(
        self, *feeds: Feed, concurrency: int = 32
    ) -> AsyncIterator[Poller]:
        poller = await self.poller(*feeds, concurrency=concurrency)
        stop = asyncio.Event()
        task = asyncio.create_task(poller.run(stop))
        try:
            yield poller
        finally:
            stop.set()
            async with asyncio.timeout(10):
                await task


@pytest_asyncio.fixture(loop_scope="module")
async def desk(workers: ParseWorkers) -> AsyncIterator[Desk]:
    outbound = Outbound(user_agent="wirewatch-test", allow=[ip_network("127.0.0.1/32")])
    yield Desk(outbound, workers)
    await outbound.aclose()


def quick(publisher: Publisher, path: str = "/feed", **fields: object) -> Feed:
    known: dict[str, object] = {"url": publisher.url(path), "interval": QUICK}
    return feed(**(known | fields))


async def test_a_growing_feed_gives_every_entry_once(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))

    async with desk.polling(quick(publisher)):
        await until(lambda: desk.log)
        publisher.answers["/feed"] = reply(rss("3 three", "2 two", "1 one"))
        await until(lambda: len(desk.log) >= 3)
        polls = len(desk.book.outcomes)
        await until(lambda: len(desk.book.outcomes) > polls + 2)

    assert desk.titles() == ["1 one", "2 two", "3 three"]
    assert desk.count("wirewatch_feed_entries_total", feed="wire-a", kind="new") == len(
        desk.log
    )
    assert (
        desk.count("wirewatch_feed_polls_total", feed="wire-a", outcome="changed") == 2
    )


async def test_an_edited_entry_is_a_revision(desk: Desk, publisher: Publisher) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))

    async with desk.polling(quick(publisher)):
        await until(lambda: desk.log)
        publisher.answers["/feed"] = reply(rss("1 one, corrected"))
        await until(lambda: len(desk.log) >= 2)

    assert [(one.id, one.revision, one.title) for one in desk.log] == [
        ("1", 0, "1 one"),
        ("1", 1, "1 one, corrected"),
    ]


async def test_copies_under_new_guids_are_not_called_new(
    desk: Desk, publisher: Publisher
) -> None:
    item = "<item><title>T</title><link>https://a.example/</link><guid>{}</guid></item>"
    bodies = [
        f'<rss version="2.0"><channel>{item.format(guid)}</channel></rss>'.encode()
        for guid in ("one", "two")
    ]
    publisher.answers["/feed"] = reply(bodies[0])

    with capture_logs() as logs:
        async with desk.polling(quick(publisher)):
            await until(lambda: desk.log)
            publisher.answers["/feed"] = reply(bodies[1])
            await until(lambda: sum(one.changed for one in desk.book.outcomes) >= 2)

    told = [line["new"] for line in logs if line["event"] == "feed polled"]
    assert told == [1]
    assert [len(one.seen) for one in desk.book.outcomes if one.changed] == [1, 1]


async def test_validators_are_sent_back_and_a_304_is_not_parsed(
    desk: Desk, publisher: Publisher
) -> None:
    async def conditional(
        headers: dict[str, str], writer: asyncio.StreamWriter
    ) -> None:
        if headers.get("if-none-match") == '"v1"':
            writer.write(reply(status="304 Not Modified"))
        else:
            since = "Tue, 03 Mar 2026 10:00:00 GMT"
            writer.write(reply(rss("1 one"), ETag='"v1"', Last_Modified=since))

    publisher.answers["/feed"] = conditional

    async with desk.polling(quick(publisher)):
        await until(lambda: len(desk.book.outcomes) >= 3)

    sent = [headers for _, headers, _ in publisher.requests]
    assert "if-none-match" not in sent[0]
    assert sent[2]["if-none-match"] == '"v1"'
    assert sent[2]["if-modified-since"] == "Tue, 03 Mar 2026 10:00:00 GMT"
    assert desk.titles() == ["1 one"]
    assert [outcome.changed for outcome in desk.book.outcomes[:3]] == [
        True,
        False,
        False,
    ]


async def test_the_same_body_again_is_unchanged_without_validators(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))

    async with desk.polling(quick(publisher)):
        await until(lambda: len(desk.book.outcomes) >= 3)

    assert [outcome.changed for outcome in desk.book.outcomes[:3]] == [
        True,
        False,
        False,
    ]


async def test_a_feed_that_hangs_delays_no_other(
    desk: Desk, publisher: Publisher
) -> None:
    async def hang(_: dict[str, str], __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    publisher.answers |= {"/hang": hang, "/feed": reply(rss("1 one"))}
    hanging = quick(publisher, "/hang", id="hanging", timeout=timedelta(seconds=3))
    good = [quick(publisher, id=f"good-{number}") for number in range(10)]

    async with desk.polling(hanging, *good):
        await until(lambda: all(len(desk.book.of(one.id)) >= 2 for one in good))
        were_done_first = not desk.book.of("hanging")
        await until(lambda: desk.book.of("hanging"))

    assert were_done_first
    assert desk.book.of("hanging")[0].error == (
        "127.0.0.1: no whole answer within 3 s; it will be asked again"
    )


async def test_no_more_feeds_than_the_limit_are_asked_at_once(
    desk: Desk, publisher: Publisher
) -> None:
    asking, most = 0, 0

    async def slow(_: dict[str, str], writer: asyncio.StreamWriter) -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await asyncio.sleep(0.05)
        asking -= 1
        writer.write(reply(rss("1 one")))

    publisher.answers["/feed"] = slow
    feeds = [quick(publisher, id=f"feed-{number}") for number in range(9)]

    async with desk.polling(*feeds, concurrency=3):
        await until(lambda: all(desk.book.of(one.id) for one in feeds))

    assert most == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(
            reply(b"<html><body>Log in</body></html>"),
            "an HTML page, not a feed",
            id="a page",
        ),
        pytest.param(
            reply(status="503 Busy", Retry_After="120"),
            "the publisher answered 503 Service Unavailable",
            id="a busy server",
        ),
        pytest.param(
            reply(status="302 Found", Location="http://127.0.0.2/"),
            "127.0.0.2: not a public address",
            id="a redirect inside",
        ),
        pytest.param(
            reply(b"x" * 9_000_000), "larger than 8388608 bytes", id="a body too large"
        ),
        pytest.param(
            reply(gzip.compress(rss("1 one"))[:-9], Content_Encoding="gzip"),
            "the compressed body was cut off",
            id="a truncated body",
        ),
    ],
)
async def test_a_useless_answer_is_an_outcome_with_its_reason(
    desk: Desk, publisher: Publisher, answer: bytes, error: str
) -> None:
    publisher.answers["/feed"] = answer

    with capture_logs() as logs:
        async with desk.polling(quick(publisher)):
            await until(lambda: desk.book.outcomes)

    outcome = desk.book.outcomes[0]
    assert error in outcome.error
    assert desk.log == []
    assert [line["error"] for line in logs if line["event"] == "feed is failing"] == [
        outcome.error
    ]


async def test_retry_after_moves_the_next_poll(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(status="429 Slow down", Retry_After="120")

    async with desk.polling(quick(publisher)):
        await until(lambda: desk.book.outcomes)

    outcome = desk.book.outcomes[0]
    assert outcome.next_poll_at - outcome.at == timedelta(seconds=120)
    assert outcome.hold == ("127.0.0.1", outcome.next_poll_at)


async def test_a_failure_is_logged_once_and_so_is_its_end(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(status="500 Broken")

    with capture_logs() as logs:
        async with desk.polling(quick(publisher, interval=QUICK / 4)):
            await until(lambda: len(desk.book.outcomes) >= 3)
            publisher.answers["/feed"] = reply(rss("1 one"))
            await until(lambda: desk.log)
            await until(lambda: not desk.book.outcomes[-1].error)

    events = [line["event"] for line in logs]
    assert events.count("feed is failing") == 1
    assert events.count("feed is back") == 1
    assert desk.count("wirewatch_feed_consecutive_failures", feed="wire-a") == 0


async def test_entries_wait_for_a_log_that_is_away(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))
    desk.log_errors = [LogUnavailableError("log: away")] * 3

    with capture_logs() as logs:
        async with desk.polling(quick(publisher, interval=timedelta(minutes=1))):
            await until(lambda: desk.book.outcomes)

    assert desk.titles() == ["1 one"]
    assert len(publisher.requests) == 1
    events = [line["event"] for line in logs]
    assert events.count("dependency is away") == 1
    assert events.count("dependency is back") == 1
    assert desk.count("wirewatch_dependency_retries_total", dependency="log") == 3


async def test_a_state_that_is_away_is_waited_for(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))
    poller_feed = quick(publisher)

    async with desk.polling(poller_feed):
        desk.book.away_for = 3
        await until(lambda: desk.book.outcomes)

    assert desk.titles() == ["1 one"]


async def test_a_log_that_refuses_for_good_ends_the_poller(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))
    desk.log_errors = [LogError("log: the disk is full")]
    poller = await desk.poller(quick(publisher))

    with pytest.raises(LogError, match="disk is full"):
        async with asyncio.timeout(10):
            await poller.run(asyncio.Event())

    assert desk.book.outcomes == []


async def test_a_crash_before_remembering_repeats_entries_under_the_same_names(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("2 two", "1 one"), ETag='"v1"')
    desk.acknowledges = False
    poller = await desk.poller(quick(publisher))
    crashing = asyncio.create_task(poller.run(asyncio.Event()))
    await until(lambda: desk.log)
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    first = [(one.id, one.revision) for one in desk.log]
    state = desk.book.states["wire-a"]

    desk.log.clear()
    desk.acknowledges = True
    desk.book.expire_leases()
    async with desk.polling(quick(publisher)):
        await until(lambda: desk.book.outcomes)

    assert state.etag == state.body_hash == ""
    assert [(one.id, one.revision) for one in desk.log] == first == [("1", 0), ("2", 0)]


async def test_new_feeds_are_polled_at_once_and_gone_ones_no_more(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers |= {"/a": reply(rss("1 a")), "/b": reply(rss("1 b"))}
    first = quick(publisher, "/a", id="a", interval=timedelta(minutes=1))
    second = quick(publisher, "/b", id="b")

    async with desk.polling(first) as poller:
        await until(lambda: desk.book.of("a"))
        await desk.book.sync([second], CLOCK.now())
        poller.set_feeds({"b": second})
        await until(lambda: len(desk.book.of("b")) >= 2, 3)
        poller.set_feeds({})
        asked = publisher.paths().count("/b")
        await asyncio.sleep(QUICK.total_seconds() * 2)

    assert publisher.paths().count("/a") == 1
    assert publisher.paths().count("/b") <= asked + 1


async def test_a_poll_that_outlives_its_lease_is_not_started_again(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))
    desk.log_errors = [LogUnavailableError("log: away")] * 3
    one = quick(publisher)

    async with desk.polling(one) as poller:
        await until(lambda: len(desk.log_errors) < 3)
        desk.book.expire_leases()
        poller.set_feeds({one.id: one})
        await until(lambda: desk.book.outcomes)
        asked = len(publisher.requests)

    assert asked == 1
    assert desk.titles() == ["1 one"]


async def test_two_pollers_share_feeds_without_polling_one_twice(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))
    minute = timedelta(minutes=1)
    feeds = [quick(publisher, id=f"f{n}", interval=minute) for n in range(20)]

    async with desk.polling(*feeds), desk.polling(*feeds):
        await until(lambda: len(desk.book.outcomes) >= 20)

    assert len(publisher.requests) == 20
    assert len(desk.log) == 20


async def test_a_mistake_of_ours_over_one_feed_stops_no_other(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(rss("1 one"))
    desk.log_errors = [ZeroDivisionError()]
    feeds = [quick(publisher, id="a"), quick(publisher, id="b")]

    with capture_logs() as logs:
        async with desk.polling(*feeds):
            await until(lambda: {one.feed for one in desk.log} == {"a", "b"})

    errors = [outcome.error for outcome in desk.book.outcomes if outcome.error]
    assert errors == ["internal error (ZeroDivisionError); please report it"]
    assert "poll broke" in [line["event"] for line in logs]
