"""What each role runs: the services of one process, made from its settings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from agents import assess, classify
from agents.app import attach, make_app, stop_app
from agents.health import Watched
from agents.progress import Progress
from agents.streams import ENTRIES, MATCHES
from monitor.codec import encode, split
from monitor.eventlog import Record, stream_name
from monitor.feeds.health import learn
from monitor.feeds.poller import Poller
from monitor.feeds.workers import ParseWorkers
from monitor.outbound import Outbound
from monitor.store.feeds import StoreFeedBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.dead_letters import Guard
    from agents.health import HealthCheck
    from agents.runtime import Runtime
    from monitor.config import Settings
    from monitor.feeds.poll import OnFeed
    from monitor.model import EntriesRecord

CRASH_WATCH = 0.5
"""Seconds between two looks at whether an app has crashed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AgentRole:
    """An agent as a service: a new Faust app at every start."""

    name: str
    runtime: Runtime
    health: HealthCheck
    stop: asyncio.Event

    async def run(self) -> None:
        """Consume until stopped; raise if the app crashes."""
        guards: dict[str, tuple[str, Callable[[Runtime], Guard[Any]]]] = {
            "classify": (ENTRIES, classify.guard),
            "assess": (MATCHES, assess.guard),
        }
        stream, guard = guards[self.name]
        runtime = self.runtime
        # A start that fails leaves sockets behind, and there would be many of them.
        await runtime.patience.until_done(lambda: runtime.log.end_offsets(stream))
        settings = runtime.settings
        prefix = settings.kafka.prefix
        group = f"{prefix}wirewatch-{self.name}"
        app = make_app(group, settings.log_url)
        progress = Progress()
        attach(app, stream, guard(runtime), progress, prefix)
        try:
            await app.start()
            self.health.watched[self.name] = Watched(
                stream, stream_name(prefix, stream), group, app, progress
            )
            log.info("agent started", agent=self.name)
            while not self.stop.is_set() and not app.crashed:
                try:
                    async with asyncio.timeout(CRASH_WATCH):
                        await self.stop.wait()
                except TimeoutError:
                    continue
        finally:
            stopped = await stop_app(app)
            if not stopped:
                self.health.stuck.add(self.name)
                log.warning("agent did not stop in time", agent=self.name)
        if app.crashed and not self.stop.is_set():
            raise RuntimeError(f"agent {self.name} crashed") from app.crash_reason


class PollRole:
    """The poller with its parse workers and outbound client.

    Args:
        on_feed: told of every body that was read as a feed.
    """

    def __init__(
        self, runtime: Runtime, owner: str, on_feed: OnFeed | None = None
    ) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._outbound = make_outbound(settings)
        self._book = StoreFeedBook(runtime.store, learn)
        self._workers = ParseWorkers(
            settings.workers.parsers, on_kill=runtime.metrics.parse_kills.inc
        )
        self.poller = Poller(
            book=self._book,
            append=lambda record: append_entries(runtime, record),
            outbound=self._outbound,
            workers=self._workers,
            feeds={feed.id: feed for feed in settings.feeds},
            clock=runtime.clock,
            metrics=runtime.metrics,
            owner=owner,
            manners=settings.outbound.manners,
            patience=runtime.patience,
            on_feed=on_feed,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until stopped."""
        await self._runtime.patience.until_done(self._sync)
        await self.poller.run(stop)

    async def _sync(self) -> None:
        await self._book.sync(self._runtime.settings.feeds, self._runtime.clock.now())

    async def reloaded(self, settings: Settings) -> None:
        """Take on the feeds of a new configuration."""
        await self._runtime.patience.until_done(self._sync)
        self.poller.set_feeds(
            {feed.id: feed for feed in settings.feeds}, settings.outbound.manners
        )

    async def close(self) -> None:
        """End the parse workers and the connections."""
        await self._workers.close()
        await self._outbound.aclose()


async def append_entries(runtime: Runtime, record: EntriesRecord) -> None:
    """Put what a poll brought in the log; return once it is acknowledged."""
    key = record.feed.encode()
    records = [Record(encode(piece), key) for piece in split(record)]
    await runtime.log.append(ENTRIES, records)


def make_outbound(settings: Settings) -> Outbound:
    """Return the outbound client that the settings ask for."""
    return Outbound(
        user_agent=settings.outbound.user_agent, allow=settings.outbound.allow
    )
