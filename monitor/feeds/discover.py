"""Find the feeds that a page names, as a browser would.

Pure. What a page says is text, and an address that it gives is only a proposal: nothing
here asks for one.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from monitor.feeds.plain import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PAGE = 512 * 1024
"""Bytes of a page that are looked at; links to feeds stand in its head."""

MAX_FOUND = 50
MAX_URL = 4_000
MAX_TITLE = 300

COMMON_PATHS = (
    "/feed",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
)
"""Where feeds often are, on sites that do not say."""

_TYPES = {
    "application/rss+xml": "RSS",
    "application/atom+xml": "Atom",
    "application/rdf+xml": "RDF",
    "application/feed+json": "JSON Feed",
}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_ROOTS = (
    (re.compile(rb"<(?:\w+:)?rss[\s>]", re.IGNORECASE), "RSS"),
    (re.compile(rb"<(?:\w+:)?feed[\s>]", re.IGNORECASE), "Atom"),
    (re.compile(rb"<(?:\w+:)?rdf[\s>]", re.IGNORECASE), "RDF"),
    (re.compile(rb"<(?:\w+:)?channel[\s>]", re.IGNORECASE), "CDF"),
)
_HEAD = 4096


class Candidate(Struct, frozen=True, kw_only=True):
    """A feed that a page names.

    Args:
        title: what the page calls it, or "".
        kind: "RSS", "Atom", "RDF" or "JSON Feed".
    """

    url: str
    title: str = ""
    kind: str


def feeds_of_page(
    body: bytes, url: str, content_type: str = ""
) -> tuple[Candidate, ...]:
    """Return the feeds that a page names in its head, each once, in its order.

    Args:
        url: the page's address, which relative ones start from.
    """
    reader = _Reader(url)
    try:
        reader.feed(_text(body[:MAX_PAGE], content_type))
        reader.close()
    except AssertionError:
        pass  # the standard library's parser gives up on broken declarations
    return tuple(reader.found.values())


def common_addresses(url: str) -> Sequence[str]:
    """Return where the feed of a page's site may be, if the page does not say."""
    return [urljoin(url, path) for path in COMMON_PATHS]


def kind_of(body: bytes) -> str:
    """Return the format of a body that was read as a feed, as people call it."""
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    if head[:1] in (b"{", b"["):
        return "JSON Feed"
    text = head.replace(b"\0", b"")  # UTF-16, as far as its markup goes
    return next((kind for root, kind in _ROOTS if root.search(text)), "XML")


def _text(body: bytes, content_type: str) -> str:
    head = body[:2048].decode("ascii", "replace")
    named = _CHARSET.search(content_type) or _CHARSET.search(head)
    try:
        return body.decode(named[1] if named else "utf-8", "replace")
    except (LookupError, ValueError, UnicodeError):
        return body.decode("utf-8", "replace")


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, Candidate] = {}
        self._base = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "base" and values.get("href"):
            self._base = _address(self._base, values["href"]) or self._base
        if tag != "link" or len(self.found) >= MAX_FOUND:
            return
        kind = _TYPES.get(values.get("type", "").partition(";")[0].strip().lower())
        if kind is None or "alternate" not in values.get("rel", "").lower().split():
            return
        url = _address(self._base, values.get("href", ""))
        if url and url not in self.found:
            title = cut(clean(values.get("title", "")), MAX_TITLE)
            self.found[url] = Candidate(url=url, title=title, kind=kind)


def _address(base: str, link: str) -> str:
    """Return an absolute http or https address, or "" for anything else."""
    try:
        url = clean(urljoin(base, clean(link)))
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and "@" not in parts.netloc
    except ValueError:
        return ""
    return url if usable and " " not in url and len(url) <= MAX_URL else ""
