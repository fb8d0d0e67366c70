"""Listen on an address, in the loop of the caller, and leave the signals to it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from typing import TYPE_CHECKING

import uvicorn

from monitor.errors import WirewatchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

STOP_SECONDS = 2
"""What open requests get to finish when the server stops."""
START_SECONDS = 10.0
CONNECTIONS = 512
"""Connections at once, idle ones included; more are answered with 503."""


class _Uvicorn(uvicorn.Server):
    """Run in a program that has signal handlers of its own."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the worker decides when to stop."""
        yield


class Server:
    """A web server that runs beside everything else.

    Args:
        sockets: where it listens; closed when it stops.
    """

    def __init__(self, app: ASGIApp, sockets: list[socket.socket]) -> None:
        self.port: int = sockets[0].getsockname()[1]
        """The port it is bound to, also when 0 was asked for."""
        self._sockets = sockets
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # No proxy may say who asks: reloading depends on it.
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once requests are answered."""
        serving = self._uvicorn.serve(sockets=self._sockets)
        self._task = asyncio.create_task(serving, name="web")
        async with asyncio.timeout(START_SECONDS):
            await self._uvicorn.answers.wait()

    async def stop(self) -> None:
        """Finish open requests, for at most `STOP_SECONDS`, and close the port."""
        if self._task is None:
            return
        self._uvicorn.should_exit = True
        await asyncio.wait({self._task}, timeout=STOP_SECONDS + 1)
        if not self._task.done():
            self._task.cancel()
        for listening in self._sockets:
            listening.close()
        self._task = None


async def serve(app: ASGIApp, host: str, port: int) -> Server:
    """Start answering on an address; every address a name such as localhost has.

    Args:
        port: 0 picks a free one; see `Server.port`.

    Raises:
        WirewatchError: nothing can listen there, with the reason.
    """
    server = Server(app, await _listen(host, port))
    await server.start()
    return server


async def _listen(host: str, port: int) -> list[socket.socket]:
    loop = asyncio.get_running_loop()
    sockets: list[socket.socket] = []
    try:
        found = await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _, _, _, address in dict.fromkeys(found):
            taken = sockets[0].getsockname()[1] if sockets else port
            with contextlib.suppress(_AbsentError):
                sockets.append(_bind(family, (address[0], taken, *address[2:])))
    except OSError as error:
        for listening in sockets:
            listening.close()
        raise WirewatchError(f"{_place(host, port)}: {_reason(error)}") from error
    if not sockets:
        raise WirewatchError(
            f"{_place(host, port)}: not an address of this machine; "
            "set web.listen to one that is"
        )
    return sockets


class _AbsentError(Exception):
    """Say that this machine lacks an address: fine while it has another of the name."""


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    try:
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _AbsentError from error
    try:
        # A restart must not wait for connections that linger; on Linux this does not
        # let two programs listen on one port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setblocking(False)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise _AbsentError from error
        raise
    return listening


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use; stop the other program or set web.listen"
    if error.errno == errno.EACCES:
        return "not permitted to listen here; set web.listen to a port above 1023"
    if isinstance(error, socket.gaierror):
        return "no such host; set web.listen to an address of this machine"
    reason = (error.strerror or "unknown reason").lower()
    return f"cannot listen here ({reason}); set web.listen"
