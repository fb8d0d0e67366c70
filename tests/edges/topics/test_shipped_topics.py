"""How well the shipped topics judge labelled items, and at what cost in errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.topics_quality import Quality, found_in, read, score
from monitor.config import Settings, load
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "ja", "zh")


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(ROOT / "alerts.yaml", environ={})


def lowest(quality: Quality) -> float:
    """Return the F1 of the worst topic or language."""
    topics = [counts.f1 for counts in quality.topics.values()]
    return min(*topics, *(quality.language(lang) for lang in LANGUAGES))


def test_shipped_topics_judge_our_written_items_well(shipped: Settings) -> None:
    found = score(shipped, read(ROOT / "tests/data/items.jsonl"))

    assert found.f1 >= 0.98
    assert found.precision >= 0.98
    assert lowest(found) >= 0.95
    assert found.direction >= 0.95
    assert found.false_alerts == 0


@pytest.mark.shared
def test_shipped_topics_judge_the_shared_corpus_well(
    shipped: Settings, shared: Path
) -> None:
    found = score(shipped, read(shared / "corpus/dev.jsonl"))

    assert found.f1 >= 0.93
    assert found.precision >= 0.95
    assert lowest(found) >= 0.88
    assert found.direction >= 0.92
    assert found.false_alerts == 0
    assert found.unrelated > 3000


@pytest.mark.shared
def test_shipped_topics_judge_the_founding_replay_without_a_mistake(
    shipped: Settings, shared: Path
) -> None:
    rows = read(shared / "corpus/replay-2015-10.jsonl")

    found = score(shipped, rows)

    assert len(rows) == 16
    assert found.errors == []


def test_shipped_topics_tell_directions_of_hard_sentences(shipped: Settings) -> None:
    told = []
    for row in read(ROOT / "tests/data/directions.jsonl"):
        found = found_in(shipped.index, row)
        if row["topic"] in found:
            told.append(found[row["topic"]] == row["direction"])

    assert len(told) >= 65
    assert sum(told) / len(told) >= 0.95
