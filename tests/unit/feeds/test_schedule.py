from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feed_model import FeedHints
from monitor.feeds.schedule import next_poll, rhythm
from tests.factories import NOON

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("chance", "delay"), [(0.0, 0.9 * MINUTE), (0.5, MINUTE), (1.0, 1.1 * MINUTE)]
)
def test_a_poll_moves_by_a_tenth_of_the_interval(
    chance: float, delay: timedelta
) -> None:
    assert next_poll(NOON, interval=MINUTE, chance=chance) == NOON + delay


def test_the_pause_doubles_with_every_failure_up_to_a_limit() -> None:
    pauses = [
        (next_poll(NOON, interval=MINUTE, failures=failures) - NOON) / MINUTE
        for failures in (1, 2, 3, 4, 5, 6, 100)
    ]

    assert pauses == [2, 4, 8, 16, 32, 32, 32]


def test_a_long_interval_is_not_stretched_beyond_itself() -> None:
    due = next_poll(NOON, interval=timedelta(hours=6), failures=9)

    assert due == NOON + timedelta(hours=6)


def test_the_publishers_word_beats_the_schedule_up_to_a_day() -> None:
    def due(pause: timedelta) -> timedelta:
        return next_poll(NOON, interval=MINUTE, failures=1, retry_after=pause) - NOON

    assert due(timedelta(seconds=5)) == 2 * MINUTE
    assert due(timedelta(minutes=30)) == timedelta(minutes=30)
    assert due(timedelta(days=365)) == timedelta(days=1)


@given(
    st.timedeltas(timedelta(seconds=0.2), timedelta(days=1)),
    st.integers(0, 10_000),
    st.floats(0, 1),
)
def test_the_next_poll_is_later_and_within_reach(
    interval: timedelta, failures: int, chance: float
) -> None:
    due = next_poll(NOON, interval=interval, failures=failures, chance=chance)

    assert interval * 0.89 <= due - NOON <= max(interval, timedelta(hours=1)) * 1.11


def test_a_fresh_answer_is_not_asked_for_again() -> None:
    def delay(age: timedelta, longest: timedelta | None = None) -> timedelta:
        due = next_poll(NOON, interval=MINUTE, longest=longest, max_age=age, chance=0.0)
        return due - NOON

    assert delay(timedelta(seconds=10)) == 0.9 * MINUTE
    assert delay(10 * MINUTE) == 10 * MINUTE
    assert delay(timedelta(days=1)) == timedelta(hours=1)
    assert delay(timedelta(days=1), timedelta(hours=3)) == timedelta(hours=3)
    assert delay(timedelta(days=1), MINUTE) == MINUTE


def test_a_feed_waits_for_the_end_of_the_hours_it_skips() -> None:
    def due(**hints: tuple[int, ...]) -> datetime:
        wish = FeedHints(
            skip_hours=hints.get("hours", ()), skip_days=hints.get("d", ())
        )
        return next_poll(NOON, interval=MINUTE, hints=wish, chance=0.0)

    assert due(hours=(12, 13)) == NOON.replace(hour=14)
    assert due(hours=(11, 13)) == NOON + 0.9 * MINUTE
    assert due(d=(NOON.weekday(),)) == NOON.replace(hour=0) + timedelta(days=1)
    assert due(hours=tuple(range(24))) == NOON + 0.9 * MINUTE  # cannot be meant
    assert due(d=(0, 1, 2, 3, 4, 5)) == NOON + timedelta(days=1)  # never longer


def test_a_quiet_feed_is_asked_less_often_where_the_user_allows_it() -> None:
    def delay(rhythm: timedelta, longest: timedelta | None) -> timedelta:
        hints = FeedHints(rhythm=rhythm)
        return next_poll(NOON, interval=MINUTE, longest=longest, hints=hints) - NOON

    hour = timedelta(hours=1)
    assert delay(hour, None) == MINUTE
    assert delay(hour, 2 * hour) == hour / 4
    assert delay(timedelta(days=9), 2 * hour) == 2 * hour
    assert delay(timedelta(seconds=1), 2 * hour) == MINUTE


def test_the_rhythm_is_the_usual_gap_or_the_silence_since() -> None:
    hours = [NOON - timedelta(hours=back) for back in (1, 2, 3, 4, 5, 40)]

    assert rhythm([*hours, None, NOON + MINUTE], NOON) == timedelta(hours=1)
    assert rhythm(hours, NOON + timedelta(days=1)) == timedelta(hours=25)
    assert rhythm(hours[:3], NOON) is None
    assert rhythm([], NOON) is None


@given(
    st.timedeltas(timedelta(seconds=0.2), timedelta(days=1)),
    st.none() | st.timedeltas(timedelta(seconds=0.2), timedelta(days=2)),
    st.builds(
        FeedHints,
        ttl=st.none() | st.timedeltas(timedelta(0), timedelta(days=7)),
        skip_hours=st.sets(st.integers(0, 23)).map(tuple),
        skip_days=st.sets(st.integers(0, 6)).map(tuple),
        rhythm=st.none() | st.timedeltas(timedelta(0), timedelta(days=900)),
    ),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=9_000)),
    st.floats(0, 1),
)
def test_no_hint_hurries_a_feed_or_silences_it(
    interval: timedelta,
    longest: timedelta | None,
    hints: FeedHints,
    max_age: timedelta | None,
    chance: float,
) -> None:
    due = next_poll(
        NOON,
        interval=interval,
        longest=longest,
        hints=hints,
        max_age=max_age,
        chance=chance,
    )
    most = max(interval, longest or timedelta(days=1))

    assert interval * 0.89 <= due - NOON <= most * 1.11
