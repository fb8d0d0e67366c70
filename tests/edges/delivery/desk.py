"""A receiver on loopback that answers as a test tells it, and keeps what it got."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HANG = 0
"""Instead of a status: take the request and never answer."""


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Desk:
    """Serve HTTP/1.1; answers are used up in order, then it is 200 for ever.

    Attributes:
        answers: status, headers and body of the next answers.
    """

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    default: tuple[int, dict[str, str], bytes] = (200, {}, b"ok")
    port: int = 0
    server: asyncio.Server | None = None
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.released.set()
        if self.server is not None:
            self.server.close()
            self.server = None

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        self.posts.append(Post(head[0].split(" ")[1], headers, body))
        status, more, answer = self.answers.pop(0) if self.answers else self.default
        if status == HANG:
            await self.released.wait()
            return
        more = {"content-length": str(len(answer)), "connection": "close"} | more
        lines = [f"HTTP/1.1 {status} Told", *(f"{k}: {v}" for k, v in more.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + answer)
        await writer.drain()


@contextlib.asynccontextmanager
async def desk(*statuses: int, **fields: object) -> AsyncIterator[Desk]:
    """Open a desk whose first answers have these statuses."""
    opened = Desk(**fields)  # type: ignore[arg-type]
    opened.answers += [(status, {}, b"ok") for status in statuses]
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
