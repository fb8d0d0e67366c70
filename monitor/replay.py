"""Serve a recorded story as live feeds, on loopback, at high speed.

A recording is a file of JSON Lines; each line is an item with the seconds after which
it appears (`after`), its feed, and what a feed says of it. Every poll sees the items
that have appeared so far, as RSS 2.0 or Atom 1.0 (feeds take turns), with validators.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from monitor.errors import WirewatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"
ITEMS = "items.jsonl"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a recording.

    Args:
        after: seconds from the start of the replay, 0 or more.
        feed: the id of the feed it appears in.
    """

    feed: str
    id: str
    title: str
    summary: str = ""
    url: str = ""
    lang: str = ""
    source: str = ""
    published: datetime | None = None
    after: float = 0.0


def read_items(path: Path) -> list[Item]:
    """Read a recording: a JSON Lines file, or a folder that holds `items.jsonl`.

    Raises:
        WirewatchError: the file is not there, or a line is no item.
    """
    file = path / ITEMS if path.is_dir() else path
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        reason = error.strerror or str(error)
        raise WirewatchError(f"{file}: {reason.lower()}; name a recording") from error
    items = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            items.append(msgspec.json.decode(line, type=Item))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise WirewatchError(f"{file}:{number}: {error}") from error
    if not items:
        raise WirewatchError(f"{file}: no items; a replay needs at least one")
    return sorted(items, key=lambda item: item.after)


def _clean(text: str) -> str:
    """Drop what XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""
    return _NOT_XML.sub("", text)


def _add(parent: ET.Element, tag: str, text: str) -> None:
    if text:
        ET.SubElement(parent, tag).text = _clean(text)


def rss(feed: str, items: Sequence[Item]) -> bytes:
    """Return the items as RSS 2.0, in the order given."""
    root = ET.Element("rss", {"version": "2.0"})
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", feed)
    _add(channel, "link", f"https://example.org/{feed}")
    _add(channel, "description", f"Replay of {feed}")
    for item in items:
        node = ET.SubElement(channel, "item", {f"{{{XML}}}lang": item.lang or "en"})
        ET.SubElement(node, "guid", {"isPermaLink": "false"}).text = _clean(item.id)
        _add(node, "title", item.title)
        _add(node, "link", item.url)
        # Plain text: markup characters are escaped twice, as RSS readers expect.
        _add(node, "description", _escaped(item.summary))
        if item.published:
            _add(node, "pubDate", format_datetime(item.published.astimezone(UTC)))
        if item.source:
            url = f"https://example.org/{feed}"
            ET.SubElement(node, "source", {"url": url}).text = _clean(item.source)
    return _bytes(root)


def _bytes(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def atom(feed: str, items: Sequence[Item]) -> bytes:
    """Return the items as Atom 1.0, in the order given."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _add(root, f"{{{ATOM}}}title", feed)
    _add(root, f"{{{ATOM}}}id", f"https://example.org/{feed}")
    for item in items:
        node = ET.SubElement(
            root, f"{{{ATOM}}}entry", {f"{{{XML}}}lang": item.lang or "en"}
        )
        _add(node, f"{{{ATOM}}}id", item.id)
        _add(node, f"{{{ATOM}}}title", item.title)
        _add(node, f"{{{ATOM}}}summary", item.summary)
        if item.url:
            ET.SubElement(node, f"{{{ATOM}}}link", {"href": _clean(item.url)})
        if item.published:
            stamp = item.published.astimezone(UTC).isoformat()
            _add(node, f"{{{ATOM}}}published", stamp)
            _add(node, f"{{{ATOM}}}updated", stamp)
        if item.source:
            source = ET.SubElement(node, f"{{{ATOM}}}source")
            _add(source, f"{{{ATOM}}}title", item.source)
    return _bytes(root)


class ReplayServer:
    """Serve a recording; what a feed shows depends on the seconds since the start.

    Args:
        elapsed: returns the seconds since the start of the replay.
        window: entries a feed shows at most, newest first, as publishers do.
    """

    def __init__(
        self, items: Sequence[Item], elapsed: Callable[[], float], window: int = 50
    ) -> None:
        self._elapsed = elapsed
        self._window = window
        self._by_feed: dict[str, list[Item]] = {}
        for item in items:
            self._by_feed.setdefault(item.feed, []).append(item)
        self._forms = {
            feed: (rss, atom)[number % 2]
            for number, feed in enumerate(sorted(self._by_feed))
        }
        self.app = Starlette(routes=[Route("/{feed}.xml", self._serve)])

    @property
    def feeds(self) -> Mapping[str, str]:
        """Return the feeds, each with its path on this server."""
        return {feed: f"/{feed}.xml" for feed in self._by_feed}

    @property
    def length(self) -> float:
        """Return the seconds until the last item has appeared."""
        return max(items[-1].after for items in self._by_feed.values())

    def shown(self, feed: str) -> list[Item]:
        """Return what the feed shows now, newest first; an edit replaces its item."""
        now = self._elapsed()
        latest = {i.id: i for i in self._by_feed.get(feed, []) if i.after <= now}
        items = sorted(latest.values(), key=lambda item: item.after, reverse=True)
        return items[: self._window]

    async def _serve(self, request: Request) -> Response:
        feed = request.path_params["feed"]
        if feed not in self._by_feed:
            return Response("no such feed", status_code=404)
        body = self._forms[feed](feed, self.shown(feed))
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(body, media_type="application/xml", headers={"etag": etag})
