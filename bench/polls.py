"""What a poll costs: polls a CPU-second on 304s, and unchanged bodies, beside peers.

    python bench/polls.py [--polls 2000] [--rounds 5] [--server URL] [--go CLIENT]

Both clients ask the same publishers on loopback, turn about in one run: a bare
`httpx.AsyncClient`, and our poll from the conditional request to its outcome (checked
addresses, deadline, limits, schedule), the database left out. Then a body that has not
changed, sent in full: our whole poll, which knows it by its hash, and bare feedparser
reading it, without the request. With `--go` a Go client of
the same task (`CLIENT URL CONCURRENCY`, printing "... N polls per client CPU-second") is
measured against the same server.

Only the CPU time of this process counts, in medians over the rounds after the first.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import feedparser
import httpx

from bench.loopback import SINCE, publishing
from monitor.clock import SystemClock
from monitor.feed_model import FeedState
from monitor.feeds.poll import Poll
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.model import Feed
from monitor.outbound import Outbound
from monitor.patience import Patience
from tests.edges.feeds.memory_book import MemoryBook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CONCURRENCY = 32
SECONDS_OF_FEEDPARSER = 2
WANTED_POLLS, WANTED_BODIES = 4.0, 10.0


async def never(_: object) -> None:
    """Stand for the log, which nothing unchanged reaches."""
    raise AssertionError("an unchanged feed brought entries")


class Ours:
    """Our poll, with all that belongs to it but the database."""

    def __init__(self, base: str) -> None:
        self.clock = SystemClock()
        self.outbound = Outbound(
            user_agent="wirewatch-bench", allow=[ip_network("127.0.0.0/8")]
        )
        metrics = Metrics()
        self.poll = Poll(
            book=MemoryBook(),
            append=never,
            outbound=self.outbound,
            workers=ParseWorkers(1),
            clock=self.clock,
            metrics=metrics,
            patience=Patience(metrics),
            chance=lambda: 0.5,
        )
        self.base = base
        self.digest = ""

    def feed(self, number: int, tag: str) -> tuple[Feed, FeedState]:
        """Return a feed, and what is remembered of it."""
        name, url = f"feed-{number}", f"{self.base}/f/{number}"
        feed = Feed(
            id=name,
            url=url,
            interval=timedelta(minutes=5),
            timeout=timedelta(seconds=30),
        )
        state = FeedState(
            id=name,
            url=url,
            etag=tag,
            last_modified=SINCE if tag else "",
            body_hash=self.digest,
            next_poll_at=self.clock.now(),
        )
        return feed, state

    async def unmodified(self, number: int, tag: str) -> None:
        """Poll a feed that answers 304."""
        outcome = await self.poll.run(*self.feed(number, tag))
        if outcome.error or outcome.changed:
            raise SystemExit(f"bench: {outcome}")


async def rate(polls: int, one: Callable[[int], Awaitable[Any]]) -> float:
    """Return polls a CPU-second of this process."""
    numbers = iter(range(polls))

    async def work() -> None:
        for number in numbers:
            await one(number)

    before = time.process_time()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return polls / (time.process_time() - before)


async def polls(base: str, count: int, rounds: int, tag: str) -> tuple[float, float]:
    """Return the rates of bare httpx and of our poll, measured turn about."""
    ours, rates = Ours(base), ([], [])
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=CONCURRENCY)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:

        async def bare(number: int) -> None:
            headers = {
                "If-None-Match": tag.format(number),
                "If-Modified-Since": SINCE,
            }
            answer = await client.get(f"{base}/f/{number}", headers=headers)
            if answer.status_code != 304:
                raise SystemExit(f"bench: {answer}")

        for _ in range(rounds):
            rates[0].append(await rate(count, bare))
            rates[1].append(
                await rate(count, lambda n: ours.unmodified(n, tag.format(n)))
            )
    await ours.outbound.aclose()
    return statistics.median(rates[0][1:]), statistics.median(rates[1][1:])


async def bodies(base: str, count: int) -> tuple[float, float]:
    """Return bodies a CPU-second: bare feedparser, and our whole poll of a known one."""
    ours = Ours(base)
    async with httpx.AsyncClient() as client:
        same = (await client.get(f"{base}/f/0")).content
    ours.digest = hashlib.sha256(same).hexdigest()
    begun, parsed = time.process_time(), 0
    while (spent := time.process_time() - begun) < SECONDS_OF_FEEDPARSER:
        feedparser.parse(io.BytesIO(same))
        parsed += 1
    await rate(CONCURRENCY, lambda n: ours.unmodified(n, ""))
    known = await rate(count, lambda n: ours.unmodified(n, ""))
    await ours.outbound.aclose()
    return parsed / spent, known


def go_rate(client: str, base: str) -> float:
    """Return the rate that a Go client of the same task prints for 304s."""
    command = [client, base, str(CONCURRENCY)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"304 .*?([\d.]+) polls per client CPU-second", said.stdout)
    if found is None:
        raise SystemExit(f"bench: {client} says {said.stdout!r}")
    return float(found[1])


def main() -> int:
    """Measure, print, and answer 1 if a ratio is below what we promise."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--polls", type=int, default=2000)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--server", default="", help="publishers that run already")
    words.add_argument("--go", default="", help="a Go client to measure as well")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder, publishing(Path(folder)) as port:
        base = asked.server or f"http://127.0.0.1:{port}"
        # The tag of a feed, as our own publishers or those of --server make it.
        tag = '"v1-{}"' if asked.server else '"v1-/f/{}"'
        theirs, ours = asyncio.run(polls(base, asked.polls, asked.rounds, tag))
        print(f"304s: httpx {theirs:.0f}, wirewatch {ours:.0f} polls a CPU-second")
        print(f"      wirewatch is {ours / theirs:.1f} times httpx")
        if asked.go:
            go = go_rate(asked.go, base)
            print(f"      Go {go:.0f}, {go / ours:.1f} times wirewatch")
        parsed, known = asyncio.run(bodies(base, asked.polls))
        print(f"unchanged bodies of 30 kB: feedparser {parsed:.0f} parsed,", end=" ")
        print(f"wirewatch {known:.0f} polled a CPU-second")
        print(f"      wirewatch is {known / parsed:.0f} times feedparser")
    good = ours >= WANTED_POLLS * theirs and known >= WANTED_BODIES * parsed
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
