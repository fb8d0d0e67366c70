"""What the hostile corpus promises of each row in words, as checks.

Each check takes a reading and yields complaints. The words are the corpus's own, so a
row with new words needs a check here before the tests pass.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from html.parser import HTMLParser

from monitor import codec
from monitor.alerting.render import render
from monitor.feeds.diff import fresh
from monitor.feeds.mend import MAX_ENTRIES
from monitor.model import EntriesRecord, Entry, Span
from monitor.text import fold
from monitor.web.page import Page, Section
from monitor.web.page import render as render_page
from monitor.web.sources import Health
from tests.edges.feeds.hostile import Reading
from tests.factories import NOON, alert, change, entry, feed, match, receiver

Check = Callable[[Reading], Iterable[str]]

_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MENTION = re.compile(r"<[!@#][^>]*>")
_MASKED = re.compile(r"<(https?://[^|>]*)\|([^>]*)>")
_MEANT_IN_SLACK = str.maketrans("∗ˋ∼", "*`~")
_SECTION = 3_000
_LARGEST_ID = 1_100
_LARGEST_TITLE = 4_096


def complaints(reading: Reading) -> Iterator[str]:
    """Yield every way in which a reading breaks its row's promise."""
    expect = reading.row["expect"]
    yield from _outcome(reading)
    if reading.seconds > expect["max_seconds"]:
        yield f"took {reading.seconds:.1f} s of {expect['max_seconds']}"
    if reading.peak_mib > expect["max_rss_mib"]:
        yield f"took {reading.peak_mib:.0f} MiB of {expect['max_rss_mib']}"
    yield from _sound(reading)
    if (words := expect.get("invariant")) is not None:
        yield from CHECKS[words](reading)


def _outcome(reading: Reading) -> Iterator[str]:
    expect, found = reading.row["expect"], reading.feed
    if found is None:
        if expect["outcome"] == "parsed":
            yield f"refused: {reading.refusal}"
        elif not _names(reading.refusal, expect["reason"]):
            yield f"refused for another reason: {reading.refusal}"
        return
    count, most = len(found.entries), expect.get("items_max")
    if expect["outcome"] == "rejected":
        yield f"read, with {count} items"
    if count < expect["items_min"] or (most is not None and count > most):
        yield f"{count} items"
    left = expect.get("items_after_dedup")
    if left is not None and len(told(reading)) != left:
        yield f"{len(told(reading))} items after copies are told apart, not {left}"


def _names(refusal: str, reason: str) -> bool:
    """Return whether a refusal says what the corpus calls the reason."""
    words = {
        "not a feed": "not a feed",
        "empty": "an empty body",
        "bad JSON Feed": "JSON",
    }
    return words.get(reason, "") in refusal


def _sound(reading: Reading) -> Iterator[str]:
    """Check what every entry promises, whatever its feed."""
    entries = told(reading)
    record = EntriesRecord(feed="wire-a", entries=entries)
    if codec.decode(codec.encode(record), EntriesRecord) != record:
        yield "does not survive the log"
    for one in entries:
        for text in (one.id, one.title, one.summary, one.url, one.lang, one.source):
            if _UNWANTED.search(text):
                yield f"controls in {text[:80]!r}"
            if "root:x:" in text:
                yield "holds a local file"
        if one.url and not one.url.startswith(("http://", "https://")):
            yield f"links to {one.url[:80]!r}"
        if len(one.title.encode()) > _LARGEST_TITLE or len(one.id) > _LARGEST_ID:
            yield f"a title of {len(one.title)}, an id of {len(one.id)} characters"


def told(reading: Reading) -> tuple[Entry, ...]:
    """Return what a first poll that brought this feed would put in the log."""
    if reading.feed is None:
        return ()
    return fresh(feed(), reading.feed, {}, NOON).entries


def _nothing_more(_: Reading) -> Iterable[str]:
    """Hold for what is checked of every row: limits, clean text, no open, no call."""
    return ()


def _capped(reading: Reading) -> Iterator[str]:
    if reading.feed is not None and len(reading.feed.entries) > MAX_ENTRIES:
        yield f"{len(reading.feed.entries)} entries"


def _second_item(reading: Reading) -> Iterator[str]:
    if reading.feed is not None and len(reading.feed.entries) != 2:
        yield "the second item is lost"


def _no_script(reading: Reading) -> Iterator[str]:
    if "<script" in repr(reading.feed).lower():
        yield "holds a script"


def _no_story_lost(reading: Reading) -> Iterator[str]:
    titles = {one.title for one in told(reading)}
    if titles != {f"Different story {number}" for number in range(5)}:
        yield f"stories lost: {titles}"


def _good_item(reading: Reading) -> Iterator[str]:
    if "kept" not in {one.summary for one in told(reading)}:
        yield "the good item is lost"


def _event_time(reading: Reading) -> Iterator[str]:
    entries = told(reading)
    if {one.title for one in entries} != {"dated", "ok"}:
        yield "an item is lost"
    for one in entries:
        if one.fetched_at != NOON:
            yield f"fetched at {one.fetched_at}"
        at = one.published_at
        if at is not None and at > NOON + timedelta(minutes=5):
            yield f"published at {at}"


def _bodies(one: Entry) -> tuple[str, str, str]:
    """Return the entry's alert for a webhook, for Slack and for the console."""
    told_of = alert(match=match(entry=one, spans=_whole_title(one)))
    kinds = ("webhook", "slack", "console")
    bodies = [
        render(change(alert=told_of), receiver(kind=kind), "")[1].decode()
        for kind in kinds
    ]
    return bodies[0], bodies[1], bodies[2]


def _whole_title(one: Entry) -> tuple[Span, ...]:
    end = len(one.title)
    return (Span(field="title", start=0, end=end, quote=one.title),) if end else ()


def _slack(reading: Reading) -> Iterator[str]:
    for one in told(reading):
        body = json.loads(_bodies(one)[1])
        for text in _texts(body):
            if _MENTION.search(text):
                yield f"mentions somebody: {text[:80]!r}"
            if len(text) > _SECTION:
                yield f"a section of {len(text)} characters"
            for url, _ in _MASKED.findall(text):
                if html.unescape(url) != one.url:
                    yield f"a masked link to {url[:80]}"
            bare = _MASKED.sub("", text)
            if "<" in bare or re.search(r"&(?!amp;|lt;|gt;)", bare):
                yield f"not escaped: {bare[:80]!r}"


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return []


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.found += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(one: Entry) -> _Elements:
    shown = alert(match=match(entry=one, spans=_whole_title(one)))
    return _Elements(
        render_page(
            Page(
                health=Health(live=True, ready=True, checks={}),
                alerts=Section(rows=(shown,)),
                feeds=Section(),
                topics=Section(),
            )
        )
    )


def _page_as_text(reading: Reading) -> Iterator[str]:
    plain = _page(entry()).found
    for one in told(reading):
        if _page(one).found != plain:
            yield f"elements of the feed's own on the page: {one.title[:80]!r}"


def _verbatim(reading: Reading) -> Iterator[str]:
    for one in told(reading):
        webhook, slack, console = _bodies(one)
        if one.title not in " ".join(_strings(json.loads(webhook))):
            yield f"not verbatim for a webhook: {one.title[:80]!r}"
        # For Slack, what would format becomes a character that looks like it.
        shown = html.unescape(" ".join(_texts(json.loads(slack))))
        if one.title not in shown.translate(_MEANT_IN_SLACK):
            yield f"not verbatim for Slack: {one.title[:80]!r}"
        if one.title not in console:
            yield f"not verbatim on the console: {one.title[:80]!r}"
        if "49" in one.title or "49" in shown:
            yield "was evaluated"


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        return [text for part in parts for text in _strings(part)]  # type: ignore[attr-defined]
    return []


def _normalised(reading: Reading) -> Iterator[str]:
    for one in told(reading):
        folded = fold(one.title).text
        if not unicodedata.is_normalized("NFKC", folded):
            yield f"not normalised for matching: {folded[:80]!r}"


def _web_links(reading: Reading) -> Iterator[str]:
    for one in told(reading):
        outside = [link for link in _page(one).links if link[:1] not in ("#", "/")]
        if any(not link.startswith(("http://", "https://")) for link in outside):
            yield f"renders {outside}"


CHECKS: dict[str, Check] = {
    "no expansion; never >256 MiB": _nothing_more,
    'no "root:x:" in any field; no open() of the path': _nothing_more,
    "0 connections to 127.0.0.1:6399": _nothing_more,
    'no "root:x:"': _nothing_more,
    "no open() of /etc/passwd": _nothing_more,
    "returns; no open()": _nothing_more,
    "0 connections": _nothing_more,
    "title truncated to <= 4 KiB; second item kept, "
    "or whole body refused by byte cap": _second_item,
    "capped by bytes or by entries; other feeds keep their schedule": _capped,
    "no NUL in any stored/sent field": _nothing_more,
    "no C0 controls in logs or alerts": _nothing_more,
    'no "<script>" after decoding': _no_script,
    "no story lost: fall back to guid+link+title": _no_story_lost,
    "Kafka key bounded (hash)": _nothing_more,
    "event time clamped to [fetch-?, fetch+5 min]; neither window nor watermark moves "
    "into the future; item still processed": _event_time,
    "payload text escapes & < >; no mention; no masked link; "
    "<= 3000 chars per section": _slack,
    "UI renders as text; chromium: no dialog, no DOM element from the feed": (
        _page_as_text
    ),
    "appears verbatim in alert; 49 never appears": _verbatim,
    "bidi controls stripped or isolated in alert; "
    "normalised (NFKC) for matching": _normalised,
    "only http(s) links are rendered; never fetched by default": _web_links,
    "good item kept": _good_item,
    "no exception escapes": _nothing_more,
    "serialises to Kafka": _nothing_more,
}
