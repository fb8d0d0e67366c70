"""When a notification is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.delivery.retry import (
    MAX_RETRY_AFTER,
    SCHEDULE,
    next_wait,
)

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        pytest.param(1, 5 * SECOND, id="5 s"),
        pytest.param(2, 300 * SECOND, id="5 min"),
        pytest.param(3, HOUR / 2, id="30 min"),
        pytest.param(4, 2 * HOUR, id="2 h"),
        pytest.param(5, 5 * HOUR, id="5 h"),
        pytest.param(6, 10 * HOUR, id="10 h"),
        pytest.param(7, 14 * HOUR, id="14 h"),
        pytest.param(8, 20 * HOUR, id="20 h"),
        pytest.param(9, 24 * HOUR, id="24 h"),
        pytest.param(10, None, id="given up"),
        pytest.param(11, None, id="and stays given up"),
    ],
)
def test_the_schedule_is_kept(attempts: int, expected: timedelta | None) -> None:
    assert next_wait(attempts, 0.5) == expected


@given(attempts=st.integers(1, len(SCHEDULE) - 1), fraction=st.floats(0, 1))
def test_a_wait_is_spread_by_a_fifth_at_most(attempts: int, fraction: float) -> None:
    wait = next_wait(attempts, fraction)

    assert wait is not None
    assert SCHEDULE[attempts] * 0.8 <= wait <= SCHEDULE[attempts] * 1.2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(60 * SECOND, 60 * SECOND, id="longer than the schedule"),
        pytest.param(SECOND, 5 * SECOND, id="shorter than the schedule"),
        pytest.param(timedelta(days=365), MAX_RETRY_AFTER, id="absurdly long"),
    ],
)
def test_what_the_receiver_asks_for_is_never_undercut(
    asked: timedelta, expected: timedelta
) -> None:
    assert next_wait(1, 0.5, asked) == expected


def test_asking_to_wait_does_not_add_attempts() -> None:
    assert next_wait(10, 0.5, SECOND) is None
