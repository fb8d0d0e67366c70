"""Work out what must be told, from the matches in the log, without the program's agents.

Which stories entries join depends on the order in which they come, and that order is
what stream `matches` holds. So the core in memory, shown the same records in the same
order, must tell the same, to the byte: whatever was killed, moved or delivered twice.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.codec import decode
from monitor.eventlog.open import open_log, sqlite_path
from monitor.eventlog.reader import SqliteReader
from monitor.memory import MemoryState
from monitor.model import Entry, MatchesRecord
from monitor.pipeline import assess, classify
from monitor.stories.clusterer import join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config import Settings
    from monitor.pipeline import Plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def told_by_the_core(log: str, prefix: str, plan: Plan) -> dict[str, bytes]:
    """Return the notifications that the matches in a log give rise to, by id."""
    state = MemoryState()
    for record in asyncio.run(_matches(log, prefix)):
        assess(record.matches, plan, state, record.revised)
    return {told.id: told.body for told in state.notifications.values()}


def matched_in(log: str, prefix: str = "") -> set[tuple[str, str]]:
    """Return the entries that the log holds matches of, each with the topic."""
    records = asyncio.run(_matches(log, prefix))
    return {(m.entry.id, m.topic) for record in records for m in record.matches}


async def _matches(url: str, prefix: str) -> list[MatchesRecord]:
    is_file = url.startswith("sqlite:")
    log = SqliteReader(sqlite_path(url)) if is_file else open_log(url, prefix=prefix)
    await log.start()
    found = []
    try:
        for partition, end in (await log.end_offsets("matches")).items():
            at = 0
            while at < end:
                records = await log.read("matches", partition, at, end - at)
                if not records:
                    break
                at = records[-1].offset + 1
                found += [decode(each.value, MatchesRecord) for each in records]
    finally:
        await log.stop()
    return found


def loners(rows: Sequence[dict[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """Return the rows that join no other in whatever order they come.

    For harnesses that must know the ids of all messages before anything runs.
    """
    kept = list(rows)
    dice = random.Random(3)
    while True:
        joined: set[str] = set()
        for _ in range(4):
            joined |= _joining(kept, settings)
            dice.shuffle(kept)
        if not joined:
            return sorted(kept, key=lambda row: str(row["id"]))
        kept = [row for row in kept if row["id"] not in joined]


def _joining(rows: Sequence[dict[str, Any]], settings: Settings) -> set[str]:
    """Return the ids of rows that share a story with another."""
    state = MemoryState()
    members: Counter[str] = Counter()
    story_of: list[tuple[str, str]] = []
    entries = [entry_of(row) for row in rows]
    for record in classify(entries, settings.index):
        for match in record.matches:
            sighting = join(match, state)
            assert sighting is not None
            members[sighting.story] += 1
            story_of.append((match.entry.id, sighting.story))
    return {each for each, story in story_of if members[story] > 1}


def entry_of(row: dict[str, Any]) -> Entry:
    """Return a row as the entry it becomes."""
    return Entry(
        feed="items",
        id=row["id"],
        title=row["title"],
        summary=row["summary"],
        url=row.get("url", ""),
        lang=row["lang"],
        source=row.get("source", ""),
        fetched_at=NOW,
    )
