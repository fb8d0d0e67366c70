"""Records to bytes and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.codec import decode, encode, split
from monitor.errors import CodecError
from monitor.model import EntriesRecord, Entry
from tests import factories

TEXT = st.text(st.characters(codec="utf-8"))


@given(title=TEXT, summary=TEXT, source=TEXT)
def test_decoding_inverts_encoding(title: str, summary: str, source: str) -> None:
    entry = factories.entry(title=title, summary=summary, source=source)
    record = EntriesRecord(feed="wire-a", entries=(entry,))

    assert decode(encode(record), EntriesRecord) == record


def test_a_field_of_a_newer_writer_is_ignored() -> None:
    data = b'{"feed": "a", "entries": [], "mood": "bright"}'

    assert decode(data, EntriesRecord) == EntriesRecord(feed="a", entries=())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b'{"feed": 1, "entries": []}', b"\xff\xfe", b'{"feed": "a"}'],
    ids=["empty", "cut short", "null", "wrong type", "not UTF-8", "field missing"],
)
def test_anything_else_is_a_codec_error(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode(data, EntriesRecord)


def of(*entries: Entry, **fields: Any) -> EntriesRecord:
    return EntriesRecord(feed="wire-a", entries=entries, **fields)


@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_splitting_keeps_every_entry_in_order(sizes: list[int]) -> None:
    entries = [
        factories.entry(id=str(number), summary="x" * size)
        for number, size in enumerate(sizes)
    ]

    records = list(split(of(*entries), limit=2000))

    assert [e for record in records for e in record.entries] == entries
    assert all(len(encode(r)) <= 2200 or len(r.entries) == 1 for r in records)


def test_an_entry_above_the_limit_travels_alone() -> None:
    small, large = factories.entry(id="s"), factories.entry(id="l", summary="x" * 5000)

    records = list(split(of(small, large, small), limit=2000))

    assert [len(record.entries) for record in records] == [1, 1, 1]


def test_what_was_withdrawn_travels_after_the_entries() -> None:
    entry = factories.entry()

    records = list(split(of(entry, withdrawn=("1",), returned=("2",))))

    assert records == [of(entry), of(withdrawn=("1",), returned=("2",))]
    assert [decode(encode(record), EntriesRecord) for record in records] == records


def test_a_record_of_an_older_writer_says_nothing_of_what_was_withdrawn() -> None:
    record = decode(b'{"feed": "wire-a", "entries": []}', EntriesRecord)

    assert record.is_empty
    assert list(split(record)) == []
