from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.schedule import next_poll
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
