"""Records to bytes and back: msgspec structs as JSON.

JSON, not a binary form, so that anybody downstream can read a stream with the tools
at hand. Unknown fields are ignored on the way in: a newer writer never stops an older
reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import replace

from monitor.errors import CodecError
from monitor.model import EntriesRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Entry

T = TypeVar("T", bound=msgspec.Struct)

MAX_RECORD_BYTES = 256 * 1024
"""Entries records are split above this size, which every broker accepts."""

_encoder = msgspec.json.Encoder()
_decoders: dict[type, msgspec.json.Decoder[msgspec.Struct]] = {}


def encode(value: msgspec.Struct) -> bytes:
    """Return the JSON bytes of a record."""
    return _encoder.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """Return the record of `kind` that `data` holds.

    Raises:
        CodecError: the bytes are no such record.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        value = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodecError(f"not a {kind.__name__}: {error}") from error
    assert isinstance(value, kind)  # noqa: S101 - the decoder was made for `kind`
    return value


def split(
    record: EntriesRecord, limit: int = MAX_RECORD_BYTES
) -> Iterator[EntriesRecord]:
    """Part a record, in order, into records of about `limit` bytes at most.

    An entry larger than `limit` travels alone, and what was withdrawn or is back
    after the entries.
    """
    batch: list[Entry] = []
    size = 0
    for entry in record.entries:
        length = len(_encoder.encode(entry))
        if batch and size + length > limit:
            yield EntriesRecord(feed=record.feed, entries=tuple(batch))
            batch, size = [], 0
        batch.append(entry)
        size += length + 1
    if batch:
        yield EntriesRecord(feed=record.feed, entries=tuple(batch))
    if record.withdrawn or record.returned:
        yield replace(record, entries=())
