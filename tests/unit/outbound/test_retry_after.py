from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.outbound.retry_after import read_retry_after
from tests.factories import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("120", 120 * SECOND, id="seconds"),
        pytest.param(" 0 ", timedelta(0), id="none"),
        pytest.param("Tue, 13 Oct 2015 13:00:00 GMT", HOUR, id="a date"),
        pytest.param("Tue, 13 Oct 2015 11:00:00 GMT", timedelta(0), id="a past date"),
        pytest.param("9" * 400, 999_999_999 * SECOND, id="too many digits"),
        pytest.param(f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", None, id="a far year"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="words"),
        pytest.param("-5", None, id="negative"),
        pytest.param("-1e9 soon", None, id="a number among words"),
        pytest.param("٣", None, id="digits of another script"),
    ],
)
def test_retry_after_is_read(value: str, expected: timedelta | None) -> None:
    assert read_retry_after(value, NOON) == expected


@given(
    value=st.text()
    | st.from_regex(
        r"Mon, [0-9]{1,30} Jan [0-9]{1,30} [0-9:]{1,30} [+-][0-9]{1,9}", fullmatch=True
    )
)
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    wait = read_retry_after(value, NOON)

    assert wait is None or wait >= timedelta(0)
