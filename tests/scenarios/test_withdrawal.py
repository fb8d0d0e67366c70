"""An entry that is taken back, from the publisher on loopback to log, page and API."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from monitor.codec import decode
from monitor.eventlog.open import open_log
from monitor.model import EntriesRecord
from tests.factories import NOON
from tests.scenarios.desk import Process, running, wait_for, write_config


def rss(*numbers: int) -> str:
    items = "".join(
        f"<item><guid>{number}</guid><title>Item {number}</title>"
        f"<pubDate>{format_datetime(NOON + timedelta(minutes=number))}</pubDate></item>"
        for number in numbers
    )
    return f'<rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'


async def read_log(url: str, prefix: str) -> list[EntriesRecord]:
    """Return every record of stream `entries`."""
    log = open_log(url, prefix=prefix)
    await log.start()
    try:
        return [
            decode(record.value, EntriesRecord)
            for partition, end in (await log.end_offsets("entries")).items()
            for record in await log.read("entries", partition, 0, end)
        ]
    finally:
        await log.stop()


def take_back(folder: Path, server: HTTPServer, log: str, prefix: str = "") -> None:
    """Have an entry taken back and put back; see that everybody is told."""
    whole, less = rss(*range(10, 0, -1)), rss(10, 9, 7, 6, 5, 4, 3, 2, 1)
    bodies = [whole]
    server.expect_request("/feed").respond_with_handler(lambda _: Response(bodies[-1]))
    config = write_config(
        folder / "alerts.yaml",
        outbound={"allow": ["127.0.0.0/8"], "host_spacing": "0s"},
        kafka={"prefix": prefix},
        feeds={"wire": {"url": server.url_for("/feed"), "interval": "300ms"}},
    )
    environ = {"WIREWATCH_LOG": log, "WIREWATCH_STATE": f"sqlite:///{folder}/state.db"}
    monitor = Process(["--config", str(config)], folder, environ=environ)

    def shown() -> list[str]:
        [feed] = monitor.get("/api/feeds").json()["feeds"]
        return [one["title"] for one in feed["withdrawn"]]

    def classified() -> float:
        return monitor.metric("wirewatch_records_processed_total", agent="classify")

    with running(monitor):
        wait_for(lambda: classified() == 1, 60, "the first body")
        bodies.append(less)
        wait_for(lambda: classified() == 2, 30, "what is missing")
        page = monitor.get("/").text
        told = shown()
        bodies.append(whole)
        wait_for(lambda: classified() == 3, 30, "what is back")

        assert told == ["Item 8"]
        assert "1 entry withdrawn?" in page
        assert shown() == []
        assert monitor.metric("wirewatch_feed_withdrawn_total", feed="wire") == 1
        assert monitor.stop() == 0

    first, gone, back = asyncio.run(read_log(log, prefix))
    assert len(first.entries) == 10
    assert gone.at
    assert back.at
    assert gone.at < back.at
    assert (gone.entries, gone.withdrawn, gone.returned) == ((), ("8",), ())
    assert (back.entries, back.withdrawn, back.returned) == ((), (), ("8",))


def test_an_entry_taken_back_is_told_embedded(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    take_back(tmp_path, httpserver, f"sqlite:///{tmp_path}/log.db")


@pytest.mark.kafka
def test_an_entry_taken_back_is_told_on_kafka(
    tmp_path: Path, httpserver: HTTPServer, kafka: str, kafka_prefix: str
) -> None:
    take_back(tmp_path, httpserver, f"kafka://{kafka}", kafka_prefix)
