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
from monitor.store.pages import LONGEST_WAIT, StorePages

if TYPE_CHECKING:
    from agents.runtime import Runtime
    from monitor.model import Entry

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
        paged = self._paged(record)
        with runtime.metrics.classify_seconds.time():
            matches = pipeline.classify(
                record.entries,
                runtime.settings.index,
                self._topic_failed,
                is_paged=bool(paged),
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
        await self._want_pages(paged)

    def _paged(self, record: EntriesRecord) -> list[Entry]:
        """Return the entries whose pages are read where a topic nearly matched."""
        if record.feed not in self._runtime.settings.paged:
            return []
        oldest = self._runtime.clock.now() - LONGEST_WAIT
        return [each for each in record.entries if each.fetched_at > oldest]

    async def _want_pages(self, paged: list[Entry]) -> None:
        """Ask for the pages of entries that nearly matched.

        The matches are out by now; what waits for the state is the record alone.
        """
        runtime = self._runtime
        entries = pipeline.wanted_pages(paged, runtime.settings.index)
        if not entries:
            return
        now = runtime.clock.now()
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
