"""The classify agent: entries in, matches out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from msgspec.structs import replace

from agents.dead_letters import Guard
from agents.streams import MATCHES
from monitor import pipeline
from monitor.codec import encode
from monitor.eventlog import Record
from monitor.model import EntriesRecord, MatchesRecord

if TYPE_CHECKING:
    from agents.runtime import Runtime

MAX_NAMED = 100
"""Errors of topics logged; their texts may quote entries, and so never end."""

log = structlog.get_logger(__name__)


class Classify:
    """Classify the entries of a record and append their matches, awaited together."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._named: set[tuple[str, str]] = set()

    async def step(self, record: EntriesRecord) -> None:
        """Handle one record; safe to repeat."""
        runtime = self._runtime
        with runtime.metrics.classify_seconds.time():
            matches = pipeline.classify(
                record.entries, runtime.settings.index, self._topic_failed
            )
        gone = pipeline.vanished(record)
        if gone is not None:
            matches.append(gone)
        if matches:
            await runtime.log.append(
                MATCHES, [Record(encode(m), _key(m, record)) for m in matches]
            )
        runtime.metrics.classified.inc(len(record.entries))
        for found in filter(lambda each: each.matches, matches):
            runtime.metrics.matches.labels(found.topic).inc(len(found.matches))

    def _topic_failed(self, topic: str, error: Exception) -> None:
        self._runtime.metrics.topic_errors.labels(topic).inc()
        text = f"{type(error).__name__}: {error}"
        if (topic, text) not in self._named and len(self._named) < MAX_NAMED:
            self._named.add((topic, text))
            log.error("topic cannot judge an entry", topic=topic, error=text)


def _key(found: MatchesRecord, record: EntriesRecord) -> bytes:
    """Return what keeps a topic's records in order, or else those of a feed."""
    return (found.topic or record.feed).encode()


def guard(runtime: Runtime) -> Guard[EntriesRecord]:
    """Return the classify agent's guarded step."""
    return Guard(
        agent="classify",
        runtime=runtime,
        kind=EntriesRecord,
        step=Classify(runtime).step,
        pieces=pieces,
    )


def pieces(record: EntriesRecord) -> list[EntriesRecord]:
    """Part a record, so that one entry which cannot be classified costs no other."""
    pieces = [EntriesRecord(feed=record.feed, entries=(one,)) for one in record.entries]
    rest = replace(record, entries=())
    return pieces if rest.is_empty else [*pieces, rest]
