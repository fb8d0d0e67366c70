"""Silence, deafness, and how they are told apart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alerting.rules.absence import FeedNews, Freshness, in_words, watch
from monitor.memory import MemoryState
from tests.factories import NOON, rule

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WIRES = rule(kind="absence", topics=(), feeds=("wire-*",), within=2 * HOUR)


def look(state: MemoryState, first: int, last: int, *feeds: FeedNews) -> list[str]:
    """Look each minute and return what was found, endings in brackets."""
    found = []
    for minute in range(first, last + 1):
        known = Freshness(total=9, fresh=9, feeds=feeds)
        found += [
            f"({finding.reason})" if finding.ends else finding.reason
            for finding in watch(WIRES, NOON + minute * MINUTE, state, known)
        ]
    return found


def test_a_feed_that_brings_something_again_is_over() -> None:
    state = MemoryState()
    old = FeedNews(feed="wire-a", news_at=NOON, trouble="timed out")
    new = FeedNews(feed="wire-a", news_at=NOON + 125 * MINUTE)

    assert look(state, 0, 119, old) == []
    assert look(state, 120, 124, old) == [
        'Nothing new from feed "wire-a" for 2 h: timed out'
    ]
    assert look(state, 125, 130, new) == ["(works again)"]


def test_a_feed_that_is_no_longer_polled_is_no_longer_expected() -> None:
    state = MemoryState()
    old = FeedNews(feed="wire-a", news_at=NOON)
    look(state, 0, 124, old)

    assert look(state, 125, 126) == ["(no longer expected)"]
    assert look(state, 127, 128) == []


def test_a_feed_that_was_added_has_its_own_time() -> None:
    state = MemoryState()
    first = FeedNews(feed="wire-a", news_at=NOON + 198 * MINUTE)
    added = FeedNews(feed="wire-b", news_at=None)
    look(state, 0, 199, first)
    look(state, 200, 317, first, added)

    assert look(state, 318, 319, added) == []
    assert look(state, 320, 321, added) == [
        'Nothing new from feed "wire-b" for 2 h',
    ]


def test_other_feeds_are_not_asked_for() -> None:
    other = FeedNews(feed="other", news_at=None)

    assert look(MemoryState(), 0, 300, other) == []


@pytest.mark.parametrize(
    ("total", "fresh", "of_topics", "of_feeds"),
    [
        pytest.param(10, 5, True, True, id="half"),
        pytest.param(10, 4, False, False, id="less than half"),
        pytest.param(9, 4, False, True, id="half of the others"),
        pytest.param(1, 0, False, True, id="the only feed"),
        pytest.param(0, 0, False, True, id="no feed"),
        pytest.param(2, 1, True, True, id="one of two"),
    ],
)
def test_silence_means_something_while_enough_feeds_are_fresh(
    total: int, fresh: int, of_topics: bool, of_feeds: bool
) -> None:
    known = Freshness(total=total, fresh=fresh)

    assert known.is_enough(rule(kind="absence")) is of_topics
    assert known.is_enough(WIRES) is of_feeds


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (2 * HOUR, "2 h"),
        (90 * MINUTE, "90 min"),
        (timedelta(days=7), "7 d"),
        (timedelta(seconds=90.5), "90.5 s"),
    ],
)
def test_a_span_is_told_without_a_rest(span: timedelta, words: str) -> None:
    assert in_words(span) == words
