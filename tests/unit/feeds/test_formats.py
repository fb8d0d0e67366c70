"""Every format, read from a feed of our own; what is expected stands beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import NotAFeedError
from monitor.feed_model import ParsedEntry
from monitor.feeds.parse import content_hash, parse_feed

FEEDS = Path(__file__).parents[2] / "data" / "feeds"


def parsed(**fields: Any) -> ParsedEntry:
    return ParsedEntry(**({"title": "", "summary": ""} | fields))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


EXPECTED: dict[str, tuple[str, str, tuple[ParsedEntry, ...]]] = {
    "rss20.xml": (
        "Harbour Wire",
        "en-gb",
        (
            parsed(
                id="harbour-2",
                title="Council votes on the & bridge",
                summary="The vote is on Friday. Mayor: “late”.",
                url="https://feeds.example/2026/bridge?a=1&b=2",
                lang="en-gb",
                published_at=at(3, 8, 30),
            ),
            parsed(
                id="https://harbour.example/2026/ferry",
                title="Ferry runs again",
                summary="After nine days.",
                url="https://harbour.example/2026/ferry",
                lang="en-gb",
                source="Dock News",
                source_url="https://dock.example/feed",
                published_at=at(2, 8),
            ),
        ),
    ),
    "rss091.xml": (
        "Old Wire",
        "en",
        (
            parsed(
                id="http://old.example/1",
                title="First",
                summary="One.",
                url="http://old.example/1",
                lang="en",
            ),
            parsed(
                id="http://old.example/2",
                title="Second",
                summary="Two.",
                url="http://old.example/2",
                lang="en",
            ),
        ),
    ),
    "rss092.xml": (
        "Later Wire",
        "",
        (
            parsed(
                id="sha256:" + content_hash("", "The minister spoke."),
                summary="The minister spoke.",
            ),
        ),
    ),
    "rdf10.xml": (
        "風の便り",
        "ja",
        (
            parsed(
                id="https://kaze.example/1",
                title="首相が会見",
                summary="午後に会見した。",
                url="https://kaze.example/1",
                lang="ja",
                published_at=at(3, 3),
            ),
        ),
    ),
    "rss090.xml": (
        "Oldest Wire",
        "",
        (
            parsed(
                id="http://oldest.example/1",
                title="Only a title",
                url="http://oldest.example/1",
            ),
        ),
    ),
    "atom10.xml": (
        "Hill & Dale",
        "en",
        (
            parsed(
                id="tag:hill.example,2026:2",
                title="Prices: 3 < 4, says <em> board",
                summary="One Two",
                url="https://hill.example/news/two",
                lang="en",
                published_at=at(3, 9),
            ),
            parsed(
                id="tag:hill.example,2026:1",
                title="山上的消息",
                summary="第一段 第二段",
                url="https://hill.example/news/one",
                lang="zh-Hant",
                source="Valley Post",
                source_url="https://valley.example/",
                published_at=at(1, 0),
            ),
        ),
    ),
    "atom03.xml": (
        "Ancien fil",
        "fr",
        (
            parsed(
                id="tag:ancien.example,2026:1",
                title="Un accord",
                summary="Les deux parties signent.",
                url="http://ancien.example/1",
                lang="fr",
                published_at=at(1, 8),
            ),
        ),
    ),
    "feed.json": (
        "Plain Data",
        "de",
        (
            parsed(
                id="7",
                title="Sieben",
                summary="Ein Bericht",
                url="https://feeds.example/seven",
                lang="de",
                published_at=at(1, 7),
            ),
            parsed(
                id="eight",
                summary="a < b",
                lang="de",
                published_at=at(2, 8),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_format_is_read_whole(name: str) -> None:
    title, lang, entries = EXPECTED[name]

    feed = parse_feed((FEEDS / name).read_bytes(), "https://feeds.example/all")

    assert (feed.title, feed.lang) == (title, lang)
    assert feed.entries == entries


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_a_json_feed_in_utf_16_is_read_by_its_mark(mark: str) -> None:
    text = (
        '\ufeff {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1",'
    )
    body = f'{text} "title": "海警 \U0001f6a2"}}]}}'.encode(mark)

    assert parse_feed(body).entries[0].title == "海警 \U0001f6a2"


def test_broken_json_in_utf_16_is_named_as_such() -> None:
    with pytest.raises(NotAFeedError, match="broken JSON"):
        parse_feed("{".encode("utf-16"))
