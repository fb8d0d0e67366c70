"""The classify agent: entries in, matches out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from agents.dead_letters import Guard
from agents.streams import MATCHES
from monitor import pipeline
from monitor.codec import encode
from monitor.eventlog import Record
from monitor.model import EntriesRecord
from monitor.store.pages import LONGEST_WAIT, StorePages

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
        self._pages = StorePages(runtime.store)

    async def step(self, record: EntriesRecord) -> None:
        """Handle one record; safe to repeat."""
        runtime = self._runtime
        with runtime.metrics.classify_seconds.time():
            matches = pipeline.classify(
                record.entries, runtime.settings.index, self._topic_failed
            )
        if matches:
            await runtime.log.append(
                MATCHES, [Record(encode(m), m.topic.encode()) for m in matches]
            )
        runtime.metrics.classified.inc(len(record.entries))
        for found in matches:
            runtime.metrics.matches.labels(found.topic).inc(len(found.matches))
        await self._want_pages(record)

    async def _want_pages(self, record: EntriesRecord) -> None:
        """Ask for the pages of entries that nearly matched, if their feed is to be.

        The matches are out by now; what waits for the state is the record alone.
        """
        runtime = self._runtime
        if record.feed not in runtime.settings.paged:
            return
        now = runtime.clock.now()
        recent = [
            each for each in record.entries if each.fetched_at > now - LONGEST_WAIT
        ]
        entries = pipeline.wanted_pages(recent, runtime.settings.index)
        if not entries:
            return
        wanted, crowded = await runtime.patience.until_done(
            lambda: self._pages.want(entries, now)
        )
        runtime.metrics.pages.labels("wanted").inc(wanted)
        runtime.metrics.pages.labels("crowded").inc(crowded)
        runtime.paged()

    def _topic_failed(self, topic: str, error: Exception) -> None:
        self._runtime.metrics.topic_errors.labels(topic).inc()
        text = f"{type(error).__name__}: {error}"
        if (topic, text) not in self._named and len(self._named) < MAX_NAMED:
            self._named.add((topic, text))
            log.error("topic cannot judge an entry", topic=topic, error=text)


def guard(runtime: Runtime) -> Guard[EntriesRecord]:
    """Return the classify agent's guarded step."""
    return Guard(
        agent="classify",
        runtime=runtime,
        kind=EntriesRecord,
        step=Classify(runtime).step,
        pieces=lambda record: [
            EntriesRecord(feed=record.feed, entries=(entry,))
            for entry in record.entries
        ],
    )
