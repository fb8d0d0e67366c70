"""What the schedule costs with very many feeds: claims, looks and ends of polls.

    python bench/schedule.py [--feeds 100000] [--state URL]

On SQLite, or the PostgreSQL of `--state` (an empty database; `postgres` starts one for
the run). A hundred feeds a second fall due, 500 are leased to others, and the rest wait, as
on any working day. The same is done with a fiftieth of the feeds: what is cheap must
not depend on how many there are.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import text

from monitor.feed_model import PollOutcome
from monitor.manners import Manners
from monitor.model import Feed
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook
from tests.plugins.postgres import PostgresServer, _program_folders

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
INTERVAL = timedelta(minutes=15)
LEASE = timedelta(seconds=40)
MANNERS = Manners()
ROUNDS = 60
APART = timedelta(milliseconds=10)
MOST_MILLISECONDS = 25.0
MOST_SLOWER = 3.0


async def measure(url: str, count: int) -> dict[str, float]:
    """Return the median milliseconds of each step, and the seconds of syncing."""
    store = Store(url)
    await store.start()
    book = StoreFeedBook(store)
    feeds = [
        Feed(
            id=f"feed-{n:06}",
            url=f"http://h{n // 5}.news.test/{n}",
            interval=INTERVAL,
            timeout=timedelta(seconds=30),
        )
        for n in range(count)
    ]
    taken: dict[str, list[float]] = {}

    def note(step: str, begun: float) -> None:
        taken.setdefault(step, []).append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await book.sync(feeds, NOON - INTERVAL / 2)
    note("sync anew", begun)
    begun = time.perf_counter()
    await book.sync(feeds, NOON - INTERVAL / 2)
    note("sync again", begun)
    spread = "UPDATE feeds SET next_poll_at = :at WHERE id = :id"
    rows = [
        {"id": feed.id, "at": _written(store, NOON + place * APART)}
        for place, feed in enumerate(feeds)
    ]
    await store.run(lambda conn: conn.execute(text(spread), rows))
    await store.run(lambda conn: conn.execute(text("ANALYZE")))
    await book.claim_due("others", NOON + timedelta(seconds=5), LEASE, 500)
    now = NOON + timedelta(seconds=6)
    for _ in range(ROUNDS):
        now += timedelta(seconds=0.3)
        begun = time.perf_counter()
        claimed = await book.claim_due("me", now, LEASE, 32, manners=MANNERS)
        note("claim", begun)
        begun = time.perf_counter()
        await book.next_due(now)
        note("next due", begun)
        for state in claimed[:8]:
            later = now + INTERVAL
            outcome = PollOutcome(feed=state.id, at=now, next_poll_at=later)
            begun = time.perf_counter()
            await book.finish("me", outcome)
            note("finish", begun)
    await store.stop()
    return {step: statistics.median(times) for step, times in taken.items()}


def _written(store: Store, at: datetime) -> object:
    """Return a time as raw SQL of this database takes it."""
    if store.name.startswith("sqlite"):
        return at.replace(tzinfo=None).isoformat(" ", "microseconds")
    return at


@contextlib.contextmanager
def databases(asked: str) -> Iterator[list[str]]:
    """Yield the addresses of two empty databases."""
    if asked == "postgres":
        with contextlib.ExitStack() as stack:
            here = (f for f in _program_folders() if (f / "postgres").exists())
            server = PostgresServer(next(here))
            stack.callback(server.close)
            yield [stack.enter_context(server.database()) for _ in range(2)]
    elif asked:
        yield [asked, asked]
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield [f"sqlite:///{folder}/{name}.db" for name in ("few", "many")]


def main() -> int:
    """Measure, print, and answer 1 if a step is dear or grows with the feeds."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--feeds", type=int, default=100_000)
    words.add_argument("--state", default="")
    asked = words.parse_args()
    with databases(asked.state) as (small, large):
        few = asyncio.run(measure(small, asked.feeds // 50))
        many = asyncio.run(measure(large, asked.feeds))
    print(f"milliseconds, median, with {asked.feeds // 50} and {asked.feeds} feeds")
    for step, time_taken in many.items():
        print(f"{step:12}{few[step]:10.2f}{time_taken:10.2f}")
    daily = ("claim", "next due", "finish")
    good = all(
        many[step] < max(MOST_SLOWER * few[step], 1.0)
        and many[step] < MOST_MILLISECONDS
        for step in daily
    )
    print("holds" if good else "does not hold")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
