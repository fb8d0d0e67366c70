"""The main line, whole: growing feeds, real processes, a real receiver.

Every item must be classified exactly once, and the alerts must be those that
`wirewatch classify` and the rules give for the same items: embedded, and on Kafka and
PostgreSQL with two classify processes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from monitor.codec import decode
from monitor.config import load
from monitor.eventlog.open import open_log
from monitor.model import EntriesRecord, Entry
from monitor.store import Store
from monitor.store.schema import sightings
from tests.scenarios.corpus import expected_matches, read_rows, spread
from tests.scenarios.desk import (
    ROOT,
    FeedFarm,
    Process,
    Receiver,
    running,
    sections_of,
    wait_for,
    write_config,
)
from tests.scenarios.oracle import told_by_the_core

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CLASSIFIED = "wirewatch_entries_classified_total"

RULES = {
    "unesco": {"type": "any", "topics": ["unesco-funding-threat"]},
    "hotline": {"type": "any", "topics": ["military-hotline-progress"]},
    "dialogue": {"type": "any", "topics": ["japan-china-dialogue"]},
    "incident": {"type": "any", "topics": ["east-china-sea-incident"]},
    "memory": {"type": "any", "topics": ["memory-of-the-world-dispute"]},
    "busy-sea": {
        "type": "frequency",
        "topics": ["east-china-sea-incident"],
        "count": 3,
        "within": "1h",
    },
}


@dataclass
class Desk:
    """A configuration over a feed farm and a receiver, ready to run."""

    folder: Path
    rows: Sequence[dict[str, Any]]
    farm: FeedFarm
    receiver: Receiver
    log: str
    state: str
    prefix: str = ""

    def __post_init__(self) -> None:
        self.config = self._write("alerts.yaml", self.farm.config("1s"))
        self.matches = expected_matches(self.config, self.rows, self.folder)

    def _write(self, name: str, feeds: dict[str, Any]) -> Path:
        return write_config(
            self.folder / name,
            **sections_of("concepts", "topics"),
            outbound={"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
            kafka={"prefix": self.prefix},
            feeds=feeds,
            rules=RULES,
            route={"receiver": "desk"},
            receivers={"desk": {"type": "webhook", "url": self.receiver.url}},
        )

    def process(self, name: str, *roles: str) -> Process:
        args = ["--config", str(self.config), "--log-format", "logfmt"]
        for role in roles:
            args += ["--role", role]
        environ = {"WIREWATCH_LOG": self.log, "WIREWATCH_STATE": self.state}
        return Process(args, self.folder, name, environ)

    def follow(self, classifiers: Sequence[Process], seconds: float) -> None:
        """Let the feeds grow until everything was classified and told."""
        self.farm.begin()

        def classified() -> float:
            return sum(process.metric(CLASSIFIED) for process in classifiers)

        wait_for(lambda: classified() >= len(self.rows), seconds, "every item")
        self.told = self._told()
        wait_for(
            lambda: len(self.receiver.ids) >= len(self.told),
            seconds,
            f"{len(self.told)} notifications",
        )

        assert classified() == len(self.rows)

    def _told(self) -> dict[str, bytes]:
        plan = load(self.config, environ={}).plan
        return told_by_the_core(self.log, self.prefix, plan)

    def verify(self) -> None:
        """Compare what was appended, matched and told with what was expected."""
        alerts = self.receiver.alerts()
        told = {name: bodies[0] for name, bodies in self.receiver.bodies.items()}

        assert asyncio.run(self.appended()) == Counter(row["id"] for row in self.rows)
        assert asyncio.run(self.matched()) == self.matches
        assert told == self.told == self._told()
        assert {"busy-sea", "unesco"} < {alert["rule"] for alert in alerts}
        assert set(self.receiver.ids.values()) == {1}

    async def appended(self) -> Counter[str]:
        """Count the entries in the log, by id."""
        log = open_log(self.log, prefix=self.prefix)
        await log.start()
        try:
            counts: Counter[str] = Counter()
            for partition, end in (await log.end_offsets("entries")).items():
                for record in await log.read("entries", partition, 0, end):
                    entries = decode(record.value, EntriesRecord).entries
                    counts.update(entry.id for entry in entries)
            return counts
        finally:
            await log.stop()

    async def matched(self) -> set[tuple[str, str, str]]:
        """Return the sightings in the state: entry, topic, direction."""
        store = Store(self.state)
        await store.start()
        try:
            columns = sightings.c.entry, sightings.c.topic, sightings.c.direction
            rows = await store.run(lambda conn: conn.execute(select(*columns)).all())
        finally:
            await store.stop()
        return {(decode(row[0].encode(), Entry).id, row[1], row[2]) for row in rows}


def run_embedded(
    folder: Path, rows: Sequence[dict[str, Any]], feeds: int, seconds: float
) -> None:
    log, state = f"sqlite:///{folder}/log.db", f"sqlite:///{folder}/state.db"
    with FeedFarm(spread(rows, feeds, seconds)) as farm, Receiver() as receiver:
        desk = Desk(folder, rows, farm, receiver, log, state)
        monitor = desk.process("monitor")
        with running(monitor):
            desk.follow([monitor], seconds + 120)

            assert monitor.stop() == 0
        desk.verify()


def run_on_services(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    feeds: int,
    seconds: float,
    services: tuple[str, str, str],
) -> None:
    log, prefix, state = services
    with FeedFarm(spread(rows, feeds, seconds)) as farm, Receiver() as receiver:
        desk = Desk(folder, rows, farm, receiver, f"kafka://{log}", state, prefix)
        classifiers = [desk.process(name, "classify") for name in ("first", "second")]
        others = [desk.process(name, name) for name in ("assess", "notify", "poll")]
        with running(*classifiers, *others):
            # While partitions still move, a record may be taken twice.
            wait_for(lambda: all(map(has_half, classifiers)), 60, "equal shares")
            desk.follow(classifiers, seconds + 120)
            shares = [process.metric(CLASSIFIED) for process in classifiers]

            assert min(shares) > 0, "both classify processes take part"
            assert [p.stop() for p in (*classifiers, *others)] == [0] * 5
        desk.verify()


def has_half(classifier: Process) -> bool:
    return "partitions: 4," in classifier.get("/readyz").text


@pytest.fixture
def services(kafka: str, kafka_prefix: str, postgres_url: str) -> tuple[str, str, str]:
    """Return a Kafka, a prefix of the test's own, and a database of its own."""
    return kafka, kafka_prefix, postgres_url


def test_written_items_embedded(tmp_path: Path) -> None:
    rows = read_rows(ROOT / "tests/data/items.jsonl")

    run_embedded(tmp_path, rows, feeds=6, seconds=3)


@pytest.mark.kafka
@pytest.mark.postgres
def test_written_items_on_kafka_and_postgresql(
    tmp_path: Path, services: tuple[str, str, str]
) -> None:
    rows = read_rows(ROOT / "tests/data/items.jsonl")

    run_on_services(tmp_path, rows, 6, 3, services)


@pytest.mark.shared
@pytest.mark.slow
def test_the_whole_corpus_embedded(tmp_path: Path, shared: Path) -> None:
    rows = read_rows(shared / "corpus/dev.jsonl")

    run_embedded(tmp_path, rows, feeds=40, seconds=15)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
def test_the_whole_corpus_on_kafka_and_postgresql(
    tmp_path: Path, shared: Path, services: tuple[str, str, str]
) -> None:
    rows = read_rows(shared / "corpus/dev.jsonl")

    run_on_services(tmp_path, rows, 40, 15, services)
