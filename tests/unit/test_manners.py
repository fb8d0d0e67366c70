from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.manners import (
    AHEAD,
    HOST_AT_ONCE,
    HOST_SPACING,
    LONGEST_QUEUE,
    NO_LIMIT,
    Manners,
    Turns,
    host_of,
    start_offset,
)
from tests.factories import NOON

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "fe80::1", "wiki"])
def test_a_host_of_ones_own_network_is_held_back_only_on_demand(host: str) -> None:
    assert Manners().spacing_of(host) == timedelta(0)
    assert Manners().at_once_of(host) == NO_LIMIT
    assert Manners(spacing=SECOND).spacing_of(host) == SECOND
    assert Manners(at_once=2).at_once_of(host) == 2


@pytest.mark.parametrize("host", ["news.example", "1.1.1.1", "2606:4700::1111"])
def test_a_public_host_is_held_back_unless_the_user_says_otherwise(host: str) -> None:
    assert Manners().spacing_of(host) == HOST_SPACING
    assert Manners().at_once_of(host) == HOST_AT_ONCE
    assert Manners(spacing=timedelta(0)).spacing_of(host) == timedelta(0)


def test_a_host_is_its_name_whatever_the_port() -> None:
    assert host_of("https://News.Example:8443/rss") == "news.example"
    assert host_of("http://[::1]:80/") == "::1"
    assert host_of("http://[broken/") == ""


def test_those_who_cannot_start_soon_are_put_off_each_to_its_place() -> None:
    turns = Turns()
    for number in range(6):
        turns.seat(f"feed-{number}", "a", NOON, SECOND, room=4)

    assert list(turns.starts) == ["feed-0", "feed-1"]
    assert list(turns.put_off) == ["feed-2", "feed-3", "feed-4", "feed-5"]
    assert min(turns.put_off.values()) > NOON + AHEAD
    assert len(set(turns.put_off.values())) == 4


def test_a_host_without_room_or_spacing_keeps_its_feeds_due() -> None:
    turns = Turns()

    assert not turns.seat("a", "host", NOON, SECOND, room=0)
    assert not turns.seat("a", "host", NOON, timedelta(0), room=0)
    assert turns.seat("b", "host", NOON, timedelta(0), room=1)
    assert turns.starts == {"b": NOON}
    assert turns.put_off == {}


def test_a_time_written_by_a_clock_that_ran_ahead_holds_nobody_up() -> None:
    later = NOON + timedelta(hours=9)
    turns = Turns(free_at={"a": later}, queued_until={"a": later})
    turns.seat("feed", "a", NOON, SECOND, room=1)

    assert turns.put_off["feed"] <= NOON + LONGEST_QUEUE


def test_a_host_that_asked_for_a_pause_is_left_alone_until_it_ends() -> None:
    def asked_at(pause: timedelta) -> bool:
        turns = Turns(held_until={"a": NOON + pause})
        return turns.seat("feed", "a", NOON, SECOND, room=1)

    assert not asked_at(timedelta(minutes=30))
    assert asked_at(timedelta(0))
    assert asked_at(-SECOND)
    assert asked_at(timedelta(days=2))  # written by a clock that ran ahead


@given(
    st.lists(st.timedeltas(timedelta(0), timedelta(seconds=5)), max_size=60),
    st.timedeltas(timedelta(milliseconds=1), timedelta(seconds=20)),
)
def test_no_two_starts_at_one_host_are_closer_than_its_spacing(
    pauses: list[timedelta], spacing: timedelta
) -> None:
    turns, now = Turns(), NOON
    for number, pause in enumerate(pauses):
        now += pause
        turns.seat(f"feed-{number}", "a", now, spacing, room=1)
    starts = sorted(turns.starts.values())
    gaps = [after - before for before, after in pairwise(starts)]

    assert all(gap >= spacing for gap in gaps)


@given(
    st.integers(1, 100_000), st.timedeltas(timedelta(seconds=0.1), timedelta(days=1))
)
def test_many_feeds_start_in_turn_and_within_their_interval(
    count: int, interval: timedelta
) -> None:
    places = sorted({0, 1, 49, 50, 51, count // 2, count - 1} & set(range(count)))
    offsets = [start_offset(place, count, interval) for place in places]

    assert offsets == sorted(offsets)
    assert offsets[0] == timedelta(0)
    assert all(offset < interval for offset in offsets)


def test_ten_thousand_feeds_start_over_a_quarter_of_an_hour() -> None:
    quarter = timedelta(minutes=15)
    offsets = [start_offset(place, 10_000, quarter) for place in range(10_000)]

    assert offsets[49] == timedelta(0)
    assert offsets[-1] > 0.99 * quarter
    assert max(b - a for a, b in pairwise(offsets[50:])) < SECOND
