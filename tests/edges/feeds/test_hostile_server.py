"""Every case of the corpus's hostile server, through client, parser and diff."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.feed_model import PollOutcome
from monitor.feeds.poll import Poll
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Entry
from monitor.outbound import Outbound
from monitor.patience import Patience
from tests.edges.feeds.hostile_server import HostileServer
from tests.edges.feeds.memory_book import MemoryBook
from tests.factories import feed

pytestmark = pytest.mark.shared

CLOCK = SystemClock()
TIMEOUT = timedelta(seconds=3)
MAX_SECONDS = 5.0
MAX_GROWTH_MIB = 64
REFUSED_REDIRECTS = 13


class Desk:
    """Poll cases of the server, as the poller would."""

    def __init__(self, server: HostileServer, outbound: Outbound) -> None:
        self.server = server
        self.book = MemoryBook()
        self.log: list[Entry] = []
        self.workers = ParseWorkers(1)
        self.metrics = Metrics()
        self._poll = Poll(
            book=self.book,
            append=self._append,
            outbound=outbound,
            workers=self.workers,
            clock=CLOCK,
            metrics=self.metrics,
            patience=Patience(self.metrics),
            chance=random.random,
        )

    async def _append(self, record: EntriesRecord) -> None:
        self.log.extend(record.entries)

    async def poll(self, case: str, times: int = 1) -> PollOutcome:
        """Return the outcome of the last of some polls of a case."""
        one = feed(id=case, url=self.server.url(case), timeout=TIMEOUT)
        await self.book.sync([one], CLOCK.now())
        for _ in range(times):
            outcome = await self._poll.run(one, self.book.states[case])
            await self.book.finish("test", outcome)
        return self.book.of(case)[-1]

    def titles(self, case: str) -> list[str]:
        return [entry.title for entry in self.log if entry.feed == case]


@asynccontextmanager
async def desk_at(server: HostileServer) -> AsyncIterator[Desk]:
    outbound = Outbound(user_agent="wirewatch-test", allow=[ip_network("127.0.0.1/32")])
    desk = Desk(server, outbound)
    await desk.workers.warm()
    try:
        yield desk
    finally:
        await desk.workers.close()
        await outbound.aclose()


def peak_mib() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if "VmHWM" in line)


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def told_otherwise(expected: str, outcome: PollOutcome, items: int) -> str:
    """Return how an outcome differs from what the case's words expect, or ""."""
    may_fail = expected.startswith(("rejected", "error")) or "or rejected" in expected
    if outcome.error:
        return "" if may_fail or "Retry-After" in expected else outcome.error
    if expected.startswith(("rejected", "error")):
        return f"read, with {items} items"
    if expected.startswith("2 items") and items != 2:
        return f"{items} items"
    return ""


async def test_every_case_is_bounded_and_ends_as_it_should(
    server: HostileServer,
) -> None:
    found = []
    async with desk_at(server) as desk, asyncio.timeout(120):
        for case, expected in server.cases.items():
            forget_peak()
            before, begun = peak_mib(), time.monotonic()
            outcome = await desk.poll(case)
            took, grown = time.monotonic() - begun, peak_mib() - before
            told = told_otherwise(expected, outcome, len(desk.titles(case)))
            if told or took > MAX_SECONDS or grown > MAX_GROWTH_MIB:
                found.append(f"{case}: {told} in {took:.1f} s, {grown} MiB; {expected}")

    assert len(server.cases) > 30
    assert found == []
    assert server.canary_calls() == 0


async def test_the_canary_is_never_connected_to(server: HostileServer) -> None:
    refused = [case for case, told in server.cases.items() if "0 connections" in told]
    async with desk_at(server) as desk:
        outcomes = [await desk.poll(case) for case in refused]
        before = server.canary_calls()
        _, writer = await asyncio.open_connection("127.0.0.1", server.canary)
        writer.close()
        async with asyncio.timeout(5):
            while not server.canary_calls():  # it is able to sing
                await asyncio.sleep(0.01)

    assert len(refused) >= REFUSED_REDIRECTS
    assert all(outcome.error for outcome in outcomes)
    assert before == 0


async def test_items_whose_guids_change_at_every_poll_are_told_once(
    server: HostileServer,
) -> None:
    async with desk_at(server) as desk:
        await desk.poll("guid_rotates", times=5)

    assert sorted(desk.titles("guid_rotates")) == ["Same 1", "Same 2"]


async def test_a_window_that_moves_on_entirely_loses_no_item_and_counts_the_gaps(
    server: HostileServer,
) -> None:
    async with desk_at(server) as desk:
        await desk.poll("sliding", times=30)
        gaps = desk.metrics.registry.get_sample_value(
            "wirewatch_feed_gaps_total", {"feed": "sliding"}
        )

    numbers = [int(title.split()[1]) for title in desk.titles("sliding")]
    assert len(numbers) == len(set(numbers)) == 600
    assert max(numbers) - min(numbers) == 599
    assert gaps == 29


async def test_an_answer_of_unchanged_is_no_failure_even_at_first(
    server: HostileServer,
) -> None:
    async with desk_at(server) as desk:
        outcome = await desk.poll("always_304", times=2)

    assert (outcome.error, outcome.changed) == ("", False)


async def test_a_huge_validator_is_not_kept(server: HostileServer) -> None:
    async with desk_at(server) as desk:
        outcome = await desk.poll("etag_huge")

    assert outcome.error == ""
    assert len(outcome.etag) <= 1024


async def test_a_wait_of_centuries_is_cut_to_a_day(server: HostileServer) -> None:
    async with desk_at(server) as desk:
        outcome = await desk.poll("retry_after_huge")

    assert outcome.next_poll_at - outcome.at == timedelta(hours=24)


async def test_a_wait_that_is_none_changes_nothing(server: HostileServer) -> None:
    async with desk_at(server) as desk:
        outcome = await desk.poll("retry_after_garbage")

    assert "503" in outcome.error
    assert outcome.next_poll_at - outcome.at < timedelta(minutes=3)
