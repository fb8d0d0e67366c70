"""Feeds of other projects' test suites, which lie beside the clone and stay there."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import NotAFeedError
from monitor.feeds.workers import ParseWorkers

pytestmark = pytest.mark.shared


def rows(shared: Path, origin: str) -> list[dict[str, Any]]:
    lines = (shared / "hostile" / "dev" / "index.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [row for row in found if f"/{origin}/" in row["file"]]


async def disagreement(
    shared: Path, row: dict[str, Any], workers: ParseWorkers
) -> str | None:
    """Return how a row's file is read otherwise than its index says, or None."""
    expect = row["expect"]
    body = (shared / "hostile" / row["file"]).read_bytes()
    begun = time.monotonic()
    try:
        feed = await workers.parse(body, "https://feeds.example/feed")
    except NotAFeedError as error:
        outcome, fits = f"refused: {error}", expect["outcome"] != "parsed"
    else:
        count, most = len(feed.entries), expect.get("items_max")
        outcome = f"{count} items"
        fits = expect["outcome"] != "rejected" and expect["items_min"] <= count
        fits = fits and (most is None or count <= most)
    took = time.monotonic() - begun
    if fits and took <= expect["max_seconds"]:
        return None
    return f"{row['file']}: {outcome} in {took:.1f} s; expected {expect}"


@pytest.mark.parametrize(("origin", "least"), [("thirdparty", 900), ("generated", 100)])
async def test_feeds_are_read_as_their_index_says(
    shared: Path, origin: str, least: int
) -> None:
    workers = ParseWorkers(1)
    found = [
        row
        for row in rows(shared, origin)
        if (shared / "hostile" / row["file"]).exists()
    ]
    try:
        async with asyncio.timeout(120):
            told = [await disagreement(shared, row, workers) for row in found]
    finally:
        await workers.close()

    assert len(found) > least
    assert [one for one in told if one] == []
