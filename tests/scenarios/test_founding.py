"""October 2015, told to a desk: once per development, with the words that show it.

The same story runs through the core with a hand-moved clock, and through a whole
monitor that polls it from feeds; what the two tell must agree to the byte.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from ruamel.yaml import YAML

from monitor import pipeline
from monitor.backtest.log import logged_entries
from monitor.backtest.run import Backtest, alert_row
from monitor.config import load
from monitor.model import Entry
from monitor.replay import Item
from tests.scenarios.desk import (
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
    from monitor.config import Settings
    from monitor.model import Change

STORY: dict[str, Any] = YAML(typ="safe").load(
    Path(__file__).with_name("founding.yaml").read_text("utf-8")
)
BEGINNING = datetime(2015, 10, 13, 2, 45, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECONDS_PER_HOUR = 0.1
"""How fast the whole monitor lives through the story."""


def write(folder: Path, **sections: Any) -> Path:
    shipped = sections_of("concepts", "topics")
    return write_config(
        folder / "alerts.yaml", **shipped, rules=STORY["rules"], **sections
    )


def entries() -> list[Entry]:
    revisions: dict[str, int] = {}
    found = []
    for item in STORY["items"]:
        revisions[item["id"]] = revisions.get(item["id"], -1) + 1
        found.append(
            Entry(
                feed=item["paper"],
                id=item["id"],
                title=item["title"],
                summary=item["summary"],
                lang=item.get("lang", "en"),
                source=item["paper"],
                url=f"https://news.example/{item['id']}",
                revision=revisions[item["id"]],
                fetched_at=BEGINNING + item["at"] * HOUR,
            )
        )
    return found


def told(settings: Settings) -> list[Change]:
    backtest = Backtest(settings)
    return [change for entry in entries() for change in backtest.take(entry)]


def brief(change: Change, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return of a change what an expectation names, in its own terms."""
    alert = change.alert
    words = " ".join(span.quote for span in alert.match.spans)
    known = {
        "at": (change.at - BEGINNING) / HOUR,
        "rule": alert.rule,
        "status": change.kind,
        "direction": alert.match.direction,
        "families": alert.families,
        "phase": alert.phase,
        "tier": alert.tier,
        "shows": [word for word in wanted.get("shows", ()) if word in words],
    }
    return {name: known[name] for name in wanted}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(write(tmp_path), environ={})


def test_a_desk_is_told_of_each_development_once(settings: Settings) -> None:
    changes = told(settings)

    expected = STORY["expected"]
    pairs = zip(changes, expected, strict=False)
    assert [brief(change, wanted) for change, wanted in pairs] == expected
    assert len(changes) == len(expected)


def test_every_span_is_the_very_text(settings: Settings) -> None:
    changes = told(settings)
    spans = [(c.alert.match, span) for c in changes for span in c.alert.match.spans]

    assert spans
    for match, span in spans:
        assert getattr(match.entry, span.field)[span.start : span.end] == span.quote


def test_the_correction_says_what_was_and_what_is(settings: Settings) -> None:
    (amended,) = [change for change in told(settings) if change.kind == "amended"]

    assert next((of.what, of.before, of.after) for of in amended.differences) == (
        "title",
        "Japan might halt UNESCO funding over Nanjing documents",
        "Japan reviewing UNESCO funding over Nanjing documents",
    )
    assert amended.reasons == ("Harbour Press edited its report",)


def test_a_second_run_is_the_same_to_the_byte(settings: Settings) -> None:
    one, other = (
        b"\n".join(msgspec.json.encode(alert_row(change)) for change in told(settings))
        for _ in range(2)
    )

    assert one
    assert one == other


def test_a_whole_monitor_tells_what_the_core_tells(tmp_path: Path) -> None:
    papers = list(dict.fromkeys(item["paper"] for item in STORY["items"]))
    items = [
        Item(
            feed=f"paper-{papers.index(item['paper'])}",
            id=item["id"],
            title=item["title"],
            summary=item["summary"],
            lang=item.get("lang", "en"),
            source=item["paper"],
            url=f"https://news.example/{item['id']}",
            after=item["at"] * SECONDS_PER_HOUR,
        )
        for item in STORY["items"]
    ]
    with FeedFarm(items) as farm, Receiver() as receiver:
        config = write(
            tmp_path,
            outbound={"allow": ["127.0.0.0/8"]},
            feeds=farm.config("200ms"),
            route={"receiver": "desk"},
            receivers={
                "desk": {
                    "type": "webhook",
                    "url": receiver.url,
                    "secret": "${HOOK_SECRET}",
                }
            },
        )
        environ = {
            "HOOK_SECRET": SECRET,
            "WIREWATCH_DATA_DIR": str(tmp_path / "var"),
        }
        monitor = Process(["--config", str(config)], tmp_path, "monitor", environ)
        with running(monitor):
            farm.begin()
            wait_for(lambda: len(receiver.bodies) >= len(STORY["expected"]), 60, "all")
            wait_for(lambda: farm.done, 30, "the story to end")
            assert monitor.stop() == 0

    settings = load(config, environ=environ)
    backtest = Backtest(settings)
    expected: dict[str, bytes] = {}
    for entry in logged_entries(settings, BEGINNING):
        for change in backtest.take(entry):
            expected |= {
                each.id: each.body for each in pipeline.dispatch(change, settings.plan)
            }
    kinds = [json.loads(body)["wirewatch"]["change"] for body in expected.values()]

    assert {name: bodies[0] for name, bodies in receiver.bodies.items()} == expected
    assert sorted(kinds) == sorted(of["status"] for of in STORY["expected"])
