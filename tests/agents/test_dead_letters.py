"""The guard around agents, with a hand-written log that remembers or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agents.classify import pieces
from agents.dead_letters import Delivered, Guard
from agents.runtime import Runtime
from agents.streams import DEAD_LETTERS
from monitor.clock import SystemClock
from monitor.codec import decode, encode
from monitor.errors import (
    LogError,
    LogUnavailableError,
    RecordTooLargeError,
    StateUnavailableError,
    UnknownStreamError,
)
from monitor.metrics import Metrics
from monitor.model import DeadLetter, EntriesRecord
from monitor.patience import Patience
from tests import factories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.eventlog import Record


class ListLog:
    """A log that keeps what is appended, after refusing a given number of times."""

    def __init__(
        self, refusals: int = 0, error: type[LogError] = LogUnavailableError
    ) -> None:
        self.refusals = refusals
        self.error = error
        self.max_bytes = 1 << 20
        self.appended: list[tuple[str, bytes]] = []

    async def append(self, stream: str, records: Sequence[Record]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise self.error("broker: away; try again")
        if any(len(record.value) > self.max_bytes for record in records):
            raise RecordTooLargeError("record: above the limit")
        self.appended += [(stream, record.value) for record in records]


def runtime(log: ListLog) -> Runtime:
    nothing: Any = None
    kept: Any = log
    metrics = Metrics()
    return Runtime(
        settings=nothing,
        log=kept,
        store=nothing,
        metrics=metrics,
        clock=SystemClock(),
        patience=Patience(metrics),
    )


def guard(log: ListLog, step: Any) -> Guard[EntriesRecord]:
    return Guard(
        agent="classify",
        runtime=runtime(log),
        kind=EntriesRecord,
        step=step,
        pieces=pieces,
    )


def delivered(value: bytes) -> Delivered:
    return Delivered(stream="entries", partition=3, offset=7, key=b"k", value=value)


def record(*ids: str) -> bytes:
    entries = tuple(factories.entry(id=name) for name in ids)
    return encode(EntriesRecord(feed="wire-a", entries=entries))


async def test_bytes_that_are_no_record_go_to_the_dead_letters_whole() -> None:
    log = ListLog()

    async def step(_: EntriesRecord) -> None:
        raise AssertionError("an undecodable record reached the step")

    await guard(log, step).process(delivered(b"\xff not json"))

    [(stream, value)] = log.appended
    letter = decode(value, DeadLetter)
    assert stream == DEAD_LETTERS
    assert letter.value == b"\xff not json"
    assert (letter.stream, letter.partition, letter.offset) == ("entries", 3, 7)
    assert letter.error.startswith("not a EntriesRecord")


async def test_a_bad_entry_does_not_take_along_what_was_withdrawn() -> None:
    log = ListLog()
    gone: list[str] = []

    async def step(given: EntriesRecord) -> None:
        if given.entries:
            raise ValueError("no such thing")
        gone.extend(given.withdrawn)

    value = encode(
        EntriesRecord(feed="wire-a", entries=(factories.entry(),), withdrawn=("8",))
    )
    await guard(log, step).process(delivered(value))

    assert gone == ["8"]
    [(_, letter)] = log.appended
    assert decode(decode(letter, DeadLetter).value, EntriesRecord).withdrawn == ()


async def test_one_bad_entry_does_not_take_its_neighbours_along() -> None:
    log = ListLog()
    done: list[str] = []

    async def step(given: EntriesRecord) -> None:
        ids = [entry.id for entry in given.entries]
        if "bad" in ids:
            raise ValueError("no such thing")
        done.extend(ids)

    await guard(log, step).process(delivered(record("one", "bad", "two")))

    assert done == ["one", "two"]
    [(_, value)] = log.appended
    letter = decode(value, DeadLetter)
    [entry] = decode(letter.value, EntriesRecord).entries
    assert entry.id == "bad"
    assert letter.error == "ValueError: no such thing"


@pytest.mark.parametrize(
    "error",
    [
        LogUnavailableError("log: away"),
        UnknownStreamError("stream: does not exist"),
        StateUnavailableError("state: away"),
    ],
    ids=["the log is away", "a stream is missing", "the state is away"],
)
async def test_a_step_is_tried_again_while_a_dependency_is_away(
    error: Exception,
) -> None:
    log = ListLog()
    tries = 0

    async def step(_: EntriesRecord) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error

    await guard(log, step).process(delivered(record("one")))

    assert tries == 3
    assert log.appended == []


@pytest.mark.parametrize("error", [LogUnavailableError, UnknownStreamError])
async def test_a_dead_letter_waits_for_the_log(error: type[LogError]) -> None:
    log = ListLog(refusals=2, error=error)

    async def step(_: EntriesRecord) -> None:
        raise AssertionError("an undecodable record reached the step")

    await guard(log, step).process(delivered(b"{}"))

    assert [stream for stream, _ in log.appended] == [DEAD_LETTERS]


async def test_a_record_too_large_for_a_letter_is_told_of_without_its_bytes() -> None:
    log = ListLog()

    async def step(_: EntriesRecord) -> None:
        raise AssertionError("an undecodable record reached the step")

    # In JSON bytes are base64, which takes a third more.
    await guard(log, step).process(delivered(b"x" * log.max_bytes))

    [(_, value)] = log.appended
    letter = decode(value, DeadLetter)
    assert letter.value == b""
    assert (letter.stream, letter.partition, letter.offset) == ("entries", 3, 7)
    assert f"{log.max_bytes} bytes" in letter.error
