"""Publishers on loopback for the benches: `loopback.py PORT_FILE BYTES LOG`.

One process, apart from what is measured. Every path is a feed of its own with an ETag; a
request that names it is answered 304. Hosts are told apart by the Host header. Each
request is noted in the log file, if one is named: monotonic time, host and path, as text.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = [
    "unesco",
    "fund",
    "dues",
    "halt",
    "suspend",
    "council",
    "vote",
    "budget",
    "minister",
    "market",
    "report",
    "court",
    "police",
    "city",
    "election",
    "rate",
    "bank",
    "health",
    "school",
    "climate",
]
SINCE = "Fri, 20 Nov 2026 12:00:00 GMT"
HEAD_END = b"\r\n\r\n"


def body(size: int = 30_000, seed: int = 1) -> bytes:
    """Return an RSS feed of about so many bytes; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - a made-up text
    items = []
    length = 0
    while length < size:
        number = dice.randrange(10**9)
        words = " ".join(dice.choices(WORDS, k=30))
        items.append(
            f"<item><title>{words[:40]} {number}</title>"
            f"<link>https://news.example/{number}</link>"
            f"<description>{words} {number:x}</description></item>"
        )
        length += len(items[-1])
    return (
        f'<rss version="2.0"><channel><title>News</title>{"".join(items)}'
        "</channel></rss>"
    ).encode()


class Publisher(asyncio.Protocol):
    """Answer requests that have no body, one after the other."""

    def __init__(self, packed: bytes, note: IO[str] | None) -> None:
        self._packed = packed
        self._note = note
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._buffer += data
        while (end := self._buffer.find(HEAD_END)) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        low = head.lower()
        if self._note is not None:
            host = low.partition(b"\r\nhost: ")[2].split(b"\r\n", 1)[0]
            self._note.write(
                f"{time.monotonic():.4f} {host.decode()} {path.decode()}\n"
            )
        tag = b'"v1-' + path + b'"'
        fields = b"ETag: " + tag + b"\r\nLast-Modified: " + SINCE.encode()
        if b"if-none-match: " + tag in low:
            return b"HTTP/1.1 304 Not Modified\r\n" + fields + HEAD_END
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
            b"Content-Encoding: gzip\r\nContent-Length: %d\r\n"
            % len(self._packed)
            + fields
            + HEAD_END
            + self._packed
        )


async def serve(port_file: Path, size: int, note: IO[str] | None) -> None:
    """Serve until SIGTERM; write the port down once it is open."""
    packed = gzip.compress(body(size))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Publisher(packed, note), "127.0.0.1", 0, backlog=1000
    )
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    port = server.sockets[0].getsockname()[1]
    await asyncio.to_thread(port_file.write_text, str(port))
    await stop.wait()
    server.close()


@contextlib.contextmanager
def publishing(folder: Path, *, size: int = 30_000, log: str = "") -> Iterator[int]:
    """Run the publishers in a process of their own; yield their port."""
    port_file = folder / "port"
    command = [sys.executable, __file__, str(port_file), str(size), log]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 10
        while not port_file.exists() or not port_file.read_text():
            if time.monotonic() > deadline:
                raise SystemExit("bench: the publishers did not start; see above")
            time.sleep(0.02)
        yield int(port_file.read_text())
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    with contextlib.ExitStack() as stack:
        noted = sys.argv[3]
        file = stack.enter_context(Path(noted).open("w")) if noted else None
        asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), file))
