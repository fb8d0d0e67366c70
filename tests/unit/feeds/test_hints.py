from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feed_model import NO_HINTS, FeedHints
from monitor.feeds.hints import read_hints, read_max_age
from monitor.feeds.parse import parse_feed

HOUR = timedelta(hours=1)


def rss(head: str) -> bytes:
    item = "<item><title>one</title><ttl>7</ttl></item>"
    return f'<rss version="2.0"><channel>{head}{item}</channel></rss>'.encode()


@pytest.mark.parametrize(
    ("head", "hints"),
    [
        pytest.param("<ttl> 60 </ttl>", FeedHints(ttl=HOUR), id="ttl"),
        pytest.param("<ttl>0</ttl>", NO_HINTS, id="a ttl of nothing"),
        pytest.param("<ttl>86400</ttl>", NO_HINTS, id="a ttl in seconds"),
        pytest.param("<ttl>soon</ttl>", NO_HINTS, id="a ttl in words"),
        pytest.param("<!-- <ttl>60</ttl> -->", NO_HINTS, id="a ttl in a comment"),
        pytest.param(
            "<skipHours><hour>3</hour><hour>24</hour><hour>31</hour></skipHours>",
            FeedHints(skip_hours=(0, 3)),
            id="hours, midnight as 24, and one that is none",
        ),
        pytest.param(
            "<skipDays><day>Sunday</day><day>MONDAY</day><day>Someday</day></skipDays>",
            FeedHints(skip_days=(0, 6)),
            id="days, and one that is none",
        ),
        pytest.param("<day>Sunday</day>", NO_HINTS, id="a day outside skipDays"),
        pytest.param(
            "<sy:updatePeriod>daily</sy:updatePeriod>"
            "<sy:updateFrequency>24</sy:updateFrequency>",
            FeedHints(ttl=HOUR),
            id="24 times a day",
        ),
        pytest.param(
            "<sy:updatePeriod>hourly</sy:updatePeriod>",
            FeedHints(ttl=HOUR),
            id="hourly",
        ),
        pytest.param("", NO_HINTS, id="nothing, though an item has a ttl"),
    ],
)
def test_a_feeds_head_tells_how_often_to_ask(head: str, hints: FeedHints) -> None:
    assert read_hints(rss(head)) == hints


def test_a_parsed_feed_carries_its_hints() -> None:
    parsed = parse_feed(rss("<title>T</title><ttl>60</ttl>"))

    assert parsed.hints == FeedHints(ttl=HOUR)


@given(st.binary(max_size=300))
def test_no_body_is_too_strange_for_hints(body: bytes) -> None:
    read_hints(body)
    read_hints(b"<rss><skipHours><hour>" + body)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": "max-age=600", "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "900"}, None),
        ({"cache-control": "max-age=0"}, None),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "max-age=" + "9" * 40}, 999_999_999),
        (
            {
                "date": "Tue, 13 Oct 2015 12:00:00 GMT",
                "expires": "Tue, 13 Oct 2015 12:05:00 GMT",
            },
            300,
        ),
        ({"date": "Tue, 13 Oct 2015 12:00:00 GMT", "expires": "0"}, None),
        ({}, None),
    ],
)
def test_an_answer_stays_fresh_as_long_as_it_says(
    headers: dict[str, str], seconds: int | None
) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)

    assert read_max_age(headers) == wanted
