"""What is mended in a body before the parser sees it, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.feeds.mend import MAX_ENTRIES, mended, mended_type
from monitor.feeds.parse import parse_feed

FEEDS = sorted((Path(__file__).parents[2] / "data" / "feeds").glob("*.xml"))


def rss(items: str, head: str = "") -> bytes:
    return (
        f'{head}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    ).encode()


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_a_sound_feed_stays_as_it_is(path: Path) -> None:
    body = path.read_bytes()

    assert mended(body).split() == body.split()


@pytest.mark.parametrize(
    "encoding",
    ["zlib_codec", "utf-7", "punycode", "undefined", "cp037", "utf-16", "utf-8\0", "é"],
)
def test_an_encoding_that_cannot_be_meant_does_not_lose_the_feed(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    (entry,) = parse_feed(rss("<item><title>Zürich</title></item>", head)).entries

    assert entry.title == "Zürich"


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("text/xml; charset=iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("text/xml; charset=unknown-8bit", "text/xml; charset=unknown-8bit"),
        ('application/xml; charset="utf-7"', "application/xml"),
        ("application/xml;charset=undefined;q=1", "application/xml"),
        ("", ""),
    ],
)
def test_a_header_keeps_its_charset_if_it_can_be_one(header: str, meant: str) -> None:
    assert mended_type(header) == meant


def test_no_more_entries_are_read_than_the_limit_and_the_first_ones_are() -> None:
    items = "".join(
        f"<item><title>{number}</title></item>" for number in range(MAX_ENTRIES + 50)
    )

    entries = parse_feed(rss(items)).entries

    assert [entry.title for entry in entries] == [str(n) for n in range(MAX_ENTRIES)]


@pytest.mark.parametrize(
    "items",
    ["<item/>" * (MAX_ENTRIES + 1), "<item>" * (MAX_ENTRIES + 1)],
    ids=["empty", "never closed"],
)
def test_the_limit_holds_for_entries_of_every_kind(items: str) -> None:
    assert len(parse_feed(rss(items)).entries) <= MAX_ENTRIES


@pytest.mark.parametrize("end", ["></item>", "/>"])
def test_a_tag_with_thousands_of_attributes_is_read_without_them(end: str) -> None:
    attributes = " ".join(f'a{number}="v"' for number in range(50_000))
    tag = f"<source {attributes}{end}".replace("item", "source")

    (entry,) = parse_feed(rss(f"<item><title>Kept</title>{tag}</item>")).entries

    assert entry.title == "Kept"


def test_an_author_of_any_length_takes_no_time() -> None:
    author = "a" * 100_000
    (entry,) = parse_feed(
        rss(f"<item><title>Kept</title><author>{author}</author></item>")
    ).entries

    assert entry.title == "Kept"


def test_a_declaration_without_end_takes_no_time() -> None:
    body = b'<?xml encoding="' * 50_000 + rss("<item><title>x</title></item>")

    assert mended(body).index(b"\n") == 1024
