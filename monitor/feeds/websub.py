"""The rules of WebSub for a subscriber: what a publisher offers, what a hub may say.

Pure, after the W3C Recommendation of 23 January 2018 (https://www.w3.org/TR/websub/).
Who asks the hub, who answers it and what is remembered in between stands elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from xml.parsers import expat

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

Mode = Literal["subscribe", "unsubscribe"]

LEASE = timedelta(days=10)
"""What we ask for; the hub decides."""
LONGEST_LEASE = timedelta(days=30)
"""A hub that promises more is asked again after this, in case it forgot us."""
RENEW_SHARE = 0.75
RENEW_JITTER = 0.15
"""A lease is renewed when this share of it, and up to that much more, has passed."""
SHORTEST_PAUSE = timedelta(minutes=1)
"""Between two requests for one feed, however short the lease."""

VERIFY_WITHIN = timedelta(minutes=5)
"""What a hub gets to verify what we asked; its pause doubles with each failure."""
LONGEST_BACKOFF = timedelta(days=1)

SAFETY_FACTOR = 12
SAFETY_INTERVAL = timedelta(hours=1)
"""A feed whose pushes come is polled this many times more rarely, at least hourly."""

MAX_LINK_HEADER = 8_192
MAX_URL = 2_000
_HEAD_BYTES = 64 * 1024
_ATOM = "http://www.w3.org/2005/Atom"
_METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
_LINK = re.compile(r"<([^<>]{1,2000})>((?:[^,<\"]|\"[^\"]{0,500}\")*)")
_PARAMETER = re.compile(r";\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))")
_HTML_LINK = re.compile(r"<link\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE
)


class Offer(Struct, frozen=True, kw_only=True):
    """Where a publisher says that its feed can be subscribed to.

    Args:
        hubs: addresses of hubs, in the publisher's order; never empty.
        topic: the address by which the hubs know the feed.
    """

    hubs: tuple[str, ...]
    topic: str


class Intent(Struct, frozen=True, kw_only=True):
    """What a hub asks of the callback, or tells it, with a GET.

    Args:
        mode: "subscribe", "unsubscribe", "denied", or whatever else it sent.
        lease: how long it will push, if it said so properly.
    """

    mode: str
    topic: str
    challenge: str = ""
    lease: timedelta | None = None
    reason: str = ""


# What a publisher offers


def find_offer(body: bytes, url: str, link_header: str = "") -> Offer | None:
    """Return what an answer says of its hubs and its own address, or None.

    Link headers come before links in the body, as the Recommendation has it; both a
    hub and the topic's own address must be named by the one or the other together.

    Args:
        url: the address that answered, from which relative ones start.
    """
    for links in (_header_links(link_header), _body_links(body)):
        hubs: list[str] = []
        topic = ""
        for rel, target in links:
            address = _usable(urljoin_or_nothing(url, target))
            if address and rel == "hub" and address not in hubs:
                hubs.append(address)
            elif address and rel == "self":
                topic = topic or address
        if hubs and topic:
            return Offer(hubs=tuple(hubs[:5]), topic=topic)
    return None


def urljoin_or_nothing(base: str, target: str) -> str:
    """Return an absolute address, or "" for what is none."""
    try:
        return urljoin(base, target.strip())
    except ValueError:
        return ""


def _usable(address: str) -> str:
    """Return an address that may be asked, or ""."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    plain = address.isascii() and address.isprintable() and " " not in address
    return address if usable and plain and len(address) <= MAX_URL else ""


def _header_links(header: str) -> Iterator[tuple[str, str]]:
    """Yield (rel, target) of a Link header (RFC 8288); repeated ones are joined."""
    for target, parameters in _LINK.findall(header[:MAX_LINK_HEADER]):
        for name, quoted, bare in _PARAMETER.findall(parameters):
            if name.lower() == "rel":
                for rel in (quoted or bare).lower().split():
                    yield rel, target
                break  # only the first rel of a link counts (RFC 8288, 3.3)


def _body_links(body: bytes) -> Iterable[tuple[str, str]]:
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        return _json_links(body)
    head = body[:_HEAD_BYTES]
    if re.search(rb"<(?:!doctype\s+)?html[\s>]", head[:2048], re.IGNORECASE):
        return _html_links(head.decode("utf-8", "replace"))
    return _xml_links(head)


class _Hub(Struct, frozen=True):
    type: str = ""
    url: str = ""


class _JsonFeed(Struct, frozen=True):
    feed_url: str = ""
    hubs: list[_Hub] = []


def _json_links(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        feed = msgspec.json.decode(body, type=_JsonFeed)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return
    yield "self", feed.feed_url
    for hub in feed.hubs:
        if hub.type.lower() == "websub":
            yield "hub", hub.url


def _html_links(text: str) -> Iterator[tuple[str, str]]:
    for attributes in _HTML_LINK.findall(text.partition("<body")[0]):
        found = {
            name.lower(): unescape(one or two or three)
            for name, one, two, three in _ATTRIBUTE.findall(attributes)
        }
        for rel in found.get("rel", "").lower().split():
            yield rel, found.get("href", "")


class _EnoughError(Exception):
    """End the reading: the head of the feed is over, or it is not to be trusted."""


def _xml_links(head: bytes) -> list[tuple[str, str]]:
    """Return the Atom links before the first entry, as far as the XML is well formed."""
    links: list[tuple[str, str]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if local in ("item", "entry"):
            raise _EnoughError
        if local == "link" and (namespace == _ATOM or "href" in attributes):
            target = attributes.get("href", "")
            rels = attributes.get("rel", "").lower().split()
            links.extend((rel, target) for rel in rels)

    def entity(*_: object) -> None:
        raise _EnoughError  # a feed needs no entities of its own, an attack does

    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(head, False)
    except (_EnoughError, expat.ExpatError, ValueError, LookupError):
        return links
    return links


# What we ask of a hub


def request_form(mode: Mode, *, callback: str, topic: str, secret: str) -> bytes:
    """Return the body of a request to a hub (5.1), form-encoded."""
    fields = {"hub.callback": callback, "hub.mode": mode, "hub.topic": topic}
    if mode == "subscribe":
        fields["hub.lease_seconds"] = str(int(LEASE.total_seconds()))
        fields["hub.secret"] = secret
    return urlencode(fields).encode("ascii")


def backoff(failures: int, chance: float) -> timedelta:
    """Return how long a hub gets, or is left alone, after so many failures in a row."""
    pause = min(VERIFY_WITHIN * (1 << min(failures, 16)), LONGEST_BACKOFF)
    return pause * (0.9 + 0.2 * chance)


# What a hub says to the callback


def read_intent(query: str) -> Intent:
    """Return what the query of a GET to the callback says (5.2, 5.3)."""
    try:
        fields = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=50))
    except ValueError:
        fields = {}
    seconds = fields.get("hub.lease_seconds", "")
    lease = None
    if re.fullmatch(r"[0-9]{1,12}", seconds) and int(seconds):
        lease = timedelta(seconds=min(int(seconds), LONGEST_LEASE.total_seconds()))
    return Intent(
        mode=fields.get("hub.mode", ""),
        topic=fields.get("hub.topic", ""),
        challenge=fields.get("hub.challenge", ""),
        lease=lease,
        reason=fields.get("hub.reason", "")[:200],
    )


def renewal_at(now: datetime, lease: timedelta, chance: float) -> datetime:
    """Return when a lease that begins now is to be renewed."""
    share = RENEW_SHARE + RENEW_JITTER * chance
    return now + max(lease * share, SHORTEST_PAUSE)


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Say whether X-Hub-Signature proves that the body comes from who has the secret.

    The Recommendation (7.1) names sha1, sha256, sha384 and sha512.
    """
    method, _, given = signature.strip().partition("=")
    method = method.lower()
    if method not in _METHODS or not given.isascii():
        return False
    right = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(right, given.strip().lower())


def safety_interval(interval: timedelta) -> timedelta:
    """Return how often a feed is polled while its hub pushes: more rarely, never not."""
    return max(interval, min(interval * SAFETY_FACTOR, SAFETY_INTERVAL))
