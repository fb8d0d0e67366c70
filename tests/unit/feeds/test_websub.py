"""What a publisher offers, what a hub says, and when to ask again."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.websub import (
    LONGEST_BACKOFF,
    LONGEST_LEASE,
    Offer,
    backoff,
    find_offer,
    is_signed,
    read_intent,
    renewal_at,
    request_form,
    safety_interval,
)
from tests.factories import NOON

FEED = "https://news.example/feed"
HUB, TOPIC = "https://hub.example/", "https://news.example/all.xml"
FOUND = Offer(hubs=(HUB,), topic=TOPIC)
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
XML_LINKS = f'<link rel="hub" href="{HUB}"/><link rel="self" href="{TOPIC}"/>'


@pytest.mark.parametrize(
    "header",
    [
        f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"',
        f"<{TOPIC}>;rel=self,<{HUB}>;rel=hub",
        f'<{HUB}>; title="a, b; c"; rel="HUB", <{TOPIC}>; type="x"; rel="alternate self"',
        f'<https://other.example/>; rel="next", <{HUB}>; rel=hub, </all.xml>; rel="self"',
        f'<mailto:x@y>; rel="hub", <{HUB}>; rel="hub", <{TOPIC}>; rel="self"',
    ],
    ids=["plain", "bare", "quoted commas", "relative", "no web address"],
)
def test_link_headers_are_read(header: str) -> None:
    assert find_offer(b"", FEED, header) == FOUND


@pytest.mark.parametrize(
    "body",
    [
        f"<feed {ATOM}>{XML_LINKS}<entry/></feed>",
        (
            f'<?xml version="1.0"?><rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom">'
            f'<channel><link>https://news.example/</link><a:link rel="hub" href="{HUB}"/>'
            f'<a:link rel="self" href="{TOPIC}"/><item/></channel></rss>'
        ),
        (
            f"<!DOCTYPE html><html><head><link href='{HUB}' rel='hub'>"
            f"<LINK rel=self href={TOPIC}></head><body></body></html>"
        ),
        (
            f'{{"version": "https://jsonfeed.org/version/1.1", "feed_url": "{TOPIC}",'
            f'"hubs": [{{"type": "rssCloud", "url": "x"}}, {{"type": "WebSub", "url": "{HUB}"}}],'
            '"items": []}'
        ),
        f"<feed {ATOM}>{XML_LINKS}<entry>&nonsense;</feed>",
    ],
    ids=["Atom", "RSS", "HTML", "JSON Feed", "broken after its head"],
)
def test_links_in_a_body_are_read(body: str) -> None:
    assert find_offer(body.encode(), FEED) == FOUND


def test_headers_come_before_the_body() -> None:
    body = f"<feed {ATOM}>{XML_LINKS.replace('hub.example', 'other.example')}</feed>"
    header = f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"'

    assert find_offer(body.encode(), FEED, header) == FOUND


@pytest.mark.parametrize(
    "body",
    [
        f'<feed {ATOM}><link rel="hub" href="{HUB}"/></feed>',
        f'<feed {ATOM}><link rel="self" href="{TOPIC}"/></feed>',
        f"<feed {ATOM}><entry>{XML_LINKS}</entry></feed>",
        f'<!DOCTYPE f [<!ENTITY h "x">]><feed {ATOM}>{XML_LINKS}</feed>',
        (
            f'<feed {ATOM}><link rel="hub" href="javascript:x"/>'
            f'<link rel="self" href="{TOPIC}"/></feed>'
        ),
        '{"feed_url": 7, "hubs": {}}',
        "[" * 100_000,
        "",
    ],
    ids=[
        "no self",
        "no hub",
        "links of an entry",
        "own entities",
        "no web address",
        "wrong kinds",
        "brackets",
        "nothing",
    ],
)
def test_what_offers_no_hub_offers_none(body: str) -> None:
    assert find_offer(body.encode(), FEED) is None


@given(st.binary(max_size=300), st.text(max_size=200))
def test_any_body_and_header_is_read_without_an_exception(
    body: bytes, header: str
) -> None:
    for start in (b"", b"<feed>", b"<html><link ", b"{"):
        find_offer(start + body, FEED, header)


@pytest.mark.parametrize(
    "hostile",
    [
        ("<" * 8192, ""),
        ("<a>;" + "x=" * 4000, ""),
        ("", "<html>" + "<link " * 10_000),
        ("", "<html><link " + "a=" * 30_000),
        ("", "<html><link " + "a" * 60_000),
        ("", "<feed " + "a" * 60_000),
        ("", "<feed>" * 10_000),
    ],
    ids=["angles", "equals", "links", "attributes", "name", "xml name", "depth"],
)
def test_bodies_made_to_take_long_take_no_time(hostile: tuple[str, str]) -> None:
    header, body = hostile
    begun = time.process_time()
    find_offer(body.encode(), FEED, header)

    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_right_signature_is_accepted(method: str) -> None:
    digest = hmac.new(b"key", b"body", getattr(hashlib, method)).hexdigest()

    assert is_signed(b"body", f"{method}={digest}", "key")
    assert is_signed(b"body", f" {method.upper()}={digest.upper()}", "key")
    assert not is_signed(b"bodY", f"{method}={digest}", "key")
    assert not is_signed(b"body", f"{method}={digest}", "kez")
    assert not is_signed(b"body", f"{method}={digest[:-1]}", "key")


@pytest.mark.parametrize(
    "signature", ["", "sha256", "sha256=", "md5=00", "new=00", "sha1=\u00e9", "=", "=="]
)
def test_anything_else_is_no_signature(signature: str) -> None:
    assert not is_signed(b"body", signature, "key")


def test_an_intent_is_read_whatever_the_hub_sends() -> None:
    whole = read_intent(
        "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3Fb%26c"
        "&hub.challenge=x%2By&hub.lease_seconds=60"
    )
    odd = read_intent("hub.mode=subscribe&hub.lease_seconds=-1&&&=&hub.challenge")
    endless = read_intent("hub.lease_seconds=" + "9" * 12)

    assert (whole.topic, whole.challenge) == ("https://a.example/?b&c", "x+y")
    assert whole.lease == timedelta(minutes=1)
    assert (odd.topic, odd.challenge, odd.lease) == ("", "", None)
    assert endless.lease == LONGEST_LEASE
    assert read_intent("a=1&" * 100).mode == ""


def test_a_request_says_what_the_recommendation_asks_for() -> None:
    fields = {"callback": "https://us.example/x", "topic": TOPIC, "secret": "s"}
    subscribe = parse_qs(request_form("subscribe", **fields).decode())
    unsubscribe = parse_qs(request_form("unsubscribe", **fields).decode())

    assert subscribe == {
        "hub.callback": ["https://us.example/x"],
        "hub.mode": ["subscribe"],
        "hub.topic": [TOPIC],
        "hub.lease_seconds": ["864000"],
        "hub.secret": ["s"],
    }
    assert sorted(unsubscribe) == ["hub.callback", "hub.mode", "hub.topic"]


def test_times_lie_where_they_should() -> None:
    day = timedelta(days=1)
    minute = timedelta(minutes=1)

    assert renewal_at(NOON, day, 0) == NOON + timedelta(hours=18)
    assert renewal_at(NOON, day, 1) == NOON + timedelta(hours=21.6)
    assert renewal_at(NOON, timedelta(seconds=1), 0.5) == NOON + minute
    assert [backoff(n, 0.5) / minute for n in (0, 1, 2)] == [5, 10, 20]
    assert backoff(10**6, 0.5) == LONGEST_BACKOFF
    assert safety_interval(minute) == 12 * minute
    assert safety_interval(10 * minute) == 60 * minute
    assert safety_interval(day) == day
