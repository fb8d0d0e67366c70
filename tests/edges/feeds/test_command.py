from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitor.feeds.command import ParsedFile, parse_files
from monitor.feeds.workers import ParseWorkers

FEEDS = Path(__file__).parents[2] / "data" / "feeds"


async def read(*paths: Path, url: str = "") -> list[ParsedFile]:
    workers = ParseWorkers(1)
    try:
        return [parsed async for parsed in parse_files(paths, url, workers)]
    finally:
        await workers.close()


async def test_a_file_gives_a_row_an_entry() -> None:
    path = FEEDS / "rss20.xml"

    (parsed,) = await read(path, url="https://feeds.example/")

    assert parsed.error == ""
    assert parsed.rows[0] == {
        "file": str(path),
        "id": "harbour-2",
        "url": "https://feeds.example/2026/bridge?a=1&b=2",
        "title": "Council votes on the & bridge",
        "summary": "The vote is on Friday. Mayor: “late”.",
        "published": datetime(2026, 3, 3, 8, 30, tzinfo=UTC),
        "lang": "en-gb",
        "source": "Harbour Wire",
    }
    assert parsed.rows[1]["source"] == "Dock News"


async def test_refused_files_are_named_in_their_place(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><body>Log in</body></html>")
    feeds = sorted(FEEDS.glob("*.xml"))

    parsed = await read(feeds[0], page, tmp_path / "absent", *feeds[1:], tmp_path)

    assert [one.file for one in parsed] == [
        str(path)
        for path in (feeds[0], page, tmp_path / "absent", *feeds[1:], tmp_path)
    ]
    assert [one.error for one in parsed if one.error] == [
        "an HTML page, not a feed; look on it for the feed's own address",
        "no such file or directory; check the path",
        "is a directory; check the path",
    ]
    assert all(bool(one.rows) != bool(one.error) for one in parsed)
