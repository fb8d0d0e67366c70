"""Read news sitemaps, which sites keep for search engines and often instead of a feed.

The format is https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
on top of https://www.sitemaps.org/protocol.html. Pure. What has been read when the XML
breaks off is kept: one bad entry never loses the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from monitor.errors import NotAFeedError
from monitor.feeds.mend import MAX_ENTRIES
from monitor.feeds.raw import RawEntry, RawFeed, Text, timestamp_of_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = 2048
_ROOT = re.compile(rb"<(?:[\w.-]{1,40}:)?(urlset|sitemapindex)[\s>/]")
_NEWS = "http://www.google.com/schemas/sitemap-news/"
_WANTED = ("loc", "name", "language", "publication_date", "title")


def is_sitemap(body: bytes) -> bool:
    """Tell whether a body begins as a sitemap does, or a list of sitemaps."""
    return _ROOT.search(body[:_HEAD]) is not None


def read_sitemap(body: bytes) -> RawFeed:
    """Return the news of a sitemap.

    Raises:
        NotAFeedError: it holds no news.
    """
    reader = _Reader()
    broken = ""
    try:
        reader.read(body)
    except _EnoughError:
        pass
    except (expat.ExpatError, ValueError, LookupError) as error:
        broken = str(error)
    if reader.entries:
        first = reader.entries[0]
        return RawFeed(
            title=first.source, lang=first.lang, entries=tuple(reader.entries)
        )
    if reader.root == "sitemapindex":
        raise NotAFeedError("a list of sitemaps, not a feed; name its news sitemap")
    if broken:
        raise NotAFeedError(f"a broken sitemap ({broken}); it will be asked again")
    raise NotAFeedError("a sitemap without news, not a feed; name the news sitemap")


class _EnoughError(Exception):
    """Stop reading."""


class _Reader:
    def __init__(self) -> None:
        self.root = ""
        self.entries: list[RawEntry] = []
        self._fields: dict[str, str] = {}
        self._open = ""
        self._is_news = False

    def read(self, body: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # Only there can entities be declared that blow up.
        parser.StartDoctypeDeclHandler = self._doctype
        parser.Parse(body, True)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        del attributes  # sitemaps have none
        self.root = self.root or local
        if local == "url":
            self._fields, self._is_news = {}, False
        is_news = space.startswith(_NEWS)
        self._is_news = self._is_news or is_news
        is_wanted = local in _WANTED and is_news is (local != "loc")
        self._open = local if is_wanted and local not in self._fields else ""
        if self._open:
            self._fields[local] = ""

    def _end(self, name: str) -> None:
        self._open = ""
        if name.rpartition(" ")[2] != "url" or not self._is_news:
            return
        of = self._fields.get
        self.entries.append(
            RawEntry(
                link=of("loc", ""),
                title=Text(of("title", "")),
                lang=of("language", ""),
                source=Text(of("name", "")),
                published_at=timestamp_of_iso(of("publication_date", "")),
            )
        )
        if len(self.entries) >= MAX_ENTRIES:
            raise _EnoughError

    def _text(self, text: str) -> None:
        if self._open:
            self._fields[self._open] += text

    def _doctype(self, *_: object) -> None:
        raise ValueError("a DOCTYPE, which may hide anything")
