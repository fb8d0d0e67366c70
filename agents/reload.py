"""Swap a changed configuration in whole, or keep the old one and say why."""

from __future__ import annotations

import asyncio
import gc
import time
from operator import attrgetter
from typing import TYPE_CHECKING

import structlog

from monitor.config import load
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from agents.runtime import Runtime
    from monitor.config import Settings

NEEDS_RESTART = {
    "log_url": "log",
    "state_url": "state",
    "host": "web.listen",
    "port": "web.listen",
    "plan.external_url": "external_url",  # the web server answers to its host
    "websub_callback": "websub",
    "outbound": "outbound",
    "retention.log_age": "retention.log",
    "retention.log_bytes": "retention.log",
    "kafka": "kafka",
    "workers": "workers",
}
"""Settings a running process cannot change, and their keys in the file."""

TURN_SECONDS = 0.01
STAND_BACK_SECONDS = 0.001
"""How often, while a file is loaded, the loop lets the loading thread in, for how long."""

log = structlog.get_logger(__name__)


def settle() -> None:
    """Tell the garbage collector that what was loaded stays.

    A hundred thousand topics are millions of objects, and a full collection that walks
    over all of them holds up every thread for a good part of a second. What is frozen
    is not walked over any more, and is still freed when the last reference to it goes.
    """
    gc.collect()
    gc.freeze()


class Reloader:
    """Load the file again and hand it to everybody, or to nobody.

    Args:
        adapt: applied to what was loaded, before it is compared and swapped in.
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        runtime: Runtime,
        *,
        adapt: Callable[[Settings], Settings] = lambda settings: settings,
    ) -> None:
        self._path = path
        self._environ = environ
        self._runtime = runtime
        self._adapt = adapt
        self.listeners: list[Callable[[Settings], Awaitable[None]]] = []
        """Told of the new settings after the swap, in order."""
        self._turn = asyncio.Lock()

    async def reload(self) -> list[str]:
        """Return the mistakes that kept the old configuration, or an empty list."""
        async with self._turn:
            mistakes = await self._reload()
        loaded = self._runtime.metrics.config_loaded
        loaded.set(0 if mistakes else 1)
        if mistakes:
            log.error("configuration not reloaded, the old one stays", errors=mistakes)
        else:
            log.info("configuration reloaded", file=str(self._path))
            self._runtime.metrics.config_loaded_at.set(
                self._runtime.clock.now().timestamp()
            )
        return mistakes

    async def _load(self) -> Settings:
        """Load in a thread; what matches now goes on, and lends its topics."""
        loading = asyncio.ensure_future(asyncio.to_thread(self._load_beside))
        while not loading.done():
            # A loop that is never idle lets go of the interpreter only for moments, at
            # each of which the thread stops waiting and comes too late; that can go on
            # for minutes. So stand back long enough for it to get its turn.
            time.sleep(STAND_BACK_SECONDS)  # noqa: ASYNC251 - the loop is to wait
            await asyncio.wait({loading}, timeout=TURN_SECONDS)
        return loading.result()

    def _load_beside(self) -> Settings:
        # As an argument the running settings would be held on to by the thread's pool.
        return load(self._path, environ=self._environ, running=self._runtime.settings)

    async def _reload(self) -> list[str]:
        try:
            loaded = await self._load()
        except ConfigError as error:
            return list(error.lines)
        settings = self._adapt(loaded)
        running = self._runtime.settings
        fixed = dict.fromkeys(
            key
            for name, key in NEEDS_RESTART.items()
            if attrgetter(name)(settings) != attrgetter(name)(running)
        )
        if fixed:
            return [
                f'{self._path}: "{key}" cannot change while running; '
                "restart the process to apply it"
                for key in fixed
            ]
        self._runtime.settings = settings
        for listener in self.listeners:
            await listener(settings)
        # What the old settings alone held is freed, not frozen; each step takes some
        # milliseconds, so others get their turn in between.
        del running
        await asyncio.sleep(0)
        settle()
        return []
