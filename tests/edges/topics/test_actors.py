"""Who acts in labelled items, by the shipped packs and topics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from monitor.config import Settings, load
from tests.conftest import ROOT
from tests.factories import entry

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Match

ROWS = [
    json.loads(line)
    for line in (ROOT / "tests/data/actors.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def shipped() -> Settings:
    return load(ROOT / "alerts.yaml", environ={})


def match_of(settings: Settings, row: dict[str, str]) -> Match | None:
    item = entry(title=row["title"], summary=row["summary"], lang=row["lang"])
    found = settings.index.match(item)
    return next((each for each in found if each.topic == row["topic"]), None)


def test_labelled_items_name_who_acts_and_what_is_done(shipped: Settings) -> None:
    found = [(row, match_of(shipped, row)) for row in ROWS]
    told = [(row, match) for row, match in found if match is not None]
    exact = [row for row, match in told if list(match.actors) == row["actors"]]
    first = [row for row, match in told if match.actors[:1] == (row["actors"][0],)]
    coded = [row for row, match in told if row["act"] in ("", match.act)]

    assert len(ROWS) >= 120
    assert len(told) >= 0.99 * len(ROWS)
    assert len(exact) >= 0.93 * len(told)
    assert len(first) >= 0.95 * len(told)
    assert len(coded) >= 0.97 * len(told)


@pytest.mark.parametrize("lang", ["en", "ja", "zh"])
def test_who_acts_is_named_in_each_language(shipped: Settings, lang: str) -> None:
    found = [(row, match_of(shipped, row)) for row in ROWS if row["lang"] == lang]

    first = [
        row for row, match in found if match and match.actors[:1] == (row["actors"][0],)
    ]

    assert len(first) >= 0.92 * len(found)


@pytest.mark.shared
def test_every_threat_of_the_founding_story_names_japan_first(
    shipped: Settings, shared: Path
) -> None:
    path = shared / "corpus/replay-2015-10.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    topic = "unesco-funding-threat"
    threats = [
        match
        for row in rows
        for match in shipped.index.match(
            entry(title=row["title"], summary=row["summary"], lang=row["lang"])
        )
        if match.topic == topic
    ]

    assert len(threats) == 5
    assert {match.actors[0] for match in threats} == {"states/japan"}
    assert all("bodies/unesco" in match.actors for match in threats)
    assert {match.act for match in threats} == {"THREATEN"}
