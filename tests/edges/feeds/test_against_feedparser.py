"""feedparser's own suite of well-formed feeds, read by feedparser and by us."""

from __future__ import annotations

import calendar
import html
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.feed_model import ParsedEntry, ParsedFeed
from monitor.feeds.parse import parse_feed

ROOT = Path(__file__).parents[3]
SUITE = "hostile/dev/thirdparty/kurtmckee__feedparser/tests/wellformed"
HEADER = re.compile(
    r"^(?:Header:\s*)?(Content-\w+):\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE
)
MARKUP = re.compile(r"<!--.*?-->|<[^<>]*>", re.DOTALL)
DOCUMENTED = re.compile(r"^\| `(\S+\.xml)` \| (\w+) \|", re.MULTILINE)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def letters(text: str) -> str:
    return "".join(re.findall(r"\w+", text))


def reduced(markup: str) -> str:
    """Return the letters of markup, by a way of its own."""
    return letters(html.unescape(MARKUP.sub(" ", markup)))


def read(path: Path) -> tuple[Any, ParsedFeed]:
    """Read a file as its suite would serve it, by feedparser and by us."""
    body = path.read_bytes()
    comment = body[:2000].decode("latin-1").partition("-->")[0]
    headers = {"content-location": "http://127.0.0.1:8097/"}
    headers |= {name.lower(): value for name, value in HEADER.findall(comment)}
    bare = feedparser.parse(io.BytesIO(body), response_headers=headers)
    url = headers["content-location"]
    return bare, parse_feed(body, url, headers.get("content-type", ""))


def differing(bare: Any, ours: ParsedFeed) -> Iterator[str]:
    """Yield the names of the fields that are not what feedparser gives."""
    if len(bare.entries) != len(ours.entries):
        yield "entries"
        return
    if letters(ours.title) != reduced(bare.feed.get("title", "")):
        yield "title of the feed"
    for theirs, own in zip(bare.entries, ours.entries, strict=True):
        yield from _differing_entry(theirs, own)


def _differing_entry(theirs: dict[str, Any], own: ParsedEntry) -> Iterator[str]:
    contents = dict.get(theirs, "content") or [{"value": ""}]
    summary = dict.get(theirs, "summary") or contents[0]["value"]
    if (identity := dict.get(theirs, "id")) and own.id != identity:
        yield "id"
    if letters(own.title) != reduced(dict.get(theirs, "title") or ""):
        yield "title"
    if letters(own.summary) != reduced(summary):
        yield "summary"
    if own.url != (dict.get(theirs, "link") or ""):
        yield "url"
    if own.published_at != _published(theirs):
        yield "published"
    source = dict.get(theirs, "source") or {}
    if letters(own.source) != reduced(source.get("title", "")):
        yield "source"


def _published(theirs: dict[str, Any]) -> datetime | None:
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        if parsed := dict.get(theirs, name):
            return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    return None


def test_no_field_differs_from_feedparsers_but_those_documented(shared: Path) -> None:
    suite = shared / SUITE
    paths = sorted(suite.rglob("*.xml"))
    found = {
        (str(path.relative_to(suite)), field)
        for path in paths
        for field in differing(*read(path))
    }
    documented = DOCUMENTED.findall((ROOT / "docs" / "feeds.md").read_text())

    assert len(paths) > 300
    assert found == set(documented)
