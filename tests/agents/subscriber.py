"""Polling role, subscriber and web server of one process, on a real log and state."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from agents.health import HealthCheck
from agents.reload import Reloader
from agents.roles import PollRole
from agents.runtime import Runtime
from agents.services import Supervisor
from agents.sources import PageSources
from agents.streams import ENTRIES, stream_partitions
from agents.websub import WebSub
from monitor.clock import SystemClock
from monitor.codec import decode
from monitor.config import load
from monitor.eventlog.open import open_log
from monitor.metrics import Metrics
from monitor.model import EntriesRecord
from monitor.patience import Patience
from monitor.store import Store
from monitor.store.schema import feeds
from monitor.store.websub import StoreSubscriptions, Subscription
from monitor.web import make_web
from monitor.web.server import serve
from tests.scenarios.desk import free_port, write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from monitor.model import Entry


class MovedClock:
    """Tell the machine's time, moved by as much as a test wants."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


class Subscriber:
    """One process's parts that polling and pushing need."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        port: int = 0,
        patience: float = 20,
        **sections: Any,
    ) -> None:
        self.port = port or free_port()
        self.clock = MovedClock()
        self.folder = folder
        self._sections = {
            "outbound": {"allow": ["127.0.0.0/8"]},
            "websub": {"callback": f"http://127.0.0.1:{self.port}/"},
            "feeds": {"wire": {"url": url, "interval": "10m"}},
        } | sections
        self._environ = {"WIREWATCH_DATA_DIR": str(folder)}
        settings = self.settings()
        metrics = Metrics()
        self.runtime = Runtime(
            settings=settings,
            log=open_log(settings.log_url),
            store=Store(settings.state_url),
            metrics=metrics,
            clock=self.clock,
            patience=Patience(metrics),
        )
        self.subscriptions = StoreSubscriptions(self.runtime.store)
        self.stop = asyncio.Event()
        self.websub = WebSub(self.runtime, "me", lambda: 0.5, patience)

    def settings(self, **changed: Any) -> Any:
        config = write_config(self.folder / "alerts.yaml", **(self._sections | changed))
        return load(config, environ=self._environ)

    async def start(self, stack: AsyncExitStack) -> None:
        runtime = self.runtime
        await runtime.store.start()
        stack.push_async_callback(runtime.store.stop)
        await runtime.log.start()
        stack.push_async_callback(runtime.log.stop)
        await runtime.log.create_streams(stream_partitions(1))
        supervisor = Supervisor(runtime.metrics, self.stop)
        health = HealthCheck(runtime, supervisor)
        reloader = Reloader(self.folder / "alerts.yaml", {}, runtime)
        sources = PageSources(runtime, health, reloader)
        web = await serve(
            make_web(sources, runtime.metrics, push=self.websub.pushes),
            "127.0.0.1",
            self.port,
        )
        stack.push_async_callback(web.stop)
        stack.push_async_callback(self.websub.close)
        self.poll = poll = PollRole(runtime, "me", self.websub.on_feed)
        stack.push_async_callback(poll.close)
        tasks = [
            asyncio.create_task(poll.run(self.stop)),
            asyncio.create_task(self.websub.run(self.stop)),
        ]

        async def end() -> None:
            self.stop.set()
            await asyncio.gather(*tasks)

        stack.push_async_callback(end)

    async def entries(self) -> list[Entry]:
        """Return every entry in the log, in order."""
        found: list[Entry] = []
        for partition in await self.runtime.log.end_offsets(ENTRIES):
            for record in await self.runtime.log.read(ENTRIES, partition, 0, 1000):
                found.extend(decode(record.value, EntriesRecord).entries)
        return found

    async def titles(self) -> list[str]:
        return [entry.title for entry in await self.entries()]

    async def one(self) -> Subscription | None:
        """Return the only subscription, if there is one."""
        every = await self.subscriptions.list_all()
        return every[0] if every else None

    async def is_active(self) -> bool:
        one = await self.one()
        return one is not None and one.active_until is not None

    async def next_poll(self) -> timedelta:
        """Return how far ahead the next poll of the feed is."""
        at: datetime = await self.runtime.store.run(
            lambda conn: conn.execute(select(feeds.c.next_poll_at)).scalar_one()
        )
        return at - self.clock.now()

    async def poll_now(self) -> None:
        """Have the feed polled at once."""
        now = self.clock.now()
        await self.runtime.store.run(
            lambda conn: conn.execute(update(feeds).values(next_poll_at=now))
        )
        self.look()

    def look(self) -> None:
        """Let the poller look now what is due, not within ten seconds."""
        settings = self.runtime.settings
        self.poll.poller.set_feeds({feed.id: feed for feed in settings.feeds})

    def counted(self, name: str, **labels: str) -> float:
        value = self.runtime.metrics.registry.get_sample_value(
            f"wirewatch_websub_{name}", labels
        )
        return value or 0.0


@asynccontextmanager
async def subscribing(
    folder: Path, url: str, **sections: Any
) -> AsyncIterator[Subscriber]:
    """Run a subscriber that polls one feed."""
    async with AsyncExitStack() as stack:
        subscriber = Subscriber(folder, url, **sections)
        await subscriber.start(stack)
        yield subscriber


async def until(holds: Callable[[], Any], what: str, seconds: float = 15) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while True:
            answer = holds()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.02)
    raise AssertionError(what)
