"""Read JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/).

Pure. A field of a wrong type counts as missing, and an item that is no object is left
out: one bad entry never loses the feed.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

from monitor.errors import NotAFeedError
from monitor.feeds.mend import MAX_ENTRIES
from monitor.feeds.raw import RawEntry, RawFeed, Text, timestamp_of_iso

_VERSION = re.compile(r"(?:https?://(?:www\.)?jsonfeed\.org/version/)?1(?:\.\d)?/?$")


def read_json_feed(body: bytes) -> RawFeed:
    """Return what a JSON Feed says.

    Raises:
        NotAFeedError: it is no JSON, or not a JSON Feed.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeedError("broken JSON, not a feed; check the address") from error
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str) or not _VERSION.match(version):
        raise NotAFeedError("JSON, but not a JSON Feed; check the address")
    items = document.get("items")
    if not isinstance(items, list):
        raise NotAFeedError('a JSON Feed without a list of "items"; tell the publisher')
    return RawFeed(
        title=Text(_string(document, "title")),
        lang=_string(document, "language"),
        entries=tuple(
            _entry(item) for item in items[:MAX_ENTRIES] if isinstance(item, dict)
        ),
    )


def opens_json_in_utf16(body: bytes) -> bool:
    """Say whether a body begins as JSON does, in UTF-16 and with its mark.

    JSON that travels is UTF-8 (RFC 8259, 8.1), but the reader tells the two apart.
    """
    if not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    return body[:64].decode("utf-16", "replace").lstrip()[:1] in ("{", "[")


def _entry(item: dict[str, Any]) -> RawEntry:
    plain, html = _string(item, "content_text"), _string(item, "content_html")
    content = Text(html, html=True) if html else Text(plain)
    return RawEntry(
        id=_string(item, "id"),
        link=_string(item, "url") or _string(item, "external_url"),
        title=Text(_string(item, "title")),
        summary=Text(_string(item, "summary")),
        content=content,
        lang=_string(item, "language"),
        published_at=timestamp_of_iso(_string(item, "date_published"))
        or timestamp_of_iso(_string(item, "date_modified")),
    )


def _string(fields: dict[str, Any], name: str) -> str:
    """Return a text field; ids were numbers in early feeds, and are read as text."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    if name == "id" and isinstance(value, int | float):
        return str(value)
    return ""
