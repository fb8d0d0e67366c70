"""The classify agent's step, with an index one of whose topics is broken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from agents.classify import Classify
from agents.runtime import Runtime
from agents.streams import MATCHES
from monitor.clock import SystemClock
from monitor.codec import decode
from monitor.metrics import Metrics
from monitor.model import EntriesRecord, Entry, Match, MatchesRecord
from monitor.patience import Patience
from tests.factories import entry, match

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.eventlog import Record


class HalfBrokenIndex:
    """Match every entry with one topic, and fail over another."""

    def match(
        self, entry: Entry, on_error: Callable[[str, Exception], None] | None
    ) -> list[Match]:
        if on_error is not None:
            on_error("broken", ValueError("odd"))
        return [match(topic="sound", entry=entry)]


class ListLog:
    def __init__(self) -> None:
        self.appended: list[tuple[str, Record]] = []

    async def append(self, stream: str, records: Sequence[Record]) -> None:
        self.appended += [(stream, record) for record in records]


async def test_a_broken_topic_is_counted_named_once_and_stops_no_other() -> None:
    metrics, log = Metrics(), ListLog()
    parts: Any = {
        "settings": SimpleNamespace(index=HalfBrokenIndex(), paged=frozenset()),
        "log": log,
        "store": None,
    }
    runtime = Runtime(
        metrics=metrics, clock=SystemClock(), patience=Patience(metrics), **parts
    )
    record = EntriesRecord(feed="wire-a", entries=(entry(id="1"), entry(id="2")))
    with capture_logs() as logs:
        step = Classify(runtime).step
        await step(record)
        await step(record)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    [(stream, first), _] = log.appended
    matched = decode(first.value, MatchesRecord)
    assert (stream, first.key) == (MATCHES, b"sound")
    assert [found.entry.id for found in matched.matches] == ["1", "2"]
    assert [(line["topic"], line["error"]) for line in logs] == [
        ("broken", "ValueError: odd")
    ]
    assert value("wirewatch_topic_errors_total", topic="broken") == 4
    assert value("wirewatch_matches_total", topic="sound") == 4
    assert value("wirewatch_entries_classified_total") == 4
