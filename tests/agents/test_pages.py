"""The service that reads pages: what comes of each, on a real log and state."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from agents.pages import PageRole
from agents.roles import PollRole
from agents.runtime import Runtime
from agents.streams import ENTRIES, stream_partitions
from monitor.clock import SystemClock
from monitor.codec import decode
from monitor.config import load
from monitor.eventlog.open import open_log
from monitor.metrics import Metrics
from monitor.model import EntriesRecord
from monitor.patience import Patience
from monitor.store import Store
from monitor.store.pages import StorePages
from monitor.store.schema import pages as table
from tests import factories
from tests.agents.subscriber import until
from tests.edges.feeds.publisher import Publisher, publishing, reply
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from monitor.model import Entry

TEXT = "The port authority said that talks on the new quay would resume. " * 6
PAGE = f"<html><body><article><p>{TEXT}</p></article></body></html>".encode()
GOOD = reply(PAGE, content_type="text/html")


class Reader:
    """One process's parts that pages need."""

    def __init__(self, runtime: Runtime, publisher: Publisher) -> None:
        self.runtime = runtime
        self.publisher = publisher
        self.wanted = StorePages(runtime.store)

    def entry(self, path: str = "/a", feed: str = "wire", **fields: Any) -> Entry:
        known = {"fetched_at": SystemClock().now()} | fields
        url = self.publisher.url(path)
        return factories.entry(feed=feed, id=path, url=url, **known)

    async def want(self, *entries: Entry) -> None:
        await self.wanted.want(entries, self.runtime.clock.now())
        self.runtime.paged()

    async def rows(self) -> dict[str, Any]:
        found = await self.runtime.store.run(
            lambda conn: conn.execute(select(table)).all()
        )
        return {row.url.removeprefix(self.publisher.url("")): row for row in found}

    async def outcomes(self) -> dict[str, str]:
        return {path: row.outcome for path, row in (await self.rows()).items()}

    async def entries(self) -> list[Entry]:
        found: list[Entry] = []
        for partition in await self.runtime.log.end_offsets(ENTRIES):
            for record in await self.runtime.log.read(ENTRIES, partition, 0, 1000):
                found.extend(decode(record.value, EntriesRecord).entries)
        return found

    def counted(self, outcome: str) -> float:
        registry = self.runtime.metrics.registry
        value = registry.get_sample_value("wirewatch_pages_total", {"outcome": outcome})
        return value or 0.0


@asynccontextmanager
async def reading(folder: Path) -> AsyncIterator[Reader]:
    """Run the service over one feed that is read in full and one that is not."""
    async with publishing() as publisher:
        config = write_config(
            folder / "alerts.yaml",
            outbound={"allow": ["127.0.0.0/8"]},
            defaults={"interval": "1h"},
            feeds={
                "wire": {"url": publisher.url("/feed"), "full_text": True},
                "other": {"url": publisher.url("/other")},
            },
        )
        settings = load(config, environ={"WIREWATCH_DATA_DIR": str(folder)})
        metrics = Metrics()
        runtime = Runtime(
            settings=settings,
            log=open_log(settings.log_url),
            store=Store(settings.state_url),
            metrics=metrics,
            clock=SystemClock(),
            patience=Patience(metrics),
        )
        await runtime.store.start()
        await runtime.log.start()
        await runtime.log.create_streams(stream_partitions(1))
        poll = PollRole(runtime, "me")
        role = PageRole(runtime, "me", poll.poller)
        stop = asyncio.Event()
        running = asyncio.create_task(role.run(stop))
        try:
            yield Reader(runtime, publisher)
        finally:
            stop.set()
            await running
            await role.close()
            await poll.close()
            await runtime.log.stop()
            await runtime.store.stop()


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    async with reading(tmp_path) as reader:
        yield reader


async def test_an_entry_comes_back_with_its_page_and_stays_the_same(
    reader: Reader,
) -> None:
    reader.publisher.answers["/a"] = GOOD
    item = reader.entry(revision=2)

    await reader.want(item)
    await until(lambda: reader.counted("read"), "the page")

    (read,) = await reader.entries()
    assert read.text == TEXT.strip()
    assert (read.id, read.revision, read.title) == (item.id, 2, item.title)
    assert await reader.outcomes() == {"/a": "read"}
    assert await reader.wanted.waiting() == 0


async def test_one_bad_page_stops_nobody_and_is_named_by_its_outcome(
    reader: Reader,
) -> None:
    reader.publisher.answers["/a"] = GOOD
    reader.publisher.answers["/pdf"] = reply(b"%PDF", content_type="application/pdf")
    reader.publisher.answers["/empty"] = reply(b"<p>", content_type="text/html")
    paths = ["/pdf", "/empty", "/gone", "/a"]

    await reader.want(*(reader.entry(path) for path in paths))
    await until(lambda: reader.counted("read"), "the good page")
    await until(lambda: reader.counted("empty"), "the bad ones")
    await until(lambda: reader.counted("missing"), "the missing one")

    assert await reader.outcomes() == {
        "/pdf": "not_html",
        "/empty": "empty",
        "/gone": "missing",
        "/a": "read",
    }
    assert [entry.id for entry in await reader.entries()] == ["/a"]


async def test_a_page_that_may_come_later_is_put_off_as_the_publisher_says(
    reader: Reader,
) -> None:
    reader.publisher.answers["/a"] = reply(
        status="503 Service Unavailable", Retry_After="600"
    )
    begun = reader.runtime.clock.now()

    await reader.want(reader.entry())
    await until(lambda: reader.counted("again"), "the first try")
    row = (await reader.rows())["/a"]

    assert row.tries == 1
    assert row.outcome == ""
    assert row.due_at >= begun + timedelta(seconds=600)
    assert row.leased_by is None


async def test_old_entries_and_those_of_other_feeds_are_left_alone(
    reader: Reader,
) -> None:
    old = reader.runtime.clock.now() - timedelta(hours=25)

    await reader.want(
        reader.entry("/old", fetched_at=old), reader.entry("/b", feed="other")
    )
    await until(lambda: reader.counted("late"), "the old one")
    await until(lambda: reader.counted("dropped"), "the other feed's")

    assert reader.publisher.paths() == []
