"""Guard the agents: no record is lost to an exception, none stops its neighbours.

Faust acknowledges a record whose agent raised, so nothing may leave an agent. A
record that cannot be processed goes, awaited, to stream `dead-letters`; of a record
with many items only the ones that cannot be processed do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
import structlog

from agents.streams import DEAD_LETTERS
from monitor.codec import decode, encode
from monitor.errors import CodecError, RecordTooLargeError
from monitor.eventlog import Record
from monitor.model import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from agents.runtime import Runtime

T = TypeVar("T", bound=msgspec.Struct)

MAX_ERROR = 2000
"""Characters kept of an error."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One record as a stream delivered it."""

    stream: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Guard(Generic[T]):
    """Run an agent's step on delivered records so that no exception escapes.

    Args:
        agent: the agent's name, for metrics and the log.
        kind: the record type of its stream.
        step: the work on one record; must be idempotent.
        pieces: how to part a record into records of one item each.
    """

    agent: str
    runtime: Runtime
    kind: type[T]
    step: Callable[[T], Awaitable[None]]
    pieces: Callable[[T], Sequence[T]]

    async def process(self, delivered: Delivered) -> None:
        """Process one record, wholly, before returning."""
        failures = await self._attempt(delivered)
        for value, error in failures:
            await self._bury(delivered, value, error)
        outcome = "dead_letter" if failures else "ok"
        self.runtime.metrics.records.labels(self.agent, outcome).inc()

    async def _attempt(self, delivered: Delivered) -> list[tuple[bytes, str]]:
        """Return the values that could not be processed, and why."""
        try:
            record = decode(delivered.value, self.kind)
        except CodecError as error:
            return [(delivered.value, str(error))]
        error_text = await self._try(record)
        if error_text is None:
            return []
        pieces = self.pieces(record)
        if len(pieces) < 2:  # noqa: PLR2004 - nothing to part
            return [(delivered.value, error_text)]
        failures = []
        for piece in pieces:
            error_text = await self._try(piece)
            if error_text is not None:
                failures.append((encode(piece), error_text))
        return failures

    async def _try(self, record: T) -> str | None:
        """Run the step; return what went wrong, or None."""
        try:
            await self.runtime.patience.until_done(lambda: self.step(record))
        except Exception as error:
            # Whatever it is, the record is kept and the agent goes on.
            log.exception("record not processed", agent=self.agent)
            return f"{type(error).__name__}: {error}"
        return None

    async def _bury(self, delivered: Delivered, value: bytes, error: str) -> None:
        """Put a value into `dead-letters`, durably."""
        runtime = self.runtime
        letter = DeadLetter(
            stream=delivered.stream,
            partition=delivered.partition,
            offset=delivered.offset,
            key=delivered.key,
            value=value,
            error=error[:MAX_ERROR],
            at=runtime.clock.now(),
        )
        try:
            await self._append(letter)
        except RecordTooLargeError:
            # Base64 takes a third more than what came. The record itself stays where
            # it is until the log's retention takes it.
            told = f"{letter.error}; its {len(value)} bytes are too many for a letter"
            letter = msgspec.structs.replace(letter, key=None, value=b"", error=told)
            await self._append(letter)
        runtime.metrics.dead_letters.labels(delivered.stream).inc()
        log.error(
            "record set aside",
            stream=delivered.stream,
            partition=delivered.partition,
            offset=delivered.offset,
            error=letter.error,
        )

    async def _append(self, letter: DeadLetter) -> None:
        record = Record(encode(letter), letter.stream.encode())
        await self.runtime.patience.until_done(
            lambda: self.runtime.log.append(DEAD_LETTERS, [record])
        )
