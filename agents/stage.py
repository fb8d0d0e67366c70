"""Set the stage for `run --replay`: a recording as live feeds, beside the real ones.

Log and state live in a temporary folder, so every run shows the story anew and the
user's own data stays as it is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import socket
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from monitor.model import Feed
from monitor.replay import ReplayServer, read_items
from monitor.web.server import Server

if TYPE_CHECKING:
    import contextlib

    from monitor.config import Settings

POLL_EVERY = timedelta(seconds=0.5)

log = structlog.get_logger(__name__)


class Stage:
    """A recording, its server, and the settings that poll it."""

    def __init__(self, recording: Path) -> None:
        self._started_at: float | None = None
        self._recording = recording
        self._server = ReplayServer(read_items(recording), self._elapsed)
        # The port is taken at once, so that the settings can name it; requests are
        # answered from `open` on.
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self._folder = tempfile.TemporaryDirectory(prefix="wirewatch-replay-")

    def _elapsed(self) -> float:
        if self._started_at is None:
            return -1.0
        return asyncio.get_running_loop().time() - self._started_at

    def adapt(self, settings: Settings) -> Settings:
        """Return the settings with the recording's feeds and a throw-away store."""
        port = self._socket.getsockname()[1]
        feeds = [
            Feed(
                id=f"replay-{feed}",
                url=f"http://127.0.0.1:{port}{path}",
                interval=POLL_EVERY,
                timeout=timedelta(seconds=5),
            )
            for feed, path in self._server.feeds.items()
        ]
        folder = Path(self._folder.name)
        loopback = ipaddress.ip_network("127.0.0.1/32")
        return dataclasses.replace(
            settings,
            feeds=(*feeds, *settings.feeds),
            log_url=f"sqlite:///{folder / 'log.db'}",
            state_url=f"sqlite:///{folder / 'state.db'}",
            outbound=dataclasses.replace(
                settings.outbound, allow=(*settings.outbound.allow, loopback)
            ),
        )

    async def open(self, stack: contextlib.AsyncExitStack) -> None:
        """Begin to serve; the recording starts now."""
        stack.callback(self._folder.cleanup)
        server = Server(self._server.app, [self._socket])
        await server.start()
        stack.push_async_callback(server.stop)
        self._started_at = asyncio.get_running_loop().time()
        log.info(
            "replay begins",
            recording=str(self._recording),
            feeds=len(self._server.feeds),
            seconds=round(self._server.length),
        )
