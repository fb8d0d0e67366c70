"""Many feeds on one machine: how late, how busy, how polite.

    python bench/feeds.py [--feeds 10000] [--hosts 2000] [--interval 900]
                          [--seconds 600] [--state URL] [--repeats]

Feeds of one host fall due within the same second or two, which is the worst for its
spacing. The poller as `wirewatch run --role poll` has it (book in a database, parse workers,
checked addresses, spacing per host) asks publishers on loopback, in another process, who
note every request. All feeds are new: they start in turn, and each first poll is a feed
of some forty entries to parse and remember. With `--repeats` every feed has been polled
before and answers 304, so that the schedule is what is measured.

Promised, for 10,000 feeds at 15 minutes: lateness p99 below 30 s, less than one core,
memory that does not grow in the second half, and no two requests to one host closer than
the spacing. `--seconds 60` is the short form.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from socket import AF_INET
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import psutil
import structlog
from aiohttp.abc import AbstractResolver
from msgspec import Struct

from bench.loopback import publishing
from monitor.clock import SystemClock
from monitor.feed_model import PollOutcome
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.manners import Manners
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Feed
from monitor.outbound import Outbound
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


BODY = 10_000
SPACING = timedelta(seconds=1)
MOST_LATE, MOST_CORES, MOST_GROWTH = 30.0, 1.0, 1.1
CLOCK = SystemClock()


class Loopback(AbstractResolver):
    """Find every name on this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        """Return the loopback address."""
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        """Have nothing to close."""


class NotedBook(StoreFeedBook):
    """Note when each feed was planned, to compare with when it was asked."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.planned: dict[str, list[datetime]] = defaultdict(list)
        self.errors: list[str] = []

    async def note(self) -> None:
        """Note the first plan."""
        for state in await self.list_feeds():
            self.planned[state.id].append(state.next_poll_at)

    async def finish(self, owner: str, outcome: PollOutcome) -> None:
        """Note the plan that a poll ends with."""
        await super().finish(owner, outcome)
        self.planned[outcome.feed].append(outcome.next_poll_at)
        if outcome.error:
            self.errors.append(outcome.error)


class Sample(Struct, frozen=True):
    """CPU seconds and resident bytes of the poller and its workers."""

    cpu: float
    rss: int


def sample() -> Sample:
    """Measure this process and its parse workers, not the publishers."""
    me = psutil.Process()
    parts = [
        me,
        *(
            child
            for child in me.children()
            if not any(word.endswith("loopback.py") for word in child.cmdline())
        ),
    ]
    times = [part.cpu_times() for part in parts]
    return Sample(
        cpu=sum(spent.user + spent.system for spent in times),
        rss=sum(part.memory_info().rss for part in parts),
    )


async def drop(_: EntriesRecord) -> None:
    """Stand for the log."""


async def polled_before(
    book: StoreFeedBook, feeds: Sequence[Feed], interval: timedelta
) -> None:
    """Make the book look as after a first round, its feeds spread over the interval."""
    past = CLOCK.now() - interval
    await book.sync(feeds, past - interval)
    place = 0
    while claimed := await book.claim_due("before", past, timedelta(hours=1), 2_000):
        work = []
        for state in claimed:
            due = past + interval * (1 + place / len(feeds)) + timedelta(seconds=30)
            place += 1
            path = state.url.split("/", 3)[3]
            outcome = PollOutcome(
                feed=state.id,
                at=past,
                next_poll_at=due,
                changed=True,
                etag=f'"v1-/{path}"',
            )
            work.append(book.finish("before", outcome))
        await asyncio.gather(*work)


def make_feeds(asked: argparse.Namespace, port: int) -> list[Feed]:
    """Return the feeds, those of one host beside each other."""
    return [
        Feed(
            id=f"feed-{n:06}",
            url=f"http://h{n * asked.hosts // asked.feeds}.news.test:{port}/f/{n}",
            interval=timedelta(seconds=asked.interval),
            timeout=timedelta(seconds=30),
        )
        for n in range(asked.feeds)
    ]


async def watch(poller: Poller, seconds: float) -> tuple[float, list[Sample]]:
    """Let a poller run; return the cores it took, and samples of it."""
    stop = asyncio.Event()
    polling = asyncio.create_task(poller.run(stop))
    first, samples = sample(), []
    begun = time.monotonic()
    while (left := begun + seconds - time.monotonic()) > 0 and not polling.done():
        await asyncio.sleep(min(5.0, left))
        samples.append(sample())
    cores = (samples[-1].cpu - first.cpu) / (time.monotonic() - begun)
    stop.set()
    await polling
    return cores, samples


async def run(asked: argparse.Namespace, folder: Path, port: int) -> dict[str, Any]:
    """Poll for as long as asked; return what was seen from inside."""
    feeds = make_feeds(asked, port)
    store = Store(asked.state or f"sqlite:///{folder}/state.db")
    await store.start()
    book = NotedBook(store)
    if asked.repeats:
        await polled_before(StoreFeedBook(store), feeds, feeds[0].interval)
    begun = time.monotonic()
    await book.sync(feeds, CLOCK.now())
    synced = time.monotonic() - begun
    await book.note()
    workers = ParseWorkers(2)
    allowed = [ip_network("127.0.0.0/8")]
    outbound = Outbound(user_agent="bench", allow=allowed, resolver=Loopback())
    poller = Poller(
        book=book,
        append=drop,
        outbound=outbound,
        workers=workers,
        feeds={feed.id: feed for feed in feeds},
        clock=CLOCK,
        metrics=Metrics(),
        owner="bench",
        manners=Manners(spacing=SPACING),
    )
    offset = CLOCK.now().timestamp() - time.monotonic()
    until = time.monotonic() + asked.seconds
    cores, samples = await watch(poller, asked.seconds)
    await outbound.aclose()
    await workers.close()
    await store.stop()
    return {
        "synced": synced,
        "cores": cores,
        "rss": [one.rss / 1024**2 for one in samples],
        "planned": {
            feed: [at.timestamp() - offset for at in times]
            for feed, times in book.planned.items()
        },
        "until": until,
        "errors": book.errors,
    }


def requests(log: Path) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return when each feed and each host was asked."""
    feeds: dict[str, list[float]] = defaultdict(list)
    hosts: dict[str, list[float]] = defaultdict(list)
    for line in log.read_text().splitlines():
        at, host, path = line.split(" ")
        feeds[f"feed-{int(path.split('/')[2]):06}"].append(float(at))
        hosts[host].append(float(at))
    return feeds, hosts


def lateness(
    planned: dict[str, list[float]], asked: dict[str, list[float]], until: float
) -> list[float]:
    """Return how late each poll was, also those that never came though due."""
    late = []
    for feed, times in planned.items():
        came = asked.get(feed, [])
        for place, due in enumerate(times):
            at = came[place] if place < len(came) else until
            if place < len(came) or due < until:
                late.append(max(at - due, 0.0))
    return sorted(late)


def main() -> int:
    """Measure, print, and answer 1 if something promised does not hold."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--feeds", type=int, default=10_000)
    words.add_argument("--hosts", type=int, default=2_000)
    words.add_argument("--interval", type=float, default=900.0)
    words.add_argument("--seconds", type=float, default=600.0)
    words.add_argument("--state", default="", help="a database instead of SQLite")
    words.add_argument("--repeats", action="store_true", help="all polled before")
    asked = words.parse_args()
    warnings_alone = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=warnings_alone)
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "requests"
        with publishing(folder, size=BODY, log=str(log)) as port:
            seen = asyncio.run(run(asked, folder, port))
        feeds, hosts = requests(log)
    late = lateness(seen["planned"], feeds, seen["until"])
    gaps = [b - a for times in hosts.values() for a, b in pairwise(times)]
    half = len(seen["rss"]) // 2
    middle = statistics.median(seen["rss"][half : half + 5])
    end = statistics.median(seen["rss"][-5:])
    p99 = late[int(len(late) * 0.99)] if late else 0.0
    print(f"{asked.feeds} feeds synced in {seen['synced']:.1f} s; {len(late)} polls of")
    print(f"{len(hosts)} hosts in {asked.seconds:.0f} s, {len(seen['errors'])} failed")
    print(
        f"lateness: median {statistics.median(late):.2f} s, p99 {p99:.2f} s,", end=" "
    )
    print(f"most {late[-1]:.2f} s")
    print(f"CPU: {seen['cores']:.2f} cores with parse workers")
    print(f"memory: {middle:.0f} MiB half way, {end:.0f} MiB at the end")
    closest = min(gaps, default=float("inf"))
    print(f"closest two requests to one host: {closest:.3f} s of {SPACING}")
    good = (
        p99 < MOST_LATE
        and seen["cores"] < MOST_CORES
        and end <= MOST_GROWTH * middle
        and closest >= SPACING.total_seconds()
        and not seen["errors"]
    )
    print("holds" if good else "does not hold")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
