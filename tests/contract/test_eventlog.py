"""What either log promises to whoever appends and reads."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.errors import RecordTooLargeError, UnknownStreamError
from monitor.eventlog import Record
from tests.contract.harness import STREAMS, numbers, records

if TYPE_CHECKING:
    from monitor.eventlog import EventLog, StoredRecord
    from tests.contract.harness import Place

APPENDER = Path(__file__).with_name("appender.py")


async def read_all(log: EventLog, stream: str) -> dict[int, list[StoredRecord]]:
    """Read every partition of a stream from its start."""
    held: dict[int, list[StoredRecord]] = {}
    for partition, end in (await log.end_offsets(stream)).items():
        held[partition] = []
        while (at := len(held[partition])) < end:
            held[partition].extend(await log.read(stream, partition, at, 1000))
    return held


async def test_what_was_appended_is_read_back(log: EventLog) -> None:
    await log.append("matches", [Record(b"one", b"k"), Record(b"", None)])

    first, second = await log.read("matches", 0, 0, 10)
    assert (first.stream, first.partition, first.offset) == ("matches", 0, 0)
    assert (first.key, first.value) == (b"k", b"one")
    assert (second.offset, second.key, second.value) == (1, None, b"")
    assert first.at <= second.at


async def test_records_of_one_key_keep_their_order(log: EventLog) -> None:
    sent = records(120, keys=7)
    for start in range(0, 120, 10):
        await log.append("entries", sent[start : start + 10])

    by_key: dict[bytes | None, list[int]] = {}
    for held in (await read_all(log, "entries")).values():
        for record in held:
            by_key.setdefault(record.key, []).append(int(record.value))
    assert len(by_key) == 7
    assert all(found == sorted(found) for found in by_key.values())
    assert sorted(n for found in by_key.values() for n in found) == list(range(120))


async def test_a_key_stays_in_one_partition_and_keys_spread(log: EventLog) -> None:
    await log.append("entries", records(100, keys=20))

    held = await read_all(log, "entries")
    homes = {(r.key, n) for n, found in held.items() for r in found}
    assert sorted(held) == [0, 1, 2, 3]
    assert len(homes) == 20
    assert len({n for _, n in homes}) > 1


async def test_offsets_run_from_zero_without_holes(log: EventLog) -> None:
    await log.append("entries", records(50))
    await log.append("entries", records(50))

    for held in (await read_all(log, "entries")).values():
        assert [record.offset for record in held] == list(range(len(held)))


async def test_reading_seeks_to_any_offset(log: EventLog) -> None:
    await log.append("matches", records(40))

    for offset in (39, 0, 17, 18, 3):
        found = await log.read("matches", 0, offset, 3)
        assert numbers([r.value for r in found]) == list(range(40))[offset : offset + 3]


async def test_reading_at_the_end_does_not_wait(log: EventLog) -> None:
    await log.append("matches", records(2))

    started = time.monotonic()
    assert await log.read("matches", 0, 2, 10) == []
    assert await log.read("matches", 0, 99, 10) == []
    assert time.monotonic() - started < 5


async def test_appenders_side_by_side_lose_nothing(log: EventLog) -> None:
    await asyncio.gather(*(log.append("entries", records(5)) for _ in range(60)))

    held = await read_all(log, "entries")
    assert sum(len(found) for found in held.values()) == 300
    assert await log.end_offsets("entries") == {n: len(r) for n, r in held.items()}


async def test_creating_streams_again_keeps_their_records(log: EventLog) -> None:
    await log.append("matches", records(3))

    await log.create_streams(STREAMS)
    assert await log.end_offsets("matches") == {0: 3}


async def test_an_unknown_stream_is_refused_soon(log: EventLog) -> None:
    started = time.monotonic()

    with pytest.raises(UnknownStreamError, match='nonesuch"'):
        await log.append("nonesuch", records(1))
    with pytest.raises(UnknownStreamError):
        await log.read("nonesuch", 0, 0, 1)
    with pytest.raises(UnknownStreamError):
        await log.read("matches", 7, 0, 1)
    with pytest.raises(UnknownStreamError):
        await log.end_offsets("nonesuch")
    assert time.monotonic() - started < 10


async def test_a_record_of_a_mebibyte_passes_whole(log: EventLog) -> None:
    value = bytes(range(256)) * 4096

    await log.append("matches", [Record(value, b"k"), Record(value[::-1], b"k")])
    held = (await read_all(log, "matches"))[0]
    assert [record.value for record in held] == [value, value[::-1]]


async def test_a_record_above_the_limit_is_refused_with_its_companions(
    log: EventLog,
) -> None:
    with pytest.raises(RecordTooLargeError, match="5242880"):
        await log.append("matches", [Record(b"small"), Record(bytes(5 << 20))])

    assert await log.end_offsets("matches") == {0: 0}


async def test_a_group_nobody_knows_has_committed_nothing(
    log: EventLog, place: Place
) -> None:
    assert await log.committed(place.group("nobody")) == {}


async def test_records_outlive_the_log_object(place: Place) -> None:
    async with place.opened() as log:
        await log.append("matches", records(5))
        await log.stop()  # twice, with the fixture's
    async with place.opened() as log:
        await log.append("matches", records(1, start=5))

        found = await log.read("matches", 0, 0, 10)
        assert numbers([record.value for record in found]) == [0, 1, 2, 3, 4, 5]


async def test_what_was_acknowledged_outlives_a_kill(place: Place) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(APPENDER),
        place.url,
        place.prefix,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        acknowledged = [int(await child.stdout.readline()) for _ in range(200)]
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
    acknowledged += [
        int(line) for line in rest.splitlines(keepends=True) if b"\n" in line
    ]

    async with place.opened() as log:
        held = numbers([r.value for r in (await read_all(log, "matches"))[0]])
        assert held[: len(acknowledged)] == acknowledged
