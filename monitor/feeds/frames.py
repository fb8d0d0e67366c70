"""What a process and its parse workers say to each other over a pipe.

Each message is its length in four bytes, then MessagePack.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, msgpack

from monitor.feed_model import Page, ParsedFeed

LENGTH_BYTES: Final = 4
READY: Final = b"ready\n"
"""What a worker says first: it has loaded the parser and waits for work."""

EXIT_OUT_OF_MEMORY: Final = 3


class Request(Struct, frozen=True):
    """One body to parse.

    Args:
        url: the address it came from; for a robots.txt, the address in question.
        agent: of a robots.txt, for whom it is read.
    """

    body: bytes
    url: str
    content_type: str = ""
    agent: str = ""


class Reply(Struct, frozen=True):
    """The feed, the page, the robots' answer, or why there is none."""

    feed: ParsedFeed | None = None
    refused: str = ""
    page: Page | None = None
    is_allowed: bool | None = None


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
