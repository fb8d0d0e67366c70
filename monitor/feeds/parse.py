"""Turn a body into a feed's entries, as clean text with stable identities.

Pure: the same bytes give the same entries, whenever they are read. What a format says
is read in xmlfeed, jsonfeed and sitemap; what the entries mean is decided here.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec

from monitor.errors import NotAFeedError
from monitor.feed_model import ParsedEntry, ParsedFeed
from monitor.feeds.hints import read_hints
from monitor.feeds.jsonfeed import opens_json_in_utf16, read_json_feed
from monitor.feeds.links import canonical
from monitor.feeds.plain import clean, cut, looks_like_html, text_of_html
from monitor.feeds.sitemap import is_sitemap, read_sitemap
from monitor.feeds.xmlfeed import read_xml_feed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.feeds.raw import RawEntry, Text

MAX_TITLE = 1_000
MAX_SUMMARY = 20_000
MAX_ID = 1_000
MAX_URL = 4_000
MAX_NAME = 300

_RAW_FACTOR = 25
"""Characters of markup looked at for one character of text kept."""

_EARLIEST_YEAR, _LATEST_YEAR = 1990, 2100
_LANG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")


def parse_feed(body: bytes, url: str = "", content_type: str = "") -> ParsedFeed:
    """Return the feed that a body holds, broken or not.

    That is RSS, RDF, Atom, JSON Feed, or the news of a sitemap.

    Args:
        body: the bytes as published, after any content coding is undone.
        url: the address they came from, which relative links start from.
        content_type: the Content-Type header, which may name the encoding.

    Raises:
        NotAFeedError: there is no feed in the body; the message says what it is.
    """
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start and not body.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise NotAFeedError("an empty body, not a feed; it will be asked again")
    if start in b"{[" or opens_json_in_utf16(body):
        raw = read_json_feed(body)
    elif is_sitemap(body):
        raw = read_sitemap(body)
    else:
        raw = read_xml_feed(body, content_type)
    lang = _lang(raw.lang)
    entries = [_entry(entry, url, lang) for entry in raw.entries]
    return ParsedFeed(
        title=_plain(raw.title, MAX_NAME),
        lang=lang,
        hints=read_hints(body),
        entries=tuple(_told_apart(entries)),
    )


def content_hash(title: str, summary: str) -> str:
    """Return the SHA-256 of an entry's wording, in hex."""
    return hashlib.sha256(f"{title}\n{summary}".encode()).hexdigest()


def _entry(raw: RawEntry, url: str, lang: str) -> ParsedEntry:
    title = _plain(raw.title, MAX_TITLE)
    summary = _plain(raw.summary, MAX_SUMMARY) or _plain(raw.content, MAX_SUMMARY)
    return ParsedEntry(
        id=_identity(raw, title, summary),
        title=title,
        summary=summary,
        url=_address(raw.link, url),
        lang=_lang(raw.lang) or lang,
        source=_plain(raw.source, MAX_NAME),
        source_url=_address(raw.source_link, url),
        published_at=_sensible(raw.published_at),
    )


def _identity(raw: RawEntry, title: str, summary: str) -> str:
    """Return the guid, else the canonical link, else a hash of the text."""
    identity = clean(raw.id) or canonical(clean(raw.link))
    if not identity:
        return "sha256:" + content_hash(title, summary)
    return identity if len(identity) <= MAX_ID else _digest(identity)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _told_apart(entries: Sequence[ParsedEntry]) -> Iterable[ParsedEntry]:
    """Give different entries under one id ids of their own; leave copies as they are.

    All of them get one, the first too: which of them comes first changes from poll to
    poll, and an id must not wander between stories.
    """
    wordings = [content_hash(entry.title, entry.summary) for entry in entries]
    seen: dict[str, set[str]] = {}
    for entry, wording in zip(entries, wordings, strict=True):
        seen.setdefault(entry.id, set()).add(wording)
    for entry, wording in zip(entries, wordings, strict=True):
        yield entry if len(seen[entry.id]) == 1 else _renamed(entry, wording)


def _renamed(entry: ParsedEntry, wording: str) -> ParsedEntry:
    return msgspec.structs.replace(entry, id=f"{entry.id}#{wording[:12]}")


def _plain(text: Text, limit: int) -> str:
    value = text.value[: limit * _RAW_FACTOR]
    if text.html or (text.guess and looks_like_html(value)):
        return cut(text_of_html(value), limit)
    return cut(clean(value), limit)


def _address(link: str, base: str) -> str:
    """Return an absolute http or https address, or "" for anything else."""
    link = clean(link)
    if not link:
        return ""
    try:
        address = clean(urljoin(base, link))
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return address if usable and len(address) <= MAX_URL else ""


def _lang(tag: str) -> str:
    tag = tag.strip().replace("_", "-")
    return tag if _LANG.fullmatch(tag) else ""


def _sensible(at: datetime | None) -> datetime | None:
    """Leave out dates that no news has, such as a clock that was never set."""
    if at is None or not _EARLIEST_YEAR <= at.year <= _LATEST_YEAR:
        return None
    return at
