"""One process of Wirewatch: start what its roles need, keep it going, end cleanly.

The order of a start: web server (so that health can be asked), log and state (tried
again until they answer), streams, couriers, agents, poller. The end takes the reverse
order and is bounded at every step, 15 s in all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from agents.health import HealthCheck
from agents.maintenance import Maintenance
from agents.notify import NotifyRole
from agents.pages import PageRole
from agents.reload import Reloader
from agents.roles import AgentRole, PollRole
from agents.runtime import Runtime
from agents.services import Supervisor
from agents.sources import PageSources
from agents.stage import Stage
from agents.streams import stream_partitions
from agents.websub import WebSub
from monitor.clock import SystemClock
from monitor.errors import StateError, WirewatchError
from monitor.eventlog.open import open_log
from monitor.metrics import Metrics
from monitor.patience import Patience
from monitor.store import Store
from monitor.store.leases import release
from monitor.store.outbox import StoreOutbox
from monitor.web import make_web
from monitor.web.server import serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.config import Settings

STOP_SECONDS = 8.0
"""What services get to finish what they hold."""
RELEASE_SECONDS = 1.0
LAST_RESORT_SECONDS = 14.0
"""After this the process ends whatever hangs; the log delivers again what it held."""

log = structlog.get_logger(__name__)


class Worker:
    """Run the given roles in this process until a signal ends it.

    Args:
        replay: a recording to serve as live feeds, with a throw-away log and state.
    """

    def __init__(
        self,
        *,
        config: Path,
        settings: Settings,
        roles: tuple[str, ...],
        environ: Mapping[str, str],
        replay: Path | None = None,
    ) -> None:
        self._config = config
        self._environ = environ
        self._roles = roles
        self._stage = Stage(replay) if replay else None
        adapt = self._stage.adapt if self._stage else _unchanged
        settings = adapt(settings)
        _check_roles(settings, roles)
        # The log's lock leaves room for one embedded process, so it may take back at
        # once what one before it had leased when it died.
        self._embedded = settings.log_url.startswith("sqlite:")
        process = f"{socket.gethostname()}:{os.getpid()}"
        self._owner = "embedded" if self._embedded else process
        metrics = Metrics()
        self._runtime = Runtime(
            settings=settings,
            log=open_log(
                settings.log_url,
                prefix=settings.kafka.prefix,
                replicas=settings.kafka.replicas,
                max_age=settings.retention.log_age,
                max_bytes=settings.retention.log_bytes,
            ),
            store=Store(settings.state_url),
            metrics=metrics,
            clock=SystemClock(),
            patience=Patience(metrics),
        )
        self._outbox = StoreOutbox(self._runtime.store)
        self._stop = asyncio.Event()
        self._supervisor = Supervisor(self._runtime.metrics, self._stop)
        self._health = HealthCheck(self._runtime, self._supervisor)
        self._reloader = Reloader(config, environ, self._runtime, adapt=adapt)
        self._websub = WebSub(self._runtime, self._owner)

    async def run(self) -> int:
        """Run until stopped; return the exit code.

        Raises:
            WirewatchError: the process cannot start and another try would not help:
                the port is taken, or the log belongs to another process.
        """
        self._watch_signals()
        metrics = self._runtime.metrics
        metrics.config_loaded.set(1)
        metrics.config_loaded_at.set(self._runtime.clock.now().timestamp())
        for line in self._runtime.settings.warnings:
            log.warning("configuration", warning=line)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._websub.close)
            await self._serve_pages(stack)
            if await self._connect(stack):
                await self._start_services(stack)
                log.info("wirewatch runs", roles=",".join(self._roles))
                await self._stop.wait()
            code = await self._end()
        if self._health.stuck:
            # Faust holds the loop while an agent has a record in hand, and that one
            # may wait for hours for what is away. The log delivers it again.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        return code

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._ask_to_reload)
        # `wirewatch run` holds it back until somebody listens.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    def _ask_to_stop(self, number: int) -> None:
        if self._stop.is_set():
            # Asked twice: somebody is in a hurry, and nothing can be lost.
            os._exit(1)
        log.info("stopping", signal=signal.Signals(number).name)
        self._stop.set()
        timer = threading.Timer(LAST_RESORT_SECONDS, os._exit, args=(1,))
        timer.daemon = True
        timer.start()

    def _ask_to_reload(self) -> None:
        task = asyncio.ensure_future(self._reloader.reload())
        # The loop holds tasks weakly; the reloader's turn keeps them apart.
        self._reload = task

    async def _serve_pages(self, stack: contextlib.AsyncExitStack) -> None:
        settings = self._runtime.settings
        sources = PageSources(self._runtime, self._health, self._reloader)
        host = urlsplit(settings.plan.external_url).hostname
        hosts = [host] if host else []
        pages = make_web(
            sources, self._runtime.metrics, hosts=hosts, push=self._websub.pushes
        )
        server = await serve(pages, settings.host, settings.port)
        stack.push_async_callback(server.stop)
        log.info("web page", url=f"http://{settings.host}:{server.port}/")

    async def _connect(self, stack: contextlib.AsyncExitStack) -> bool:
        """Reach log and state; return False if asked to stop meanwhile."""
        runtime = self._runtime
        partitions = stream_partitions(runtime.settings.kafka.partitions)

        async def connect() -> None:
            self._health.starting = "waiting for the state"
            await runtime.patience.until_done(runtime.store.start)
            stack.push_async_callback(runtime.store.stop)
            self._health.starting = "waiting for the log"
            await runtime.patience.until_done(runtime.log.start)
            stack.push_async_callback(runtime.log.stop)
            await runtime.patience.until_done(
                lambda: runtime.log.create_streams(partitions)
            )
            if self._embedded:
                await runtime.patience.until_done(self._release)
            self._health.starting = ""

        connecting = asyncio.ensure_future(connect())
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not connecting.done():
            connecting.cancel()
            await asyncio.wait({connecting})
            return False
        connecting.result()
        return True

    async def _release(self) -> None:
        await self._runtime.store.run(lambda conn: release(conn, self._owner))

    async def _start_services(self, stack: contextlib.AsyncExitStack) -> None:
        runtime, supervisor, stop = self._runtime, self._supervisor, self._stop
        if self._stage is not None:
            await self._stage.open(stack)
        if "notify" in self._roles:
            notify = NotifyRole(runtime, self._outbox, self._owner)
            stack.push_async_callback(notify.close)
            self._reloader.listeners.append(notify.reloaded)
            supervisor.start("notify", lambda: notify.run(stop))
        for name in ("assess", "classify"):
            if name in self._roles:
                self._health.agents.add(name)
                role = AgentRole(name, runtime, self._health, stop)
                supervisor.start(name, role.run)
        if "poll" in self._roles:
            poll = PollRole(runtime, self._owner, self._websub.on_feed)
            stack.push_async_callback(poll.close)
            self._reloader.listeners.append(poll.reloaded)
            supervisor.start("poll", lambda: poll.run(stop))
            pages = PageRole(runtime, self._owner, poll.poller)
            stack.push_async_callback(pages.close)
            self._reloader.listeners.append(pages.reloaded)
            supervisor.start("pages", lambda: pages.run(stop))
            self._reloader.listeners.append(self._websub.reloaded)
            supervisor.start("websub", lambda: self._websub.run(stop))
        house = Maintenance(runtime, self._outbox, self._health, self._roles)
        supervisor.start("maintenance", lambda: house.run(stop))

    async def _end(self) -> int:
        late = await self._supervisor.join(STOP_SECONDS)
        if late:
            log.warning("ended without waiting", services=late)
        if not self._health.starting:
            with contextlib.suppress(StateError, TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._release()
        return 0


def _unchanged(settings: Settings) -> Settings:
    return settings


def _check_roles(settings: Settings, roles: tuple[str, ...]) -> None:
    every = {"poll", "classify", "assess", "notify"}
    if settings.log_url.startswith("sqlite:") and not every <= set(roles):
        raise WirewatchError(
            f"--role {' --role '.join(roles)}: a log on SQLite belongs to one process; "
            "leave --role out, or set log to kafka://..."
        )
