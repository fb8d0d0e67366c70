"""The main line, whole: growing feeds, real processes, a real receiver.

Every item must be classified exactly once, and the alerts must be those that
`wirewatch classify` and the rules give for the same items: embedded, and on Kafka and
PostgreSQL with two classify processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.scenarios.corpus import Expected, expect, read_rows, spread
from tests.scenarios.desk import (
    ROOT,
    SECRET,
    FeedFarm,
    Process,
    Receiver,
    running,
    sections_of,
    wait_for,
    write_config,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
    config: Path
    farm: FeedFarm
    receiver: Receiver
    rows: Sequence[dict[str, Any]]

    @property
    def environ(self) -> dict[str, str]:
        return {"HOOK_SECRET": SECRET, "WIREWATCH_DATA_DIR": str(self.folder / "var")}

    def process(self, name: str, *roles: str, **environ: str) -> Process:
        args = ["--config", str(self.config), "--log-format", "logfmt"]
        for role in roles:
            args += ["--role", role]
        return Process(args, self.folder, name, self.environ | environ)

    def follow(self, classifiers: Sequence[Process], seconds: float) -> None:
        """Let the feeds grow until everything was classified and told."""
        expected = self.expected()
        self.farm.begin()

        def classified() -> float:
            name = "wirewatch_entries_classified_total"
            return sum(p.metric(name) for p in classifiers)

        wait_for(lambda: classified() >= len(self.rows), seconds, "every item")
        number = len(expected.stories) + len(expected.bursts)
        wait_for(
            lambda: len(self.receiver.ids) >= number, seconds, f"{number} notifications"
        )
        alerts = self.receiver.alerts()
        told = {(a["rule"], a["story"]) for a in alerts if a["rule"] != "busy-sea"}
        bursts = [a["rule"] for a in alerts if a["rule"] == "busy-sea"]

        assert classified() == len(self.rows)
        assert told == expected.stories
        assert bursts == sorted(expected.bursts)
        assert all(len(set(bodies)) == 1 for bodies in self.receiver.bodies.values())

    def expected(self) -> Expected:
        if not hasattr(self, "_expected"):
            config = write_config(
                self.folder / "offline.yaml", **_sections({}, "http://127.0.0.1:9/")
            )
            self._expected = expect(config, self.rows, self.folder)
        return self._expected


def _sections(feeds: dict[str, Any], hook: str) -> dict[str, Any]:
    receivers = {"desk": {"type": "webhook", "url": hook}}
    return sections_of("concepts", "topics") | {
        "outbound": {"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
        "feeds": feeds,
        "rules": RULES,
        "route": {"receiver": "desk"},
        "receivers": receivers,
    }


def make_desk(
    folder: Path, rows: Sequence[dict[str, Any]], farm: FeedFarm, receiver: Receiver
) -> Desk:
    config = write_config(
        folder / "alerts.yaml", **_sections(farm.config("1s"), receiver.url)
    )
    return Desk(folder, config, farm, receiver, rows)


def run_embedded(
    folder: Path, rows: Sequence[dict[str, Any]], feeds: int, seconds: float
) -> None:
    with FeedFarm(spread(rows, feeds, seconds)) as farm, Receiver() as receiver:
        desk = make_desk(folder, rows, farm, receiver)
        monitor = desk.process("monitor")
        with running(monitor):
            desk.follow([monitor], seconds + 120)

            assert monitor.stop() == 0


def run_on_services(  # noqa: PLR0917 - a scenario names its parts
    folder: Path,
    rows: Sequence[dict[str, Any]],
    feeds: int,
    seconds: float,
    kafka: str,
    postgres: str,
) -> None:
    services = {"WIREWATCH_LOG": f"kafka://{kafka}", "WIREWATCH_STATE": postgres}
    with FeedFarm(spread(rows, feeds, seconds)) as farm, Receiver() as receiver:
        desk = make_desk(folder, rows, farm, receiver)
        classifiers = [
            desk.process(name, "classify", **services) for name in ("first", "second")
        ]
        others = [
            desk.process(name, name, **services)
            for name in ("assess", "notify", "poll")
        ]
        with running(*classifiers, *others):
            desk.follow(classifiers, seconds + 120)
            shares = [
                p.metric("wirewatch_entries_classified_total") for p in classifiers
            ]

            assert min(shares) > 0, "both classify processes take part"
            assert [p.stop() for p in (*classifiers, *others)] == [0] * 5


def test_written_items_embedded(tmp_path: Path) -> None:
    rows = read_rows(ROOT / "tests/data/items.jsonl")

    run_embedded(tmp_path, rows, feeds=6, seconds=3)


@pytest.mark.kafka
@pytest.mark.postgres
def test_written_items_on_kafka_and_postgresql(
    tmp_path: Path, kafka: str, postgres_url: str
) -> None:
    rows = read_rows(ROOT / "tests/data/items.jsonl")

    run_on_services(tmp_path, rows, 6, 3, kafka, postgres_url)


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
    tmp_path: Path, shared: Path, kafka: str, postgres_url: str
) -> None:
    rows = read_rows(shared / "corpus/dev.jsonl")

    run_on_services(tmp_path, rows, 40, 15, kafka, postgres_url)
