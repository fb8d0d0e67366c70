"""Feeds that a page names: proposals, never more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.discover import (
    MAX_FOUND,
    common_addresses,
    feeds_of_page,
    kind_of,
)

URL = "https://site.example/news/today.html"


def link(href: str, kind: str = "application/rss+xml", **more: str) -> str:
    rest = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<link rel="alternate" type="{kind}" href="{href}"{rest}>'


def found(page: str) -> list[str]:
    return [each.url for each in feeds_of_page(page.encode(), URL)]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/rss.xml", "https://site.example/rss.xml"),
        ("rss.xml", "https://site.example/news/rss.xml"),
        ("//cdn.example/f", "https://cdn.example/f"),
        ("http://other.example/f?a=1&amp;b=2", "http://other.example/f?a=1&b=2"),
    ],
)
def test_addresses_start_from_the_page(href: str, url: str) -> None:
    assert found(link(href)) == [url]


def test_a_base_moves_them() -> None:
    page = '<base href="https://cdn.example/x/">' + link("rss")

    assert found(page) == ["https://cdn.example/x/rss"]


@pytest.mark.parametrize(
    "page",
    [
        link("javascript:alert(1)"),
        link("file:///etc/passwd"),
        link("data:text/xml,<rss/>"),
        link("https://ines:pw@site.example/"),
        link("https://[::1/"),
        link("/page", "text/html"),
        link("/api/wp-json/x", "application/json"),
        '<link rel="stylesheet" type="application/rss+xml" href="/a">',
        "<!-- " + link("/a") + " -->",
        "<script>document.write('" + link("/a") + "')</script>",
    ],
)
def test_what_is_no_web_feed_is_not_proposed(page: str) -> None:
    assert found(page) == []


def test_kinds_titles_and_order_are_kept_and_each_address_comes_once() -> None:
    page = (
        link("/a", title="News &amp; <b>more</b>\u202e")
        + '<LINK REL="Alternate Home" TYPE="application/atom+xml; x=1" HREF="/b">'
        + link("/a", title="again")
        + link("/c", "application/feed+json")
    )
    each = feeds_of_page(page.encode(), URL)

    assert [(one.url[-1], one.kind) for one in each] == [
        ("a", "RSS"),
        ("b", "Atom"),
        ("c", "JSON Feed"),
    ]
    assert each[0].title == "News & <b>more</b>"


def test_a_page_in_another_encoding_is_read() -> None:
    page = '<meta charset="shift_jis">' + link("/a", title="朝日新聞")
    (each,) = feeds_of_page(page.encode("shift_jis"), URL)

    assert each.title == "朝日新聞"


def test_a_page_of_ten_thousand_links_proposes_some() -> None:
    assert len(found("".join(link(f"/{n}") for n in range(10_000)))) == MAX_FOUND


@given(st.binary(max_size=500), st.text(max_size=40))
def test_any_page_gives_proposals_that_are_web_addresses(
    body: bytes, content_type: str
) -> None:
    for each in feeds_of_page(body + link("/a").encode(), URL, content_type):
        assert each.url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<?xml version='1.0'?><rss version='2.0'>", "RSS"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'>", "Atom"),
        (b"<rdf:RDF xmlns:rdf='x'>", "RDF"),
        (b'\xef\xbb\xbf{"version": "https://jsonfeed.org"}', "JSON Feed"),
        ("<rss version='2.0'>".encode("utf-16"), "RSS"),
        ('{"version": "https://jsonfeed.org"}'.encode("utf-16"), "JSON Feed"),
        (b"<x/>", "XML"),
    ],
)
def test_a_format_is_told_by_its_first_tag(body: bytes, kind: str) -> None:
    assert kind_of(body) == kind


def test_the_usual_places_are_those_of_the_site() -> None:
    assert "https://site.example/rss.xml" in common_addresses(URL)
