"""Read RSS 0.9x to 2.0, RDF, CDF and Atom, as feedparser understands them.

Pure, though not bounded: feedparser takes minutes over some bodies, so this runs in a
worker process that can be killed. Its sanitiser and its rewriting of addresses inside
markup stay off, since every field becomes plain text.
"""

from __future__ import annotations

import calendar
import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import feedparser
import feedparser.mixin

from monitor.errors import NotAFeedError
from monitor.feeds.mend import mended, mended_type, with_ampersands_escaped
from monitor.feeds.raw import RawEntry, RawFeed, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSED = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_ROOT = re.compile(rb"<([A-Za-z_][\w:.-]{0,40})")
_HTML = re.compile(rb"<html[\s>]", re.IGNORECASE)
_HTML_DOCTYPE = re.compile(rb"<!doctype\s+html", re.IGNORECASE)
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HEAD = 2048
_CONTROLS_IN_TEXT = 0.1


def _pass_over(*_: object) -> None:
    """Do nothing."""


# Nobody here reads authors, and feedparser's search for an address in one of 100 kB
# takes minutes.
feedparser.mixin._FeedParserMixin._sync_author_detail = _pass_over


def read_xml_feed(body: bytes, content_type: str = "") -> RawFeed:
    """Return what an XML feed says, broken or not.

    Raises:
        NotAFeedError: there is no feed in it.
    """
    body, content_type = mended(body), mended_type(content_type)
    found = _parsed(body, content_type)
    if found.get("bozo"):
        found = _repaired(body, content_type) or found
    entries, feed = found.get("entries", []), found.get("feed", {})
    if not entries:
        _refuse_non_feed(body, found)
    is_atom = str(found.get("version", "")).startswith("atom")
    return RawFeed(
        title=_text(feed, "title", guess=not is_atom),
        lang=_lang(feed),
        entries=tuple(_entry(entry, guess=not is_atom) for entry in entries),
    )


def _parsed(body: bytes, content_type: str) -> dict[str, Any]:
    headers = {"content-type": content_type} if content_type else {}
    try:
        # From a stream only: given bytes or text, feedparser opens paths and URLs.
        found: dict[str, Any] = feedparser.parse(
            io.BytesIO(body),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except MemoryError:
        raise
    except Exception as error:  # on bad input it lets many kinds escape
        raise NotAFeedError(
            f"the parser gave it up ({type(error).__name__}); check the address"
        ) from error
    return found


def _repaired(body: bytes, content_type: str) -> dict[str, Any] | None:
    """Return the feed with its bare ampersands escaped, if that makes it whole.

    It is the commonest mistake by far, and feedparser's lenient parser, which has to
    step in otherwise, reads "AT&T" as "AT&T;".
    """
    escaped = with_ampersands_escaped(body)
    if escaped == body:
        return None
    found = _parsed(escaped, content_type)
    return None if found.get("bozo") else found


def _refuse_non_feed(body: bytes, found: dict[str, Any]) -> None:
    """Accept an empty feed, and say what anything else is."""
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    version = found.get("version")
    if _HTML.search(head) or (not version and _HTML_DOCTYPE.search(head)):
        raise NotAFeedError(
            "an HTML page, not a feed; look on it for the feed's own address"
        )
    if version:
        if found.get("bozo") and b"\0" not in head and not _CLOSED.search(body):
            raise NotAFeedError(
                "XML that breaks off before the first entry; it will be asked again"
            )
        return
    if _is_binary(head):
        raise NotAFeedError("binary data, not a feed; check the address")
    root = _ROOT.search(head)
    if head.startswith(b"<") and root is not None:
        if root[1].lower() == b"channel":
            return  # CDF, of which feedparser takes no notice before its first item
        name = root[1].decode("ascii", "replace")
        raise NotAFeedError(f'XML with root "{name}", not a feed; check the address')
    raise NotAFeedError("plain text, not a feed; check the address")


def _is_binary(head: bytes) -> bool:
    controls = sum(byte < ord(" ") and byte not in b"\t\n\r\f" for byte in head)
    return controls > _CONTROLS_IN_TEXT * len(head)


def _entry(entry: dict[str, Any], *, guess: bool) -> RawEntry:
    source = _fields(entry, "source")
    content = next(_contents(entry), Text())
    return RawEntry(
        id=_string(entry, "id"),
        link=_link(entry),
        title=_text(entry, "title", guess=guess),
        summary=_text(entry, "summary", default=content),
        content=content,
        lang=_lang(entry),
        source=_text(source, "title", guess=True),
        # RSS has it in `url`, which feedparser calls "href"; Atom in a link.
        source_link=_string(source, "href") or _link(source),
        published_at=_published_at(entry),
    )


def _fields(entry: dict[str, Any], key: str) -> dict[str, Any]:
    value = dict.get(entry, key)
    return value if isinstance(value, dict) else {}


def _string(fields: dict[str, Any], key: str) -> str:
    """Return a field, passing by feedparser's aliases and their warnings."""
    value = dict.get(fields, key)
    return value if isinstance(value, str) else ""


def _text(
    fields: dict[str, Any],
    key: str,
    *,
    guess: bool = False,
    default: Text | None = None,
) -> Text:
    value = _string(fields, key)
    kind = _string(_fields(fields, f"{key}_detail"), "type")
    if not kind and default is not None and value == default.value:
        # feedparser copies a content into an absent summary, without its type.
        return default
    html = kind in _HTML_TYPES or (not kind and key == "summary")
    return Text(value, html=html, guess=guess)


def _contents(entry: dict[str, Any]) -> Iterator[Text]:
    for content in dict.get(entry, "content") or ():
        if value := _string(content, "value"):
            yield Text(value, html=_string(content, "type") in _HTML_TYPES)


def _link(entry: dict[str, Any]) -> str:
    if link := _string(entry, "link"):
        return link
    links = [link for link in dict.get(entry, "links") or () if _string(link, "href")]
    for wanted in ("alternate", "", "via", "related"):
        for link in links:
            if _string(link, "rel") == wanted:
                return _string(link, "href")
    return ""


def _lang(fields: dict[str, Any]) -> str:
    """Return the language of a feed or entry, its own or the one around it."""
    if lang := _string(fields, "language"):
        return lang
    for key in ("title_detail", "summary_detail", "subtitle_detail"):
        if lang := _string(_fields(fields, key), "language"):
            return lang
    return ""


def _published_at(entry: dict[str, Any]) -> datetime | None:
    for key in ("published_parsed", "updated_parsed", "created_parsed"):
        if (parsed := dict.get(entry, key)) is None:
            continue
        try:
            return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            continue
    return None
