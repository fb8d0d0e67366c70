"""Items to feed a monitor, and what it must say of them."""

from __future__ import annotations

import json
import subprocess
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def expected_matches(
    config: Path, rows: Sequence[dict[str, Any]], folder: Path
) -> set[tuple[str, str, str]]:
    """Ask `wirewatch classify`; return item, topic and direction of each match."""
    items = folder / "items.jsonl"
    items.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    done = subprocess.run(
        [*WIREWATCH, "classify", "--config", str(config), str(items)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    return {
        (row["id"], topic["topic"], topic["direction"])
        for row in map(json.loads, done.stdout.splitlines())
        for topic in row["topics"]
    }
