from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.errors import NotAFeedError
from monitor.feeds.parse import parse_feed

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
"""


def url(number: int, title: str, date: str = "2015-10-13T09:00:00+09:00") -> str:
    return f"""<url><loc> https://wire.example/{number}?utm_source=map </loc>
    <news:news><news:publication><news:name>Wire A</news:name>
    <news:language>en</news:language></news:publication>
    <news:publication_date>{date}</news:publication_date>
    <news:title>{title}</news:title></news:news>
    <image:image><image:loc>https://wire.example/photo.jpg</image:loc>
    <image:title>A photo</image:title></image:image></url>"""


def test_the_news_of_a_sitemap_are_entries() -> None:
    body = HEAD + url(1, "Tokyo &amp; UNESCO") + url(2, "分担金停止", "2015-10-14")

    feed = parse_feed(f"{body}</urlset>".encode(), "https://wire.example/news.xml")

    one, other = feed.entries
    assert (feed.title, feed.lang) == ("Wire A", "en")
    assert (one.title, one.source, one.lang) == ("Tokyo & UNESCO", "Wire A", "en")
    assert one.url == "https://wire.example/1?utm_source=map"
    assert one.id == "https://wire.example/1", "without what only counts readers"
    assert one.published_at == datetime(2015, 10, 13, tzinfo=UTC)
    assert (other.title, other.published_at) == (
        "分担金停止",
        datetime(2015, 10, 14, tzinfo=UTC),
    )


def test_what_stands_before_the_break_is_kept() -> None:
    body = HEAD + url(1, "whole") + url(2, "AT&T")

    feed = parse_feed(body.encode())

    assert [entry.title for entry in feed.entries] == ["whole"]


def test_pages_that_are_no_news_are_passed_over() -> None:
    page = "<url><loc>https://wire.example/about</loc></url>"

    feed = parse_feed((HEAD + page + url(1, "news") + page + "</urlset>").encode())

    assert [entry.title for entry in feed.entries] == ["news"]


LIST = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://a.example/1</loc></sitemap></sitemapindex>"""
WITH_ENTITY = HEAD.replace("<urlset", '<!DOCTYPE urlset [<!ENTITY a "b">]><urlset')


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (HEAD + "<url><loc>https://a.example/</loc></url></urlset>", "without news"),
        (HEAD + "<url><loc>a &", "broken sitemap"),
        (LIST, "a list of sitemaps"),
        (f"{WITH_ENTITY}{url(1, '&a;')}</urlset>", "DOCTYPE"),
    ],
)
def test_what_is_no_news_says_what_it_is(body: str, reason: str) -> None:
    with pytest.raises(NotAFeedError, match=reason):
        parse_feed(body.encode())
