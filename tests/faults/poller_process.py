"""One poller as a process: `poller_process.py STATE BASE_URL OWNER FEEDS LEASE`.

It runs until it is killed. The name of its owner is its User-Agent.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from ipaddress import ip_network

from monitor.clock import SystemClock
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Feed
from monitor.outbound import Outbound
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook


async def drop(_: EntriesRecord) -> None:
    """Stand for the log."""


async def main(url: str, base: str, owner: str, count: int, lease: float) -> None:
    store, clock = Store(url), SystemClock()
    await store.start()
    feeds = [
        Feed(
            id=f"feed-{number:02}",
            url=f"{base}/{number:02}",
            interval=timedelta(seconds=0.5),
            timeout=timedelta(seconds=60),
        )
        for number in range(count)
    ]
    book = StoreFeedBook(store)
    await book.sync(feeds, clock.now())
    poller = Poller(
        book=book,
        append=drop,
        outbound=Outbound(user_agent=owner, allow=[ip_network("127.0.0.1/32")]),
        workers=ParseWorkers(1),
        feeds={feed.id: feed for feed in feeds},
        clock=clock,
        metrics=Metrics(),
        owner=owner,
        lease=timedelta(seconds=lease),
    )
    await poller.run(asyncio.Event())


if __name__ == "__main__":
    state, address, name, number, seconds = sys.argv[1:]
    asyncio.run(main(state, address, name, int(number), float(seconds)))
