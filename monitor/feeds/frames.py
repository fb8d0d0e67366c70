"""What the poller and a parse worker say to each other over a pipe.

Each message is its length in four bytes, then MessagePack.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, msgpack

from monitor.feed_model import ParsedFeed

LENGTH_BYTES: Final = 4
READY: Final = b"ready\n"
"""What a worker says first: it has loaded the parser and waits for work."""

EXIT_OUT_OF_MEMORY: Final = 3


class Request(Struct, frozen=True):
    """One body to parse."""

    body: bytes
    url: str
    content_type: str


class Reply(Struct, frozen=True):
    """The feed, or why there is none."""

    feed: ParsedFeed | None = None
    refused: str = ""


_encoder = msgpack.Encoder()
_requests = msgpack.Decoder(Request)
_replies = msgpack.Decoder(Reply)


def frame(message: Request | Reply) -> bytes:
    """Return a message with its length before it."""
    data = _encoder.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def request_from(data: bytes) -> Request:
    """Return the request that a frame's bytes hold."""
    return _requests.decode(data)


def reply_from(data: bytes) -> Reply:
    """Return the reply that a frame's bytes hold."""
    return _replies.decode(data)
