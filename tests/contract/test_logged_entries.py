"""A backtest reads either log alike, while its owner runs."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.backtest.log import logged_entries
from monitor.codec import encode
from monitor.config import load
from monitor.eventlog import Record
from monitor.model import EntriesRecord
from tests.factories import entry

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.eventlog import EventLog
    from tests.contract.harness import Place

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


async def test_entries_come_in_the_order_they_were_appended(
    place: Place, log: EventLog, tmp_path: Path
) -> None:
    for number in range(12):
        feed = f"wire-{number % 5}"
        record = EntriesRecord(feed=feed, entries=(entry(feed=feed, id=str(number)),))
        await log.append("entries", [Record(encode(record), feed.encode())])
        await asyncio.sleep(0.005)  # the log tells times to the millisecond
    await log.append("entries", [Record(b"{broken", b"wire-1")])
    file = tmp_path / "alerts.yaml"
    file.write_text(json.dumps({"log": place.url, "kafka": {"prefix": place.prefix}}))
    settings = load(file, environ={})

    found = await asyncio.to_thread(lambda: list(logged_entries(settings, LONG_AGO)))
    later = await asyncio.to_thread(lambda: list(logged_entries(settings, FAR_AHEAD)))

    assert [each.id for each in found] == [str(number) for number in range(12)]
    assert later == []
