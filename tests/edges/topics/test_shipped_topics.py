"""How well the shipped topics judge labelled items, and at what cost in errors."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Settings, load
from monitor.model import Entry

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Score:
    """Macro averages over the topics, and the share of directions that are right."""

    f1: float
    precision: float
    direction: float


def score(settings: Settings, rows: list[dict[str, Any]]) -> Score:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    directions: list[bool] = []
    for row in rows:
        entry = Entry(
            feed="items",
            id=row["id"],
            title=row["title"],
            summary=row["summary"],
            lang=row["lang"],
            fetched_at=NOW,
        )
        found = {m.topic: m.direction for m in settings.index.match(entry)}
        labelled = set(row["topics"])
        right.update(labelled & found.keys())
        wrong.update(found.keys() - labelled)
        missed.update(labelled - found.keys())
        directions += [
            found[topic] == label
            for topic, label in row["direction"].items()
            if topic in found
        ]
    topics = [topic.name for topic in settings.topics]
    precision = [right[t] / max(1, right[t] + wrong[t]) for t in topics]
    recall = [right[t] / max(1, right[t] + missed[t]) for t in topics]
    f1 = [2 * p * r / max(p + r, 1e-9) for p, r in zip(precision, recall, strict=True)]
    return Score(
        f1=sum(f1) / len(f1),
        precision=sum(precision) / len(precision),
        direction=sum(directions) / len(directions),
    )


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(ROOT / "alerts.yaml", environ={})


def test_shipped_topics_judge_our_written_items_well(shipped: Settings) -> None:
    found = score(shipped, read(ROOT / "tests/data/items.jsonl"))

    assert found.f1 >= 0.97
    assert found.precision >= 0.98
    assert found.direction >= 0.95


@pytest.mark.shared
def test_shipped_topics_judge_the_shared_corpus_well(
    shipped: Settings, shared: Path
) -> None:
    found = score(shipped, read(shared / "corpus/dev.jsonl"))

    assert found.f1 >= 0.9
    assert found.precision >= 0.95
    assert found.direction >= 0.9


def test_shipped_topics_tell_directions_of_hard_sentences(shipped: Settings) -> None:
    told = []
    for row in read(ROOT / "tests/data/directions.jsonl"):
        entry = Entry(
            feed="items",
            id=row["id"],
            title=row["title"],
            summary=row["summary"],
            lang=row["lang"],
            fetched_at=NOW,
        )
        found = {m.topic: m.direction for m in shipped.index.match(entry)}
        if row["topic"] in found:
            told.append(found[row["topic"]] == row["direction"])

    assert len(told) >= 65
    assert sum(told) / len(told) >= 0.95
