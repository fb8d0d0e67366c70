"""Undo a body's content coding under a cap, and insist on its proper end.

A client that returns what it got of a cut-off stream gives a short feed that looks
whole; here that is an error.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import brotli

from monitor.errors import OutboundError

ACCEPT_ENCODING = "gzip, deflate, br"
_PIECE = 64 * 1024


class Decoder(Protocol):
    """Turn the bytes on the wire into the body."""

    def feed(self, data: bytes, room: int) -> bytes:
        """Return what `data` decodes to, at most `room` + 1 bytes of it.

        Raises:
            OutboundError: the stream is damaged.
        """
        ...

    def finish(self) -> None:
        """Check that the stream has ended where it should.

        Raises:
            OutboundError: it was cut off.
        """
        ...


class Identity:
    """Pass bytes on as they are."""

    def feed(self, data: bytes, room: int) -> bytes:
        """Return the bytes, cut one beyond `room`."""
        return data[: room + 1]

    def finish(self) -> None:
        """Accept any end: the transport has checked the length."""


class Inflate:
    """Undo gzip (any number of members) or deflate (with or without zlib's wrapper)."""

    def __init__(self, host: str, *, gzip: bool) -> None:
        self._host = host
        self._gzip = gzip
        self._stream = zlib.decompressobj(31) if gzip else None
        self._begun = False

    def feed(self, data: bytes, room: int) -> bytes:
        """Return what `data` inflates to, at most `room` + 1 bytes of it."""
        out = bytearray()
        try:
            while data and len(out) <= room:
                stream = self._current(data)
                self._begun = True
                out += stream.decompress(data, room + 1 - len(out))
                data = stream.unused_data if stream.eof else b""
        except zlib.error as error:
            raise OutboundError(
                f"{self._host}: the compressed body is damaged; it will be asked again",
                reason="encoding",
            ) from error
        return bytes(out)

    def _current(self, data: bytes) -> zlib._Decompress:
        if self._stream is None:
            # Some servers send raw deflate where zlib's wrapper is meant (RFC 9110,
            # 8.4.1.2); the wrapper's first two bytes are a multiple of 31.
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0  # noqa: PLR2004
            self._stream = zlib.decompressobj(15 if wrapped else -15)
        elif self._stream.eof:
            self._stream = zlib.decompressobj(31 if self._gzip else 15)
        return self._stream

    def finish(self) -> None:
        """Check that the last member has ended."""
        if self._begun and (self._stream is None or not self._stream.eof):
            raise OutboundError(
                f"{self._host}: the compressed body was cut off; "
                "it will be asked again",
                reason="truncated",
            )


class Brotli:
    """Undo br (RFC 7932): one stream, and nothing after it."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._stream = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes, room: int) -> bytes:
        """Return what `data` decodes to, at most `room` + 1 bytes of it."""
        out = bytearray()
        try:
            while len(out) <= room:
                self._begun = self._begun or bool(data)
                # It may give more than it is asked for, so it is asked for little.
                piece = self._stream.process(data, output_buffer_limit=_PIECE)
                out += piece
                data = b""
                if self._stream.is_finished() or (
                    not piece and self._stream.can_accept_more_data()
                ):
                    break
        except brotli.error as error:
            raise OutboundError(
                f"{self._host}: the compressed body is damaged; it will be asked again",
                reason="encoding",
            ) from error
        return bytes(out[: room + 1])

    def finish(self) -> None:
        """Check that the stream has ended."""
        if self._begun and not self._stream.is_finished():
            raise OutboundError(
                f"{self._host}: the compressed body was cut off; "
                "it will be asked again",
                reason="truncated",
            )


def decoder_for(host: str, coding: str) -> Decoder:
    """Return the decoder for a Content-Encoding header.

    Raises:
        OutboundError: a coding that was not asked for, or several.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return Identity()
    if coding in ("gzip", "x-gzip"):
        return Inflate(host, gzip=True)
    if coding == "deflate":
        return Inflate(host, gzip=False)
    if coding == "br":
        return Brotli(host)
    raise OutboundError(
        f'{host}: content coding "{coding[:40]}" was not asked for; tell the publisher',
        reason="encoding",
    )
