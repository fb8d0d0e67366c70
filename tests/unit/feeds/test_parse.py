from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import NotAFeedError
from monitor.feeds.parse import MAX_SUMMARY, MAX_TITLE, parse_feed


def rss(*items: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<rss version="2.0"><channel><title>T</title>{head}'
        f"{''.join(items)}</channel></rss>"
    ).encode()


def item(title: str = "Title", guid: str = "", link: str = "", extra: str = "") -> str:
    identity = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    where = f"<link>{link}</link>" if link else ""
    return f"<item><title>{title}</title>{where}{identity}{extra}</item>"


def only(body: bytes, url: str = "https://feeds.example/all") -> str:
    return parse_feed(body, url).entries[0].title


# Characters


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a &#xD83D;&#xDE00; b", "a \U0001f600 b"),
        ("a &#55357;&#56832; b", "a \U0001f600 b"),
        ("a &#xD800; b", "a \ufffd b"),
        ("a &#xDE00;&#xD83D; b", "a \ufffd\ufffd b"),
        ("a &#x110000; b", "a \ufffd b"),
        (f"a &#{'9' * 5000}; b", "a \ufffd b"),
        ("a &#x1F600;&#65;&#x0042; b", "a \U0001f600AB b"),
        ("a &#0; b &#x1b; c", "a b c"),
    ],
)
def test_a_reference_to_no_character_does_not_lose_the_feed(
    written: str, read: str
) -> None:
    feed = parse_feed(rss(item("Whole", guid="1"), item(written, guid="2")))

    assert [entry.title for entry in feed.entries] == ["Whole", read]


# Identity


def test_a_guid_is_the_identity_then_the_link_then_the_text() -> None:
    feed = parse_feed(
        rss(item(guid="g", link="https://a.example/1"), item(link="/2"), item("Alone"))
    )

    ids = [entry.id for entry in feed.entries]
    assert ids[:2] == ["g", "/2"]
    assert ids[2].startswith("sha256:")


@pytest.mark.parametrize(
    ("link", "identity"),
    [
        ("https://a.example/1?utm_source=rss&id=7#p", "https://a.example/1?id=7#p"),
        ("https://A.Example:443/One?fbclid=z", "https://a.example/One"),
        ("https://a.example/1?id=7&id=8", "https://a.example/1?id=7&id=8"),
        ("/relative?at_medium=RSS", "/relative"),
        ("tag:a.example,2026:1?utm_source=x", "tag:a.example,2026:1?utm_source=x"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_a_link_that_serves_as_identity_has_no_tracking(
    link: str, identity: str
) -> None:
    (entry,) = parse_feed(rss(item(link=link.replace("&", "&amp;")))).entries

    assert entry.id == identity


def test_the_identity_does_not_depend_on_the_feeds_address() -> None:
    body = rss("<item><title>T</title><guid>relative/1</guid></item>")

    here = parse_feed(body, "http://one.example/feed").entries[0]
    there = parse_feed(body, "https://two.example/feed").entries[0]

    assert here.id == there.id == "relative/1"


def test_a_very_long_guid_becomes_a_hash() -> None:
    first, second = parse_feed(
        rss(item(guid="g" * 5000), item(guid="g" * 5001))
    ).entries

    assert len(first.id) < 100
    assert first.id != second.id


def test_different_entries_under_one_guid_are_told_apart_in_any_order() -> None:
    forth = parse_feed(rss(item("A", guid="dup"), item("B", guid="dup"))).entries
    back = parse_feed(rss(item("B", guid="dup"), item("A", guid="dup"))).entries

    assert len({entry.id for entry in forth}) == 2
    assert {e.id: e.title for e in forth} == {e.id: e.title for e in back}
    assert all(entry.id.startswith("dup#") for entry in forth)


def test_copies_under_one_guid_keep_it() -> None:
    feed = parse_feed(rss(item("A", guid="dup"), item("A", guid="dup")))

    assert [entry.id for entry in feed.entries] == ["dup", "dup"]


# Text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param("AT&amp;T", "AT&T", id="an escaped ampersand"),
        pytest.param("AT&T", "AT&T", id="a bare ampersand"),
        pytest.param("a &lt; b", "a < b", id="less than"),
        pytest.param("&lt;b&gt;bold&lt;/b&gt;", "bold", id="escaped tags of HTML"),
        pytest.param("<![CDATA[<i>x</i> y]]>", "x y", id="tags in CDATA"),
        pytest.param("Use &lt;foo&gt;", "Use <foo>", id="a tag that is none"),
        pytest.param(
            "&lt;script&gt;alert(1)&lt;/script&gt;x", "x", id="a script with its text"
        ),
        pytest.param("&amp;amp;", "&", id="entities escaped twice"),
        pytest.param("a\u202eb\u202cc", "abc", id="bidirectional overrides"),
        pytest.param("zero\u200bwidth", "zerowidth", id="invisible breaks"),
        pytest.param(" a \n\t b ", "a b", id="white space"),
    ],
)
def test_titles_become_plain_text(markup: str, text: str) -> None:
    assert only(rss(item(markup))) == text


def test_controls_in_a_broken_feed_do_not_survive() -> None:
    body = rss(item("XX")).replace(b"XX", b"a\x00b\x07c\x1b[31md")

    assert only(body) == "abc[31md"


def test_long_fields_are_cut_and_the_rest_of_the_feed_kept() -> None:
    long = f"<description>{'word ' * 100_000}</description>"

    first, second = parse_feed(rss(item("A" * 100_000, extra=long), item("B"))).entries

    assert len(first.title) == MAX_TITLE
    assert MAX_SUMMARY - 10 < len(first.summary) <= MAX_SUMMARY
    assert second.title == "B"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("/1", "https://feeds.example/1"),
        ("//b.example/1", "https://b.example/1"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("data:text/html,x", ""),
        ("http://[", ""),
        ("https://a.example/" + "x" * 9000, ""),
    ],
)
def test_only_web_addresses_become_links(link: str, url: str) -> None:
    feed = parse_feed(rss(item(link=link)), "https://feeds.example/all")

    assert feed.entries[0].url == url


# Dates


@pytest.mark.parametrize(
    ("date", "published_at"),
    [
        (
            "Tue, 03 Mar 2026 10:30:00 +0900",
            datetime(2026, 3, 3, 1, 30, tzinfo=UTC),
        ),
        ("2026-03-03T10:30:00Z", datetime(2026, 3, 3, 10, 30, tzinfo=UTC)),
        ("not a date", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("9999-12-31T23:59:59Z", None),
        ("0000-00-00T00:00:00Z", None),
        ("9" * 10_000, None),
    ],
)
def test_dates_are_utc_or_left_out(date: str, published_at: datetime | None) -> None:
    feed = parse_feed(rss(item(extra=f"<pubDate>{date}</pubDate>")))

    assert feed.entries[0].published_at == published_at


# Feeds that are broken, empty, or none


def test_a_feed_cut_off_after_some_entries_gives_those() -> None:
    body = rss(*(item(f"Story {number}", guid=str(number)) for number in range(9)))

    feed = parse_feed(body[: len(body) // 2])

    assert feed.entries[0].title == "Story 0"
    assert 3 <= len(feed.entries) <= 6


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parse_feed(rss()).entries == ()


def test_an_encoding_named_only_in_the_header_is_used() -> None:
    body = b'<rss version="2.0"><channel><item><title>caf\xe9</title></item></channel></rss>'

    feed = parse_feed(body, "", "application/rss+xml; charset=iso-8859-1")

    assert feed.entries[0].title == "café"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "an empty body", id="nothing"),
        pytest.param(b" \n\t" * 99, "an empty body", id="white space"),
        pytest.param(
            b"<!doctype html><html><head><title>Log in</title></head></html>",
            "an HTML page",
            id="a login page",
        ),
        pytest.param(b"/etc/passwd", "plain text", id="a path"),
        pytest.param(b"http://127.0.0.1:6399/x", "plain text", id="an address"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 999, "binary data", id="an image"),
        pytest.param(b'{"items": {}}', "not a JSON Feed", id="other JSON"),
        pytest.param(b'{"items": [', "broken JSON", id="broken JSON"),
        pytest.param(b"[" * 200_000, "broken JSON", id="deep JSON"),
        pytest.param(b"<note><to>x</to></note>", 'root "note"', id="other XML"),
        pytest.param(
            b'<rss version="2.0"><channel><title>x</tit', "breaks off", id="cut off"
        ),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(NotAFeedError, match=reason):
        parse_feed(body)


def test_a_body_that_is_a_path_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(rss(item("Secret")))

    with pytest.raises(NotAFeedError, match="plain text"):
        parse_feed(str(tmp_path / "feed.xml").encode())


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_make_the_parser_raise_anything_else(noise: bytes) -> None:
    start = rss(item())[:120]

    for body in (noise, start + noise, noise + start):
        try:
            parse_feed(body)
        except NotAFeedError:
            continue


def test_an_entry_without_id_is_known_by_its_canonical_link() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title><entry>
    <title>Quay</title><link href="https://m.example/x?p=1"/>
    <link rel="canonical" href="https://example.org/quay?utm_source=feed"/>
    </entry></feed>"""

    (found,) = parse_feed(body).entries

    assert found.id == "https://example.org/quay"
    assert found.url == "https://m.example/x?p=1"
