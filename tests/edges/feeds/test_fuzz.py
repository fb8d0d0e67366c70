"""Broken and hostile bodies without number, through all that a parse worker does.

A short run belongs to every check; `make fuzz` goes on for WIREWATCH_FUZZ_SECONDS of
processor time, with other bodies each time.
"""

from __future__ import annotations

import json
import os
import random
import time
import unicodedata
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from monitor import codec
from monitor.feed_model import ParsedFeed
from monitor.feeds.diff import fingerprint, fresh, strangers
from monitor.feeds.frames import LENGTH_BYTES, Request, frame, reply_from, request_from
from monitor.feeds.worker_main import _feed
from monitor.model import EntriesRecord
from tests.factories import NOON, feed

SAMPLES = [
    path.read_bytes()
    for path in sorted((Path(__file__).parents[2] / "data" / "feeds").iterdir())
]
SECONDS = float(os.environ.get("WIREWATCH_FUZZ_SECONDS", "0"))
MAX_SECONDS_A_BODY = 5.0
UNWANTED = {"Cc", "Cs"}

ENCODINGS = (
    "utf-8", "utf-16", "utf-16le", "utf-32", "utf-7", "latin-1", "shift_jis", "gb2312",
    "big5", "cp037", "zlib_codec", "idna", "punycode", "undefined", "unicode_escape",
    "rot13", "", "x" * 500, "é", "utf-8\0",
)  # fmt: skip
NAMES = (
    "rss", "channel", "item", "feed", "entry", "title", "link", "guid", "id", "summary",
    "description", "content", "content:encoded", "pubDate", "updated", "author", "name",
    "dc:date", "dc:creator", "rdf:RDF", "source", "category", "enclosure", "media:group",
    "media:content", "itunes:author", "georss:point", "gml:Point", "gml:pos", "cloud",
    "textInput", "image", "url", "language", "ttl", "skipHours", "CHANNEL", "ITEM", "div",
    "script", "svg", "math", "psc:chapters", "psc:chapter", "generator", "created",
)  # fmt: skip
PIECES = (
    "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE rss [", "]>", '<!ENTITY a "b">',
    '<!ENTITY % p "x">', "%p;", "&a;", "&lt;", "&amp;amp;", "&nbsp;", "&#0;", "&#xD800;",
    "&#xDE00;", "&#99999999;", "&", "<", ">", "</", "/>", "<?", "?>", '"', "'", "=",
    "\0", "\x1b[31m", "\u202e", "\ufeff", "\u2028", "\ud800", "\U0001f600", "&lt;script&gt;",
    "&lt;a b=&quot;", "Mon, 06 Jul 2026 10:00:00 GMT", "2026-13-45T99:99:99+99:99", "0000",
    "9" * 400, "-1", "http://[", "//a/b", "javascript:alert(1)", "tag:a,2026:1", "../..",
    'xmlns="http://www.w3.org/2005/Atom"', 'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    'type="xhtml"', 'type="html"', 'type="image/png"', 'mode="base64"', 'xml:base="http://["',
    'xml:lang="x_y"', 'rel="alternate"', 'href="/x"', 'isPermaLink="false"', 'src="y"',
)  # fmt: skip

names = st.sampled_from(NAMES)
pieces = st.one_of(
    st.sampled_from(PIECES),
    st.text(max_size=12),
    names.map(lambda name: f"<{name}>"),
    names.map(lambda name: f"</{name}>"),
    st.tuples(names, st.sampled_from(PIECES)).map(
        lambda pair: f"<{pair[0]} {pair[1]}>"
    ),
    st.tuples(names, st.text(max_size=20)).map(
        lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"
    ),
)
heads = st.one_of(
    st.just(""),
    st.sampled_from(ENCODINGS).map(
        lambda name: f'<?xml version="1.0" encoding="{name}"?>'
    ),
)
starts = st.sampled_from(
    (
        '<rss version="2.0"><channel><item>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry>',
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns="http://purl.org/rss/1.0/"><item>'
        ),
        "<CHANNEL><ITEM>",
        "",
    )
)


def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "surrogatepass" if "utf" in encoding else "replace")


written = st.builds(
    lambda head, start, parts, encoding: encoded(
        head + start + "".join(parts), encoding
    ),
    heads,
    starts,
    st.lists(pieces, max_size=30),
    st.sampled_from(("utf-8", "utf-8", "utf-16", "utf-32", "latin-1", "cp037")),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a sound feed with cuts, copies and insertions."""
    body = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(body)))
        end = min(len(body), at + draw(st.integers(0, 200)))
        act = draw(st.sampled_from(("cut", "copy", "insert", "byte", "end")))
        if act == "cut":
            del body[at:end]
        elif act == "copy":
            body[at:at] = body[at:end] * draw(st.integers(1, 5))
        elif act == "insert":
            body[at:at] = draw(pieces).encode("utf-8", "surrogatepass")
        elif act == "byte":
            body[at:end] = draw(st.binary(max_size=4))
        else:
            del body[at:]
    return bytes(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ("id", "url", "external_url", "title", "content_html", "content_text",
             "summary", "date_published", "language", "authors", "items", "version")
        ),
        inner,
        max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip
json_feeds = st.builds(
    lambda items, more: json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "items": items} | more
    ).encode(),
    st.lists(json_values, max_size=4) | json_values,
    st.dictionaries(st.sampled_from(("title", "language", "items")), json_values),
)
bodies = st.one_of(written, damaged(), json_feeds, st.binary(max_size=200))
types = st.sampled_from(
    (
        "",
        "text/xml",
        "text/html; charset=x",
        "application/xml; charset=",
        "a;charset=idna",
        *tuple(f'application/rss+xml; charset="{name}"' for name in ENCODINGS[:-1]),
    )
)
addresses = st.sampled_from(
    ("", "https://feeds.example/a/", "http://[", "relative", "é:")
)


def parsed(body: bytes, url: str, content_type: str) -> ParsedFeed | None:
    """Return what the poller would get of a body from a worker."""
    request = frame(Request(body, url, content_type))
    begun = time.process_time()
    reply = frame(_feed(request_from(request[LENGTH_BYTES:])))
    assert time.process_time() - begun < MAX_SECONDS_A_BODY
    answer = reply_from(reply[LENGTH_BYTES:])
    assert (answer.feed is None) == bool(answer.refused)
    return answer.feed


def check(found: ParsedFeed) -> None:
    """Check what every entry promises to all who come after."""
    of = feed()
    entries = fresh(of, found, {}, NOON).entries
    record = EntriesRecord(feed=of.id, entries=entries)
    assert codec.decode(codec.encode(record), EntriesRecord) == record
    assert set(strangers(found, {})) <= {fingerprint(one) for one in found.entries}
    assert len({one.id for one in entries}) == len(entries)
    for one in entries:
        text = one.id + one.title + one.summary + one.url + one.lang + one.source
        assert not UNWANTED.intersection(map(unicodedata.category, text))
        assert one.url == "" or one.url.startswith(("http://", "https://"))
        assert one.title or one.summary


def run(examples: int, start: int | None = None) -> None:
    """Try some bodies; the same ones for the same start."""

    @settings(
        max_examples=examples,
        database=None,
        derandomize=start is None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies, addresses, types)
    def one(body: bytes, url: str, content_type: str) -> None:
        found = parsed(body, url, content_type)
        if found is not None:
            check(found)

    wrapped: Any = one if start is None else seed(start)(one)
    wrapped()


def test_no_body_makes_a_worker_raise_or_break_a_promise() -> None:
    run(examples=300)
    while time.process_time() < SECONDS:
        run(examples=1000, start=random.getrandbits(32))
