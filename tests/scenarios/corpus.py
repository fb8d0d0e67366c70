"""Items to feed a monitor, and what it must say of them."""

from __future__ import annotations

import json
import subprocess
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.config import load
from monitor.memory import MemoryState
from monitor.model import Entry, Match
from monitor.pipeline import assess
from monitor.replay import Item
from tests.scenarios.desk import ROOT, WIREWATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def spread(rows: Sequence[dict[str, Any]], feeds: int, seconds: float) -> list[Item]:
    """Spread rows over feeds, appearing one after the other over some seconds."""
    by_feed: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        name = f"feed-{zlib.crc32(row['id'].encode()) % feeds:02d}"
        by_feed.setdefault(name, []).append(row)
    return [
        Item(
            feed=feed,
            id=row["id"],
            title=row["title"],
            summary=row["summary"],
            url=row.get("url", ""),
            lang=row.get("lang", ""),
            source=row.get("source", ""),
            after=seconds * number / len(members),
        )
        for feed, members in by_feed.items()
        for number, row in enumerate(members)
    ]


@dataclass(frozen=True)
class Expected:
    """What `wirewatch classify` and the rules say of some items.

    Args:
        matches: (item, topic, direction).
        stories: (rule, story) that `any` rules tell of.
        bursts: `frequency` rules that fire.
    """

    matches: set[tuple[str, str, str]]
    stories: set[tuple[str, str]]
    bursts: set[str]


def expect(config: Path, rows: Sequence[dict[str, Any]], folder: Path) -> Expected:
    """Ask `wirewatch classify`, then apply the rules in memory."""
    items = folder / "items.jsonl"
    items.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    done = subprocess.run(
        [*WIREWATCH, "classify", "--config", str(config), str(items)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    by_id = {row["id"]: row for row in rows}
    matches = [
        _match(by_id[row["id"]], topic)
        for row in map(json.loads, done.stdout.splitlines())
        for topic in row["topics"]
    ]
    plan = load(config, environ={}).plan
    kinds = {rule.name: rule.kind for rule in plan.rules}
    alerts = [told.alert for told in assess(matches, plan, MemoryState())]
    return Expected(
        matches={(m.entry.id, m.topic, m.direction) for m in matches},
        stories={(a.rule, a.story) for a in alerts if kinds[a.rule] == "any"},
        bursts={a.rule for a in alerts if kinds[a.rule] == "frequency"},
    )


def _match(row: dict[str, Any], topic: dict[str, Any]) -> Match:
    entry = Entry(
        feed="items",
        id=row["id"],
        title=row["title"],
        summary=row["summary"],
        fetched_at=NOW,
    )
    return Match(
        topic=topic["topic"],
        score=topic["score"],
        direction=topic["direction"],
        spans=(),
        entry=entry,
    )
